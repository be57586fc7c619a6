"""What the till is told when somebody is identified, or nobody is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from v5_cloud.customers.repository import Pair
from v5_cloud.hooks.knowing import Knowing
from v5_cloud.hooks.views import facts_of, working_of
from v5_cloud.ledger.repository import LedgerRepository
from v5_cloud.programmes.service import Catalogue
from v5_cloud.tenants.service import StoreInfo
from v5_core.engine import alerts_for, unknown_customer
from v5_core.hooks import CustomerView, Message
from v5_core.words import Words

__all__ = ["Speaking"]

_RECENT: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Speaking:
    """The programmes' alerts and words at a store now."""

    programmes: Catalogue
    store: StoreInfo
    now: datetime

    @property
    def words(self) -> Words:
        """In the store's language, with what the programmes say in their own way."""
        voice = self.programmes.at(self.now).voice
        return voice.words(self.store.language, "", self.now, self.now.astimezone(self.store.zone).date())

    def greet(self, view: CustomerView, pair: Pair, ledger: LedgerRepository, knowing: Knowing, till: str) -> CustomerView:
        """The view with the alerts of whoever was identified. Programmes that say nothing cost no statement."""
        compiled = self.programmes.at(self.now)
        view = view.model_copy(update={"messages": (*view.messages, *self._endings(view))}) if view.memberships else view
        if not compiled.voice.greets:
            return view
        customer, account = pair
        facts = knowing.facts(facts_of(customer, working_of(ledger, [account], self.now), account.id, self.now))
        said = alerts_for(
            compiled, facts, at=self.now, zone=self.store.zone, store=self.store.code, till=till,
            language=self.store.language, currency=knowing.currency,
        )  # fmt: skip
        return view.model_copy(update={"messages": (*view.messages, *said)})

    def _endings(self, view: CustomerView) -> list[Message]:
        # A membership that ends soon, or ended not long ago: now is the moment to renew it.
        today, words = self.now.astimezone(self.store.zone).date(), self.words
        found = []
        for one in view.memberships:
            if one.until is None or one.state not in ("ending", "ended") or not today - _RECENT <= one.until:
                continue
            text = words.say(f"membership_{one.state}", club=one.title, day=words.day(one.until))
            found.append(Message(audience="cashier", severity="warning", text=text[:500]))
        return found

    def nobody(self) -> tuple[str, ...]:
        """Directives when nobody was found."""
        return unknown_customer(self.programmes.at(self.now), at=self.now, zone=self.store.zone, language=self.store.language)
