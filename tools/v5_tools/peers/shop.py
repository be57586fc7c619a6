"""One case's shop: its company in the service, its customers, and the steps, one verb one call of the public API."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from v5_cloud.access.service import SCOPES, issue_key
from v5_cloud.kit.tenant import Scope
from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.segments.refreshing import refresh_due
from v5_cloud.tenants import setup
from v5_core.hooks import EnrolRequest
from v5_tools.peers import acts, basket, cases, hints
from v5_tools.peers.expectations import find
from v5_tools.peers.service import Exchange, RefusedError, Service

__all__ = ["World"]

_REFERENCE: Final = re.compile(r"\$\{([^}]+)\}")


@dataclass
class World:
    """One case's company: its stores, customers, key, and what was answered so far."""

    service: Service
    case: cases.Case
    watch: Callable[[Exchange], None] = lambda _: None
    scope: Scope = field(init=False)
    replies: dict[str, Any] = field(default_factory=dict)
    sales: dict[str, basket.Document] = field(default_factory=dict)
    known: dict[str, basket.Known] = field(default_factory=dict)
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    _key: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self) -> None:
        """Makes the company, publishes the programmes, brings in what is given."""
        given, held = self.case.given, self.service.held
        self.service.now = given.now
        tenant = setup.add_tenant(held, self.case.id[:120])
        company = setup.add_company(held, tenant, self.case.id[:120], currency=given.currency, country=given.country)
        self.scope = Scope(tenant, company)
        for store in given.stores:
            setup.add_store(held, self.scope, store.code, store.code, timezone=store.timezone, language=store.language)
        self._key = issue_key(held, self.scope, "peers", SCOPES)
        for programme in self.case.programmes:
            acts.publish(self, programme)
        for person in given.customers:
            self._arrive(person)
        for coupon in given.coupons:
            acts.issue_coupon(self, coupon)
        for stored in given.stored_value:
            acts.issue_stored(self, stored)

    def _arrive(self, person: cases.Customer) -> None:
        extra = {key: value if isinstance(value, bool) else str(value) for key, value in (person.model_extra or {}).items()}
        self.replies[person.id] = self._enrol(person.id, {"name": person.id, **extra})
        for club in person.clubs:
            acts.join(self, cases.Join(customer=person.id, club=club))
        if person.points:
            acts.adjust(self, cases.Adjust(customer=person.id, points=person.points, reason="opening balance"))

    # Calls

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """One call of the public API.

        Raises:
            RefusedError: It was answered with a problem.
        """
        headers = {"authorization": f"Bearer {self._key}"}
        if method == "PATCH":
            headers["if-match"] = "*"
        reply = self.service.client.request(method, path, json=body, params=dict(query or {}), headers=headers)
        answer = reply.json() if "json" in reply.headers.get("content-type", "") else reply.text
        self.watch(Exchange(method, path, body, reply.status_code, answer))
        if reply.status_code >= 400:
            raise RefusedError(reply.status_code, answer if isinstance(answer, dict) else {"detail": answer})
        return answer

    def hook(self, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A sale-time operation."""
        return dict(self.call("POST", f"/v1/hooks/{operation}", body))

    def request_id(self) -> str:
        """A new one."""
        return f"r-{next(self._numbers)}"

    # Steps

    def do(self, step: cases.Step) -> Any:
        """Does a step and gives its reply.

        Raises:
            RefusedError: The service refused it.
            LookupError: It refers to what there is not.
        """
        # Time goes on between two acts, as it does in a shop.
        self.service.now += timedelta(seconds=1)
        verb = step.verb
        body = self._resolved(step.body)
        name = step.as_ or f"{verb}{next(self._numbers)}"
        reply = getattr(self, f"_do_{verb}")(name, body)
        self.replies[name] = reply
        return reply

    def resolve(self, value: Any) -> Any:
        """The value with `${step.path}` replaced by what an earlier step answered."""
        if isinstance(value, dict):
            return {key: self.resolve(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(one) for one in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        whole = _REFERENCE.fullmatch(value)
        if whole:
            return self._reply(whole[1])
        return _REFERENCE.sub(lambda match: str(self._reply(match[1])), value)

    def _reply(self, path: str) -> Any:
        name, _, rest = path.partition(".")
        if name not in self.replies:
            raise LookupError(f"${{{path}}}: no step before is called {name!r}; there are {', '.join(self.replies) or 'none'}")
        found = find(self.replies[name], rest) if rest else self.replies[name]
        if found is None:
            raise LookupError(f"${{{path}}}: the reply of {name!r} holds nothing there")
        return found

    def _resolved(self, body: Any) -> Any:
        if isinstance(body, BaseModel):
            return type(body).model_validate(self.resolve(body.model_dump(exclude_unset=True)))
        return self.resolve(body)

    def customer(self, named: str | Mapping[str, str] | None) -> dict[str, str]:
        """A reference to a customer, as a till gives it."""
        if not isinstance(named, str):
            return dict(named or {})
        if named not in self.people:
            raise LookupError(f"no customer is called {named!r}; given: {{customers: [...]}} has {', '.join(self.people) or 'nobody'}")
        return {"card": self.people[named]["card"]}

    def customer_id(self, named: str) -> str:
        """V5's own id of a customer of the case."""
        self.customer(named)
        return self.people[named]["id"]

    def at_till(self, body: Any) -> dict[str, Any]:
        """Store, till, customer."""
        store = body.store or self.case.given.stores[0].code
        return {"store": store, "till": body.till, "customer": self.customer(body.customer)}

    def _do_quote(self, name: str, body: cases.Sale) -> dict[str, Any]:
        request = {
            **self.at_till(body),
            "at": self.service.now.isoformat(),
            "currency": body.currency or self.case.given.currency,
            "lines": basket.lines_of(body.basket),
            "points_to_use": basket.plain(body.points_to_use),
            "operator": body.operator,
            "codes": list(body.codes),
            "claims": [_claim(one) for one in body.claims],
            "stored_value": _accounts(body.stored_value),
            "payments": list(body.payments),
        }
        reply = self.hook("quote", request)
        self.known[name] = basket.Known(request, reply)
        return reply

    def _do_sell(self, name: str, body: cases.Sell) -> dict[str, Any]:
        made: dict[str, Any] = {"quote": self._do_quote(name, body)}
        known = self.known[name]
        if body.hold and (wanted := self._to_hold(known)):
            known.hold = made["hold"] = self._hold(wanted)
        document = self._document(name, body.number, known.request, basket.sold(known))
        made["document"] = document
        made["commit"] = self._commit(name, document)
        return made

    def _do_hold(self, name: str, body: cases.Hold) -> dict[str, Any]:
        if body.of:
            known = self._quoted(body.of)
            known.hold = self._hold(self._to_hold(known))
            return known.hold
        wanted = {
            "points": basket.plain(body.points),
            "stored_value": _accounts(body.stored_value),
            "codes": list(body.codes),
            "rules": list(body.rules),
            "ttl_seconds": body.ttl_seconds,
        }
        return self._hold({**wanted, **self.at_till(body)})

    def _to_hold(self, known: basket.Known) -> dict[str, Any]:
        """What a till reserves before it takes the money: points that are there, stored value, codes that were taken; {} is nothing."""
        quote, request = known.quote, known.request
        found: dict[str, Any] = {}
        points = Decimal(quote["points_spent"])
        if points > 0 and (card := request["customer"].get("card")):
            # Points that this very sale earns cannot be reserved before it; the rest is.
            balance = self.hook("identify", {"store": request["store"], "key": card})["customer"]["balance"]
            points = min(points, Decimal(balance["available"]))
        if points > 0:
            found["points"] = basket.plain(points)
        used = [{"code": one["code"], "amount": one["amount"]} for one in quote["stored_value"] if Decimal(one["amount"]) > 0]
        if used:
            found["stored_value"] = used
        given = {one["rule"] for one in (*quote["benefits"], *quote["gifts"])}
        coded = [one for one in basket.applied(known) if one["rule"] in given and "code" in one]
        if coded:
            found["applied"] = coded
        return found and found | {key: request[key] for key in ("store", "till", "customer")}

    def _hold(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        return self.hook("hold", {"request_id": self.request_id(), "at": self.service.now.isoformat(), **wanted})

    def _do_commit(self, name: str, body: cases.Commit) -> dict[str, Any]:
        if body.of:
            known = self._quoted(body.of)
            if body.hold:
                known.hold = self._reply(body.hold)
            request, content = known.request, basket.sold(known)
        else:
            request = {**self.at_till(body), "currency": self.case.given.currency, "operator": body.operator}
            lines = basket.lines_of(body.basket)
            content = {"lines": lines, **basket.totals(lines)}
        if body.payments:
            content["payments"] = list(body.payments)
        elif body.hold:
            content.setdefault("payments", [{"method": "points", "amount": "0.00", "hold": self._reply(f"{body.hold}.hold")}])
        return self._commit(name, self._document(name, body.number, request, content))

    def _commit(self, name: str, document: basket.Document) -> dict[str, Any]:
        self.sales[name] = document
        return self.hook("commit", {"request_id": self.request_id(), "document": document})

    def _document(
        self, name: str, number: str, request: Mapping[str, Any], content: Mapping[str, Any], kind: str = "sale"
    ) -> basket.Document:
        return {
            "source": "till",
            "source_id": number or f"{kind}-{name}",
            "origin": "hook",
            "kind": kind,
            **{key: request[key] for key in ("store", "till", "customer", "currency")},
            "operator": request.get("operator", ""),
            "issued_at": self.service.now.isoformat(),
            **content,
        }

    def _quoted(self, name: str) -> basket.Known:
        if name not in self.known:
            raise LookupError(
                f"of: no quote before is called {name!r}; quotes before: {', '.join(self.known) or 'none'} (`as` names a step)"
            )
        return self.known[name]

    def _sold(self, name: str) -> basket.Document:
        if name not in self.sales:
            raise LookupError(f"of: no sale before is called {name!r}; sales before: {', '.join(self.sales) or 'none'} (`as` names a step)")
        return self.sales[name]

    def _do_cancel(self, _: str, body: cases.Cancel) -> dict[str, Any]:
        what: dict[str, str] = {key: value for key, value in (("hold", body.hold), ("document", body.document)) if value}
        if body.of in self.sales:
            what["document"] = self.sales[body.of]["source_id"]
        elif body.of:
            hold = self.known[body.of].hold if body.of in self.known else self.replies.get(body.of, {})
            if "hold" not in hold:
                raise LookupError(f"of: no sale and no hold before is called {body.of!r}")
            what["hold"] = hold["hold"]
        store = body.store or self.case.given.stores[0].code
        moment = {"store": store, "at": self.service.now.isoformat()}
        return self.hook("cancel", {"request_id": self.request_id(), **moment, "reason": body.reason, **what})

    def _do_return(self, name: str, body: cases.Return) -> dict[str, Any]:
        request: dict[str, Any] = {**self.at_till(body), "currency": self.case.given.currency}
        if body.of:
            sale = self._sold(body.of)
            content = basket.credit_note(sale, body.lines)
            if body.customer is None:
                request["customer"] = sale["customer"]
        else:
            lines = basket.lines_of(body.basket)
            content = {"lines": lines, **basket.totals(lines)}
        if body.payments:
            content["payments"] = list(body.payments)
        document = self._document(name, body.number, request, content, "return")
        self.sales[name] = document
        return self.hook("return", {"request_id": self.request_id(), "document": document})

    def _do_identify(self, _: str, body: cases.Identify) -> dict[str, Any]:
        where = self.at_till(body)
        key = body.key or where["customer"].get("card", "")
        return self.hook("identify", {"store": where["store"], "till": where["till"], "key": key})

    def _do_enrol(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._enrol(name, {key: value if isinstance(value, bool) else str(value) for key, value in body.items()})

    def _enrol(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        base = {"request_id": self.request_id(), "store": self.case.given.stores[0].code}
        wanted = {**base, **({} if body.get("card") else {"card": f"card-{name}"}), **body}
        try:
            reply = self.hook("enrol", wanted)
        except RefusedError as error:
            error.hints = hints.places(EnrolRequest, wanted)
            raise
        view = reply["customer"]
        self.people[name] = {"id": view["customer"], "card": view["cards"][-1]["number"]}
        return reply

    def _do_customer(self, _: str, body: str) -> Any:
        return self.call("GET", f"/v1/customers/{self.customer_id(body)}")

    def _do_publish(self, _: str, body: Mapping[str, Any]) -> Any:
        return acts.publish(self, body)

    def _do_issue(self, _: str, body: cases.Issue) -> Any:
        if body.coupon is not None:
            return acts.issue_coupon(self, body.coupon)
        return acts.issue_stored(self, body.stored_value or cases.Stored(type=""))

    def _do_load(self, _: str, body: cases.Load) -> Any:
        wanted = {"request_id": self.request_id(), "amount": basket.money(body.amount)}
        return self.call("POST", f"/v1/vouchers/{body.code}/load", wanted)

    def _do_voucher(self, _: str, body: str) -> Any:
        return self.call("GET", f"/v1/vouchers/{body}")

    def _do_adjust(self, _: str, body: cases.Adjust) -> Any:
        return acts.adjust(self, body)

    def _do_join(self, _: str, body: cases.Join) -> Any:
        return acts.join(self, body)

    def _do_clock(self, _: str, body: cases.Clock) -> dict[str, str]:
        start = body.to or self.service.now
        self.service.now = start + timedelta(days=body.days, hours=body.hours, minutes=body.minutes)
        return {"now": self.service.now.isoformat()}

    def _do_housekeeping(self, _: str, __: object) -> dict[str, int]:
        # Who bought since is worked out anew too, which the service does by itself within seconds.
        return {"moved": housekeeping(self.service.held), "segments": refresh_due(self.service.held)}

    def _do_call(self, _: str, body: cases.Call) -> Any:
        return self.call(body.method, body.path, body.body, body.query)


def _accounts(accounts: Any) -> list[dict[str, str]]:
    return [{"code": one.code, **({} if one.amount is None else {"amount": basket.money(one.amount)})} for one in accounts]


def _claim(claim: cases.Claim) -> dict[str, Any]:
    units = {} if claim.quantity is None else {"quantity": basket.plain(claim.quantity)}
    return claim.model_dump(exclude_none=True, exclude={"quantity"}) | units
