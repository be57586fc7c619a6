"""What this store can say by itself: who a customer is, what a basket gives, what a document does; all from the replica."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from v5_agent import member
from v5_agent.effects import Effects, Standing
from v5_agent.i18n import points_text, text
from v5_agent.outbox import Outbox
from v5_agent.own import Own
from v5_agent.replica import ReplicaStore, spellings
from v5_agent.returning import Returning, point_holds
from v5_agent.segmenting import Segmenting
from v5_agent.taken import Taken
from v5_core import receipts
from v5_core.engine import (
    Compiled,
    CustomerFacts,
    SaleState,
    Settlement,
    alerts_for,
    evaluate,
    next_reward,
    record_attributes,
    rewards_for,
    settle,
    unknown_customer,
)
from v5_core.hooks import (
    CustomerView,
    IdentifyResponse,
    Message,
    QuoteRequest,
    QuoteResponse,
    ReceiptLine,
    StoredUse,
    TierView,
)
from v5_core.model import Balance, CustomerRef, DocumentKind, SalesDocument
from v5_core.push import ReplicaCustomer
from v5_core.words import Words, words_of

__all__ = ["PROVISIONAL_CUSTOMER", "DocumentEffect", "Local"]

PROVISIONAL_CUSTOMER: Final = "enrol:"
_CARD_TYPES: Final = frozenset({"points"})


@dataclass(frozen=True, slots=True)
class DocumentEffect:
    """What a sale or a return does, as this store computes it."""

    customer: ReplicaCustomer | None
    settlement: Settlement
    taken: int = 0
    given: int = 0

    @property
    def net(self) -> int:
        """Change of the points that are not held: earned, or taken and given back."""
        return self.settlement.points_earned - self.taken + self.given


class Local:
    """Pure answers from local data; changes nothing."""

    def __init__(
        self, replica: ReplicaStore, outbox: Outbox, effects: Effects, clock: Callable[[], datetime], online: Callable[[], bool]
    ) -> None:
        self.replica = replica
        self._outbox = outbox
        self._effects = effects
        self._clock = clock
        self._online = online
        self.taken = Taken(outbox)
        self.own = Own(replica, self.taken, clock)
        self._segmenting = Segmenting(replica, outbox, effects, clock)
        self.returning = Returning(self, outbox, effects)

    @property
    def language(self) -> str:
        """The store's language."""
        return self.replica.facts.language

    def standing(self, one: ReplicaCustomer) -> Standing:
        """Points now."""
        return self._effects.standing(one, self._clock())

    def facts(self, one: ReplicaCustomer | None, at: datetime | None = None) -> CustomerFacts | None:
        """What the engine may know, at a moment (now)."""
        if one is None:
            return None
        standing, asked = self.standing(one), self.replica.facts.asked
        day = self.own.day(at or self._clock())
        return CustomerFacts(
            customer=one.customer,
            member_since=date.fromisoformat(one.member_since) if one.member_since else None,
            balance_available=max(0, standing.spendable),
            held=standing.balance.held,
            blocked=one.blocked,
            attributes=record_attributes(one),
            segments=frozenset(self._segmenting.of(one, day)),
            **member.facts(one, asked, day, self.own.counted(one) if one.memberships else {}),
        )

    # ── identify ───────────────────────────────────────────────────────────────────────────────────────────────────────────
    def find(self, key: str) -> list[ReplicaCustomer]:
        """Everybody a typed or scanned text may mean; exact numbers first, then parts, then names."""
        found: dict[str, ReplicaCustomer] = {}
        for kind in ("card", "tax", "phone"):
            for spelling in spellings(kind, key):
                found |= {one.customer: one for one in self.replica.by_key(kind, spelling)}
        digits = "".join(one for one in key if one.isdigit())
        if not found and len(digits) >= 4 and len(digits) >= len(key.replace(" ", "")) - 2:
            found = {one.customer: one for one in self.replica.by_digits(digits)}
        if not found and any(one.isalpha() for one in key):
            found = {one.customer: one for one in self.replica.by_name(key)}
        return [one for one in found.values() if not one.inactive]

    def identify(self, key: str, language: str = "", store: str = "") -> IdentifyResponse:
        """The answer of the hook."""
        found = self.find(key)
        views = tuple(self.view(one, language) for one in found[:10])
        one = views[0] if len(views) == 1 else None
        if one is not None:
            one = one.model_copy(update={"messages": (*one.messages, *self._alerts(found[0], language, store))})
        return IdentifyResponse(
            customer=one, candidates=() if one else views, provisional=not self._online(), directives=self._directives(language, found)
        )

    def _alerts(self, one: ReplicaCustomer, language: str, store: str) -> tuple[Message, ...]:
        """What the programmes say of a customer."""
        facts = self.replica.facts
        if facts.compiled is None or not facts.compiled.voice.greets:
            return ()
        who = self.facts(one)
        if who is None:
            return ()
        return alerts_for(facts.compiled, who, at=self._clock(), zone=facts.zone, store=store, language=language or self.language)

    def _directives(self, language: str, found: Sequence[ReplicaCustomer]) -> tuple[str, ...]:
        facts = self.replica.facts
        if found or facts.compiled is None:
            return facts.directives
        return (*facts.directives, *unknown_customer(facts.compiled, at=self._clock(), zone=facts.zone, language=language or self.language))

    def view(self, one: ReplicaCustomer, language: str = "") -> CustomerView:
        """What the till may see."""
        standing, facts, now = self.standing(one), self.replica.facts, self._clock()
        today = self.own.day(now)
        taken = self.taken.of(member.voucher_names(one), now) if one.vouchers else {}
        return CustomerView(
            customer=one.customer,
            name=one.name,
            cards=member.cards(one),
            balance=standing.balance,
            blocked=one.blocked,
            remark=one.remark,
            member_since=date.fromisoformat(one.member_since) if one.member_since else None,
            messages=self._messages(one, standing, language or self.language),
            tiers=member.tiers(one, facts.asked, today) if facts.asked.schemes else (),
            memberships=member.memberships(one, facts.asked, today, self.own.counted(one)) if one.memberships else (),
            segments=self._segmenting.of(one, today),
            vouchers=member.vouchers(one, taken, now, facts.zone),
        )

    def _messages(self, one: ReplicaCustomer, standing: Standing, language: str) -> tuple[Message, ...]:
        facts, now = self.replica.facts, self._clock()
        out: list[Message] = []

        def say(severity: str, key: str, **values: object) -> None:
            out.append(Message.model_validate({"audience": "cashier", "severity": severity, "text": text(language, key, **values)}))

        if one.blocked:
            say("alert", "alert.blocked")
        if one.cards and not one.blocked:
            say("info", "alert.card", points=points_text(standing.balance.available, language))
        if one.expiring > 0 and one.expiring_on:
            lapse = words_of(language).expiring(one.expiring, date.fromisoformat(one.expiring_on))
            out.append(Message(audience="cashier", severity="warning", text=lapse))
        if facts.compiled and not one.blocked:
            reached = [reward for reward in rewards_for(facts.compiled, standing.spendable, _CARD_TYPES, now) if reward.missing == 0]
            if reached:
                say("info", "alert.reward", title=reached[-1].title)
            ahead = next_reward(facts.compiled, standing.spendable, _CARD_TYPES, now)
            if ahead:
                say("info", "alert.next_reward", points=points_text(ahead.missing, language), title=ahead.title)
        if one.customer.startswith(PROVISIONAL_CUSTOMER):
            say("warning", "alert.enrolled_here")
        elif not one.phone:
            say("warning", "alert.no_phone")
        if not self._online() and facts.pulled_at:
            say("warning", "alert.offline", time=f"{facts.pulled_at.astimezone(facts.zone):%d/%m %H:%M}")
        return tuple(out)

    # ── baskets and documents ──────────────────────────────────────────────────────────────────────────────────────────────
    def quote(self, request: QuoteRequest) -> QuoteResponse:
        """What the basket gives."""
        facts = self.replica.facts
        if facts.compiled is None:
            total = sum(line.gross for line in request.lines)
            message = Message(audience="cashier", severity="warning", text=text(self.language, "alert.no_replica"))
            return QuoteResponse(total=total, messages=(message,), provisional=True)
        one = self.replica.resolve(request.customer)
        request, state = self.own.sale_state(request, one)
        who, local = self.facts(one, request.at), request.at.astimezone(facts.zone)
        answer = evaluate(facts.compiled, request, who, local_time=local, language=self.language, state=state)
        if self._online():
            return answer
        if one is not None and who is not None:
            # A hold keeps no more points than a store may give away by itself: nor does a quote promise more.
            room = max(0, facts.offline_points_limit - self.standing(one).offline)
            if max(answer.points_spent, answer.redeemable) > room:
                least = replace(who, balance_available=min(who.balance_available, room))
                kept = evaluate(facts.compiled, request, least, local_time=local, language=self.language, state=state)
                redeemable = {"redeemable": kept.redeemable, "redeemable_amount": kept.redeemable_amount}
                answer = kept if answer.points_spent > room else answer.model_copy(update=redeemable)
        return answer.model_copy(update={"provisional": True})

    def document(self, document: SalesDocument) -> DocumentEffect:
        """What a sale or a return does to its customer."""
        customer = self.replica.resolve(document.customer, document.source)
        if document.refs or any(line.reference for line in document.lines):
            return DocumentEffect(*self.returning.effect(document, customer))
        return DocumentEffect(customer, self._settle(document, customer))

    def _settle(self, document: SalesDocument, customer: ReplicaCustomer | None) -> Settlement:
        facts = self.replica.facts
        if facts.compiled is None:
            return Settlement()
        holds = point_holds(document)
        spent = self.own.spent(document, self._effects.held_points(holds))
        return self.settled(facts.compiled, document, customer, spent)

    def settled(
        self, compiled: Compiled, document: SalesDocument, customer: ReplicaCustomer | None, spent: int, *, used: bool = True
    ) -> Settlement:
        """What a document does; `used`: beside what else was used of limits and caps, as far as it is known here."""
        day = self.own.day(document.issued_at)
        state = SaleState()
        if used and self.replica.facts.asked.counted:
            codes = [one.code for one in document.applied if one.code]
            # Told again, or looked at once more for a return, it does not stand in its own way.
            counted = self.own.counted(customer, without=document.keys[0])
            state = SaleState(used=self.own.in_use(customer, day, counted, codes))
        who, zone = self.facts(customer, document.issued_at), self.replica.facts.zone
        return settle(compiled, document, who, zone=zone, points_spent=spent, language=self.language, state=state)

    def enrich(self, document: SalesDocument) -> SalesDocument:
        """A customer enrolled here gets the keys by which the cloud will know them."""
        known = self.reference(document.customer)
        return document if known is document.customer else document.model_copy(update={"customer": known})

    def reference(self, ref: CustomerRef) -> CustomerRef:
        """How the cloud knows whom a till names; our own name for somebody enrolled here is nothing to it."""
        if not (ref.customer and ref.customer.startswith(PROVISIONAL_CUSTOMER)):
            return ref
        one = self.replica.get(ref.customer)
        if one is None:
            return ref
        return CustomerRef(
            card=ref.card or (one.cards[0] if one.cards else None),
            tax_number=ref.tax_number or one.tax_number,
            phone=ref.phone or one.phone,
            name=one.name or None,
        )

    def moved(self, effect: DocumentEffect, document: SalesDocument) -> tuple[TierView, ...]:
        """Levels that a sale brings about."""
        asked, one = self.replica.facts.asked, effect.customer
        if one is None or one.blocked or not asked.schemes:
            return ()
        return member.moved(one, asked, self.own.day(document.issued_at), document.gross, effect.settlement.points_earned)

    def footer(
        self,
        effect: DocumentEffect,
        document: SalesDocument,
        balance: Balance | None,
        tiers: tuple[TierView, ...] = (),
        paid: tuple[StoredUse, ...] = (),
    ) -> tuple[ReceiptLine, ...]:
        """The loyalty lines of the receipt, as they are printed when the cloud's do not come in time."""
        more = receipts.after(self.words(document, document.currency) or words_of(self.language), paid, tiers) if paid or tiers else ()
        return (*self._points(effect, document, balance), *more)

    def _points(self, effect: DocumentEffect, document: SalesDocument, balance: Balance | None) -> tuple[ReceiptLine, ...]:
        facts = self.replica.facts
        if effect.customer is None or balance is None:
            saved, words = self._savings(document), self.words(document)
            return receipts.footer(language=self.language, name=facts.company, savings=saved, provisional=True, words=words)
        if effect.customer.blocked:
            return ()
        ahead = next_reward(facts.compiled, balance.available, _CARD_TYPES, document.issued_at) if facts.compiled else None
        return receipts.footer(
            language=self.language,
            name=facts.company,
            words=self.words(document),
            earned=max(0, effect.settlement.points_earned),
            spent=effect.settlement.points_spent,
            taken=effect.taken,
            given=effect.given,
            balance=balance,
            next_reward=ahead,
            provisional=True,
            qr=facts.receipt_url,
        )

    def words(self, document: SalesDocument, currency: str = "") -> Words | None:
        """The programmes' own words, where there are any."""
        facts, at = self.replica.facts, document.issued_at
        return facts.compiled.voice.words(self.language, currency, at, at.astimezone(facts.zone).date()) if facts.compiled else None

    def _savings(self, document: SalesDocument) -> int:
        if document.kind is not DocumentKind.SALE or not document.lines:
            return 0
        basket = QuoteRequest(store=document.store, at=document.issued_at, currency=document.currency, lines=document.lines)
        return self.quote(basket).savings_as_member
