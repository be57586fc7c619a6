"""Stored value that pays, coupons used up and vouchers made, brought from what a document did before to what it does now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from v5_cloud.models import VoucherRow
from v5_cloud.programmes.asks import CounterKey
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.extras import OWN_CODE, Extras
from v5_cloud.settlement.giving import give_back, given_back, given_of
from v5_cloud.settlement.making import Made, issue, occurred, promised
from v5_cloud.vouchers.purse import Issue
from v5_core.codes import fold_code, is_ours
from v5_core.engine import CustomerFacts
from v5_core.hooks import Explanation
from v5_core.model import Line, PaymentMethod, SalesDocument
from v5_core.money import ratio, split
from v5_core.programme import Programme, StoredValueType, VoucherRule
from v5_core.stored import MEANS, Draft, Measured, basis, draft, valid_until
from v5_core.words import words_of

__all__ = ["bring", "undo_sale"]

_LOADED: Final = frozenset({"gift_card", "wallet", "credit_note"})
"""What a return may pay more onto than it had paid."""


_MOST_SOLD: Final = 1000
"""Cards that one sale makes: as many as may be issued at once."""


def bring(extras: Extras, doc: Doc, returns: Sequence[Doc], facts: CustomerFacts | None) -> None:
    """Brings a document, and the returns that point at it, to what they should have done."""
    if doc.is_return:
        _bring_return(extras, doc)
        return
    _bring_sale(extras, doc, returns, facts)
    for one in returns:
        _bring_return(extras, one)


def _bring_sale(extras: Extras, sale: Doc, returns: Sequence[Doc], facts: CustomerFacts | None) -> None:
    """Brings a sale to what it should have done: uses counted, coupons used, stored value taken, vouchers made; and its returns."""
    back = [one for one in returns if one.counts]
    # A sale that came back as a whole used nothing: its coupon is good again.
    counts = sale.counts and not _all_back(sale, back)
    wanted = dict(extras.wanted(sale, sale.settlement)) if counts else {}
    made = _made(extras, sale, back, facts) if counts else {}
    for one in made.values():
        for key, times in one.counts:
            wanted[key] = wanted.get(key, 0) + times
    before = {(scope, span, key): times for scope, span, key, times in sale.extras.get("counters", ())}
    extras.bring(sale, before, wanted)
    _excess(extras, sale, before, wanted)
    codes = _codes(extras, sale, counts=counts)
    paid = _pay(extras, sale, returns)
    issued = issue(extras, sale, made)
    extras.let_go(sale, paid)
    if sale.fresh and counts:
        promised(extras, sale, issued)
    found: dict[str, Any] = {
        "counters": [[*key, times] for key, times in sorted(wanted.items()) if times],
        "codes": codes,
        "stored": paid,
        "issued": issued,
        "short": extras.short[sale.id],
        "spared": sale.extras.get("spared"),
    }
    sale.extras = {name: value for name, value in found.items() if value}
    told = tuple(one.why for one in made.values() if one.why is not None)
    if told:
        sale.settlement = replace(sale.settlement, explanations=(*sale.settlement.explanations, *told))
    extras.count(sale)


def undo_sale(extras: Extras, doc: Doc) -> None:
    """Takes back what a document did as a sale: it is none."""
    state, doc.state = doc.state, "merged"
    _bring_sale(extras, doc, (), None)
    doc.state = state


def _bring_return(extras: Extras, doc: Doc) -> None:
    """A return's own doings: a credit note that it makes, and what it takes off its customer's day."""
    made = {**_credited(extras, doc), **_refunded(extras, doc)} if doc.counts and not extras.foreign(doc) else {}
    issued = issue(extras, doc, made)
    done = {**doc.extras, "issued": issued, "short": extras.short[doc.id]}
    doc.extras = {name: value for name, value in done.items() if value}
    extras.count(doc)


def _credited(extras: Extras, doc: Doc) -> dict[str, Made]:
    """Credit notes that a return pays out, all in all no more than what came back."""
    type_ = next((pair for pair in extras.asks(doc).types.values() if pair[1].kind == "credit_note"), None)
    made: dict[str, Made] = {}
    left = doc.body.gross
    for payment in doc.body.payments if type_ is not None else ():
        amount = min(left, payment.amount)
        if payment.method is PaymentMethod.CREDIT_NOTE and amount and type_ is not None:
            known = extras.purse.row(payment.code or "")
            if known is None or known.document_id == doc.id:
                made[f"credit/{len(made)}" if made else "credit"] = _card(extras, doc, type_, amount, payment.code or "")
                left -= amount
    return made


def _refunded(extras: Extras, doc: Doc) -> dict[str, Made]:
    """What a return pays out onto what holds money, beyond what that had paid of the sales: money that comes on it."""
    paid_out: dict[str, int] = {}
    for payment in doc.body.payments:
        row = extras.purse.row(payment.code or "")
        if row is not None and row.kind in _LOADED and MEANS.get(payment.method) == row.kind and row.document_id != doc.id:
            paid_out[row.code] = paid_out.get(row.code, 0) + payment.amount
    made, left = {}, doc.body.gross
    for code, amount in sorted(paid_out.items()):
        more = min(left, amount) - sum(one.get(code, 0) for one in given_of(doc).values())
        left -= min(left, amount)
        row = extras.purse.row(code)
        if row is not None and more > 0:
            if row.state not in ("active", "moved"):  # of a lost card it comes on the one that took over
                extras.find(doc, "blocked", code)
            made[f"load/{code}"] = Made(Issue(kind=row.kind, code=row.code, valid_until=row.valid_until), more, load=True)
    return made


def _excess(extras: Extras, doc: Doc, before: dict[CounterKey, int], wanted: dict[CounterKey, int]) -> None:
    # A use beyond a limit is a fact, for the shop has sold; a person should know.
    asks, day = extras.asks(doc), extras.day(doc)
    for use in doc.settlement.uses:
        for _, limit, key in asks.limit_keys(use.programme, use.rule, day, customer=doc.customer, store=doc.body.store, code=use.code):
            if wanted.get(key, 0) > before.get(key, 0) and extras.counters.value(key) > limit.uses:
                extras.find(doc, "used_up", use.code or use.rule)
        for _, budget, key in asks.budget_keys(use.programme, use.rule, day, customer=doc.customer, store=doc.body.store, code=use.code):
            if wanted.get(key, 0) > before.get(key, 0) and extras.counters.value(key) > budget.most(use.amount):
                extras.find(doc, "used_up", use.rule)
        entitled = extras.entitled(doc, use.programme, use.entitlement, day)
        if (
            entitled is not None
            and wanted.get(entitled[0], 0) > before.get(entitled[0], 0)
            and extras.counters.value(entitled[0]) > entitled[1]
        ):
            extras.find(doc, "used_up", use.entitlement)


def _all_back(sale: Doc, back: Sequence[Doc]) -> bool:
    legs = [leg for leg in (one.legs().get(sale.id) for one in back) if leg is not None]
    if sale.body.gross:
        return sum(leg.gross for leg in legs) >= sale.body.gross
    # What was free comes back by its units.
    units = sum(line.quantity for line in sale.body.lines)
    return units > 0 and sum(line.quantity for leg in legs for line in leg.lines) >= units


def _codes(extras: Extras, doc: Doc, *, counts: bool) -> dict[str, list[int]]:
    wanted: dict[str, int] = {}
    for use in doc.settlement.uses if counts else ():
        if use.code:
            wanted[fold_code(use.code)] = wanted.get(fold_code(use.code), 0) + use.times
    before = doc.extras.get("codes", {})
    found: dict[str, list[int]] = {}
    for code in sorted(wanted.keys() | before.keys()):
        row = extras.purse.row(code)
        if row is None:
            extras.find(doc, "unknown", code)
            continue
        used, excess = before.get(code, (0, 0))
        now = extras.purse.use(row, wanted.get(code, 0), (used, excess))
        if now[1] > excess or (row.state != "active" and sum(now) > used + excess):
            extras.find(doc, "used_up" if now[1] else "blocked", code)
        if any(now):
            found[code] = list(now)
    return found


def _payments(extras: Extras, doc: Doc) -> dict[str, int]:
    """What stored value paid of a sale, by code."""
    found: dict[str, int] = {}
    for payment in doc.body.payments:
        kind = MEANS.get(payment.method)
        if kind is None:
            continue
        if extras.foreign(doc):
            extras.find(doc, "condition", payment.code or kind)
            continue
        reserved = extras.stored_by_hold(payment.hold)
        if payment.code:
            reserved = [one for one in reserved if fold_code(one[0]) == fold_code(payment.code)]
            if not extras.money(payment.code):
                # Perhaps of a system of somebody else's; a sale is a fact all the same.
                if doc.counts:
                    extras.find(doc, "unknown", payment.code)
                continue
            amount = payment.amount or sum(held for _, _, held in reserved)
            found[fold_code(payment.code)] = found.get(fold_code(payment.code), 0) + amount
            continue
        left = payment.amount or sum(held for _, _, held in reserved)
        for code, _, held in reserved:
            row = extras.purse.row(code)
            part = min(left, held)
            if row is not None and row.kind == kind and part:
                found[row.code] = found.get(row.code, 0) + part
                left -= part
    return found


def _pay(extras: Extras, sale: Doc, returns: Sequence[Doc]) -> dict[str, list[int]]:
    """Brings stored value to what a sale took off it and its returns gave back; what shrinks from the returns first: they lean on it."""
    before, said = sale.extras.get("stored", {}), _payments(extras, sale)
    given = given_back(extras, sale, returns, said)
    wanted = said if sale.counts else {}
    found: dict[str, list[int]] = {}
    for code in sorted(before.keys() | said.keys()):
        row = extras.purse.row(code)
        if row is None:
            continue
        paid, (was_paid, was_taken) = wanted.get(code, 0), before.get(code, (0, 0))
        holds = extras.holds_on(sale, code)
        kept = sum(extras.purse.working.holds[one].points for one in holds if one in extras.purse.working.holds)
        there = extras.purse.balance(row, occurred(sale)) + kept + was_taken
        taken = was_taken if paid == was_paid else max(paid, there) if row.whole and paid else paid
        if paid > was_paid and (paid > there or row.state == "blocked"):
            extras.find(sale, "blocked" if row.state == "blocked" else "used_up", code)
        if taken < was_taken:
            give_back(extras, sale, returns, row, given)
        extras.purse.pay(row, sale.id, taken, holds=holds, at=occurred(sale), cause=extras.cause(sale))
        if taken >= was_taken:
            give_back(extras, sale, returns, row, given)
        if taken:
            found[code] = [paid, taken]
    return found


def _made(extras: Extras, sale: Doc, back: list[Doc], facts: CustomerFacts | None) -> dict[str, Made]:
    """What a sale makes, its returns taken off."""
    asks, found = extras.asks(sale), dict[str, Made]()
    legs = [leg for leg in (one.legs().get(sale.id) for one in back) if leg is not None]
    returned = sum(leg.gross for leg in legs)
    for programme, rule in () if extras.foreign(sale) else asks.vouchers:
        made = _by_rule(extras, sale, programme, rule, returned, facts)
        if made is not None:
            found[f"{programme.id}/{rule.id}"] = made
    sold = [line for line in sale.body.lines if line.product in asks.sold]
    if sold and (extras.foreign(sale) or sum(line.quantity // 1000 for line in sold) > _MOST_SOLD):
        extras.find(sale, "condition", sold[0].product)
        return found
    came = _came_back(sold, legs)
    for line in sold:
        found |= _sold(extras, sale, line, asks.sold[line.product], came[line.line_id])
    return found


def _by_rule(extras: Extras, sale: Doc, programme: Programme, rule: VoucherRule, returned: int, facts: CustomerFacts | None) -> Made | None:
    amount = basis(programme, rule, sale.body, facts, extras.zone(sale))
    if amount is None:
        return None
    amount = max(0, amount - ratio(amount, min(returned, sale.body.gross), max(1, sale.body.gross)))
    day, visits = extras.day(sale), 1
    if (rule.period_days or rule.visits) and facts is not None and extras.measures is not None:
        first = day - timedelta(days=rule.period_days)
        gross, _, sales = extras.measures.period(facts.customer, first, day, without=sale.id)
        visits = sales + 1
        if rule.period_days:
            amount = max(0, gross + sale.body.gross - returned)
    made = draft(
        rule, Measured(amount, visits), at=sale.body.issued_at, zone=extras.zone(sale), rounding=programme.policies.discount_rounding
    )
    if made is None:
        return None
    ref = f"{programme.id}/{rule.id}"
    keys = extras.asks(sale).limit_keys(programme.id, rule.id, day, customer=sale.customer, store=sale.body.store)
    extras.counters.lock(key for _, _, key in keys)
    own = {(scope, span, key): times for scope, span, key, times in sale.extras.get("counters", ())}
    if ref not in sale.extras.get("issued", {}) and any(extras.counters.value(key) >= limit.uses for _, limit, key in keys):
        return None
    printed = next((fold_code(one.code) for one in sale.body.printed if one.rule == ref), "")
    wanted = Issue(
        kind=made.kind, programme=programme.id, type=rule.id, title=made.title,
        code=printed if is_ours(printed) else "", amount=made.amount, percent=made.percent, offer=made.offer,
        customer=sale.customer, valid_from=made.valid_from, valid_until=made.valid_until, stores=made.stores, minimum=made.minimum,
        whole=made.whole, uses=made.uses, by="rule",
    )  # fmt: skip
    why = Explanation(
        rule=rule.id, version=programme.version, text=_why(extras, sale, made, amount)[:500], amount=made.amount
    )  # fmt: skip
    return Made(wanted, made.amount, why=why, counts=[(key, max(1, own.get(key, 0))) for _, _, key in keys])


def _why(extras: Extras, sale: Doc, made: Draft, amount: int) -> str:
    words = words_of(extras.company.language(sale.body.store), sale.body.currency)
    value = words.rate(made.percent) if made.percent else words.money(made.amount) if made.amount else made.offer
    return words.say("voucher_made", title=made.title or made.rule, value=value, amount=words.money(amount))


def _came_back(lines: Sequence[Line], legs: Sequence[SalesDocument]) -> dict[str, tuple[int, int]]:
    """Of each line, the units and the money that came back; what names no line is of the last ones with that article that are left."""
    found = {line.line_id: (0, 0) for line in lines}
    for one in (one for leg in legs for one in leg.lines):
        named = one.reference.line if one.reference is not None else None
        units, gross = one.quantity // 1000, one.gross
        for line in reversed(lines):
            before = found[line.line_id]
            if named is None and line.product == one.product:
                part = min(units, max(0, max(1, line.quantity // 1000) - before[0])), min(gross, line.gross - before[1])
            elif named == line.line_id:
                part = units, min(gross, line.gross - before[1])
            else:
                continue
            units, gross = units - part[0], gross - part[1]
            found[line.line_id] = before[0] + part[0], before[1] + part[1]
    return found


def _sold(
    extras: Extras, sale: Doc, line: Line, pair: tuple[Programme, StoredValueType], back: tuple[int, int]
) -> dict[str, Made]:  # fmt: skip
    """A card for each unit sold, the last ones first given back; a wallet is loaded with what the line costs and did not come back."""
    type_ = pair[1]
    codes = [tag.removeprefix(OWN_CODE) for tag in line.tags if tag.startswith(OWN_CODE)]
    gone, returned = back
    if type_.kind == "wallet":
        amount = line.gross - returned
        if amount <= 0:
            return {}
        row = extras.purse.row(codes[0]) if codes else None
        known = row or (_own_wallet(extras, sale, type_) if sale.customer else None)
        made = _card(extras, sale, pair, amount, known.code if known is not None else codes[0] if codes else "")
        made.load = known is not None
        ref = f"load/{line.line_id}"
        most = type_.ceiling if known is not None and ref not in sale.extras.get("issued", {}) else None
        if most is not None and known is not None and extras.purse.balance(known) + amount > most:
            extras.find(sale, "ceiling", known.code)
        return {ref: made}
    units = max(1, line.quantity // 1000)
    values = split(line.gross, [1] * units)
    return {
        f"sold/{line.line_id}/{number}": _card(extras, sale, pair, values[number], codes[number] if number < len(codes) else "")
        for number in range(max(0, units - gone))
    }


def _own_wallet(extras: Extras, sale: Doc, type_: StoredValueType) -> VoucherRow | None:
    # The customer's own that can still be used; of several the one that has lived longest.
    own = [one for one in extras.purse.rows.values() if one.type == type_.id and one.customer_id == sale.customer and one.state == "active"]
    return min((one for one in own if one.valid_until is None or one.valid_until > occurred(sale)), key=_age, default=None)


def _age(row: VoucherRow) -> tuple[datetime, str]:
    return row.created_at, row.code


def _card(extras: Extras, doc: Doc, pair: tuple[Programme, StoredValueType], amount: int, code: str) -> Made:
    programme, type_ = pair
    until = valid_until(type_, doc.body.issued_at, extras.zone(doc))
    # A gift card is its bearer's; a wallet and a credit note are the customer's, where one is known.
    owner = None if type_.kind == "gift_card" else doc.customer
    wanted = Issue(
        kind=type_.kind, programme=programme.id, type=type_.id, title=type_.title or type_.id, code=code, amount=amount, customer=owner,
        valid_until=until, whole=type_.whole, by_code=type_.by_code, by="sale",
    )  # fmt: skip
    return Made(wanted, amount)
