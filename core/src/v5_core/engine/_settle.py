"""An issued document settled: the prices are the till's, so nothing is discounted here; points are earned, and uses counted."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from v5_core.arithmetic import split
from v5_core.engine._basket import EMPTY_STATE, Basket
from v5_core.engine._compile import Compiled
from v5_core.engine._earning import Earning, Paid, earn
from v5_core.engine._expiry import expires_at, usable_from
from v5_core.engine._offers import apply_offers
from v5_core.engine._reply import earning_explanation
from v5_core.engine._rules import fold_code
from v5_core.engine._situation import Situation, by_line_id
from v5_core.engine._types import Coupon, CustomerFacts, Earned, SaleState, SettledLine, Settlement, Share, Use
from v5_core.hooks import Explanation
from v5_core.model import Applied, Claim, DocumentKind, DocumentStatus, Line, LineKind, PaymentMethod, SalesDocument
from v5_core.programme import OfferBase
from v5_core.words import Words, words_of

__all__ = ["Reckoning", "claimed_points", "noticed", "reckon", "settle"]

_STORED = frozenset((PaymentMethod.GIFT_CARD, PaymentMethod.WALLET, PaymentMethod.VOUCHER, PaymentMethod.CREDIT_NOTE))


class Reckoning:
    """Points that a document earns, as figures.

    Attributes:
        earnings: What each rule gives, never negative; `sign` is -1 for a return, which takes them.
    """

    __slots__ = ("_words", "earnings", "sign", "situation")

    def __init__(self, situation: Situation, earnings: list[Earning], sign: int, words: Words) -> None:
        self.situation = situation
        self.earnings = earnings
        self.sign = sign
        self._words = words

    def explanations(self) -> tuple[Explanation, ...]:
        """Each rule's points in words."""
        return tuple([earning_explanation(one, self.situation.ids, self._words, self.sign) for one in self.earnings])


def reckon(
    compiled: Compiled, document: SalesDocument, facts: CustomerFacts | None, *, zone: ZoneInfo, language: str = "pt",
    state: SaleState = EMPTY_STATE,
) -> Reckoning:  # fmt: skip
    """The points of a document that counts, without anything that only who stores it needs; see `settle`."""
    situation = Situation(
        document.lines or _whole(document), facts, at=document.issued_at,
        local=document.issued_at.astimezone(zone), store=document.store, till=document.till, currency=document.currency,
        operator=document.operator, payments=[payment.method for payment in document.payments],
    )  # fmt: skip
    words = words_of(language, document.currency)
    # Offers are in the till's prices already; points can hang on a code that was typed.
    codes = frozenset([fold_code(one.code) for one in document.applied if one.code])
    view = compiled.view(situation, {"code": codes} if codes else None)
    earnings = earn(situation, view.touching(situation.keys), _paid(compiled, situation, document, words), state.used)
    return Reckoning(situation, earnings, -1 if document.kind is DocumentKind.RETURN else 1, words)


def settle(
    compiled: Compiled,
    document: SalesDocument,
    facts: CustomerFacts | None,
    *,
    zone: ZoneInfo,
    points_spent: int = 0,
    language: str = "pt",
    state: SaleState = EMPTY_STATE,
) -> Settlement:
    """Points that an issued document earns.

    A cancelled document, a blocked customer and no customer at all give a settlement without points (its lines are there, so that it can
    be stored like any other). A document without lines is settled as one line of its amount, for rules that select everything.
    A return that points at nothing is settled here too: the earning rules apply with negative points; points
    that may have been spent on whatever came back are not given back, for nothing says that any were.

    Args:
        compiled: From `compile_programmes`, with the versions that were in force when the document was issued.
        document: The document.
        facts: Its customer.
        zone: The store's zone, in which days and expiry are counted.
        points_spent: Points that paid and that rewards cost (`claimed_points`); split over the lines, so that a return gives them back.
        language: Of the explanations.
        state: What caps have seen before this document.
    """
    goods = [line for line in document.lines if line.kind is not LineKind.DEDUCTION]
    lines = sorted(goods, key=by_line_id) or _whole(document)
    if document.status is DocumentStatus.CANCELLED:
        return Settlement(lines=_settled(lines, [[] for _ in lines], [0] * len(lines)))
    found = reckon(compiled, document, facts, zone=zone, language=language, state=state)
    situation, earnings, sign = found.situation, found.earnings, found.sign
    shares: list[list[Share]] = [[] for _ in lines]
    for one in earnings:
        programme = one.rule.programme
        for index, points in one.shares():
            shares[index].append(Share(programme.key, one.rule.data.id, sign * points, programme.unit))
    return Settlement(
        earned=tuple([_earned(one, sign, document, zone) for one in earnings if one.points]),
        points_earned=sign * sum([one.points for one in earnings]),
        points_spent=points_spent,
        lines=_settled(lines, shares, _spread(points_spent, situation.gross)),
        explanations=found.explanations(),
        uses=_uses(compiled, document, situation) if document.applied else (),
    )


def claimed_points(compiled: Compiled, document: SalesDocument) -> int:
    """Points that the rewards cost which a document says were taken."""
    return sum(offer.cost * one.times for one, _, offer in _applied(compiled, document))


def noticed(compiled: Compiled, document: SalesDocument) -> list[tuple[str, OfferBase]]:
    """Offers in a sale whose every use the manager is told of, with their programmes."""
    return [(programme, offer) for _, programme, offer in _applied(compiled, document) if offer.notify]


def _applied(compiled: Compiled, document: SalesDocument) -> list[tuple[Applied, str, OfferBase]]:
    # The offers that the document names, in the programmes that were in force; what no programme knows is nobody's offer.
    if not document.applied:
        return []
    active = compiled.active(document.issued_at, document.currency)
    # An offer that is not in force is still what the till took into its prices (the day of a sale just after midnight is the store's).
    offers = {rule.rule_id: rule for rule in reversed(compiled.offers)}
    offers |= {rule.rule_id: rule for rule in reversed(compiled.offers) if active[rule.number]}
    return [(one, offers[one.rule].programme.key, offers[one.rule].offer) for one in document.applied if one.rule in offers]


def _coupons(compiled: Compiled, document: SalesDocument) -> dict[str, Coupon]:
    codes = {one.rule: one.code for one in document.applied if one.code}
    return {
        codes[claim.rule]: Coupon(codes[claim.rule], claim.rule, programme)
        for claim, programme, offer in _applied(compiled, document)
        if offer.coupon and claim.rule in codes
    }


def _uses(compiled: Compiled, document: SalesDocument, situation: Situation) -> tuple[Use, ...]:
    facts = situation.facts
    found: list[Use] = []
    for one, programme, offer in _applied(compiled, document):
        if offer.limits or offer.budgets or offer.coupon or (offer.entitlement and facts is not None):
            code = (one.code or "") if offer.coupon else ""
            # A till that does not say which offer took what says that it may have been all; that it took once.
            before = sum([use.amount for use in found if (use.programme, use.rule) == (programme, one.rule)])
            amount = max(0, sum([line.discount for line in document.lines]) - before) if one.amount is None else one.amount
            found.append(Use(programme, one.rule, one.times, code, offer.entitlement or "", bool(offer.limits), amount))
    found += [Use("", "voucher", 1, one.code) for one in document.applied if one.rule == "voucher" and one.code]
    return tuple(found)


def _paid(compiled: Compiled, situation: Situation, document: SalesDocument, words: Words) -> Paid:
    """What the lines cost, as the document says; what lay before rewards and order offers is worked out anew where a policy asks."""
    gross = situation.gross
    after = list(gross)
    if situation.deducted and sum(gross):
        taken = split(min(situation.deducted, sum(gross)), gross)
        after = [left - part for left, part in zip(gross, taken, strict=True)]
    in_points = _share(document, frozenset((PaymentMethod.POINTS,)), situation)
    in_stored = _share(document, _STORED, situation)
    before_orders, before_rewards = gross, after  # a deduction touches the whole order
    if document.applied and any(
        one.policies.base == "before_rewards" or one.policies.category_base == "before_order_discounts" for one in compiled.programmes
    ):
        before_orders, before_rewards = _before(compiled, situation, document, after, words)
    return Paid(after, before_orders, before_rewards, in_points, in_stored, gross)


def _share(document: SalesDocument, methods: frozenset[PaymentMethod], situation: Situation) -> list[int] | None:
    amount = sum([payment.amount for payment in document.payments if payment.method in methods])
    return split(min(amount, max(0, situation.total)), situation.gross) if amount else None


def _before(
    compiled: Compiled, situation: Situation, document: SalesDocument, after: list[int], words: Words
) -> tuple[list[int], list[int]]:
    # The till's prices hold the discounts; taken at list prices again, the engine says which part came at which stage. Never more is
    # put back than the till took off.
    listed = [line.model_copy(update={"gross": line.gross + line.discount, "discount": 0}) for line in situation.lines]
    full = Situation(
        listed, situation.facts, at=situation.at, local=situation.local, store=situation.store, till=situation.till,
        currency=situation.currency, operator=situation.operator, payments=situation.payments,
    )  # fmt: skip
    claims = [Claim(rule=one.rule, times=one.times) for one, _, offer in _applied(compiled, document) if offer.cost]
    codes = [one.code for one in document.applied if one.code]
    coupons = _coupons(compiled, document)
    basket = Basket(compiled, full, codes, claims, SaleState(coupons=coupons))
    view = compiled.view(full, basket.opened)
    found = apply_offers(view, full, view.touching(full.keys), basket, words, lambda _: 10**15)
    before_orders, before_rewards = [], []
    for index, line in enumerate(situation.lines):
        of_rewards = found.before_rewards[index] - found.remaining[index]
        of_orders = found.before_orders[index] - found.remaining[index]
        before_rewards.append(after[index] + min(line.discount, of_rewards))
        before_orders.append(situation.gross[index] + min(line.discount, of_orders))
    return before_orders, before_rewards


def _whole(document: SalesDocument) -> list[Line]:
    return [Line(line_id="*", product="*", quantity=1000, gross=document.gross, net=document.net)]


def _spread(points: int, gross: list[int]) -> list[int]:
    # Whole points stay whole on every line.
    unit = 1 if points % 1000 else 1000
    return [part * unit for part in split(points // unit, gross)] if points else [0] * len(gross)


def _earned(one: Earning, sign: int, document: SalesDocument, zone: ZoneInfo) -> Earned:
    programme, data = one.rule.programme, one.rule.data
    expiry = getattr(data, "expiry", None) or programme.data.expiry
    pending = getattr(data, "pending_days", None)
    days = programme.policies.pending_days if pending is None else pending
    lapses = expires_at(expiry, document.issued_at, zone) if sign > 0 else None
    usable = usable_from(days, document.issued_at, zone) if sign > 0 else None
    return Earned(programme.key, programme.data.version, data.id, sign * one.points, lapses, usable)


def _settled(lines: list[Line], shares: list[list[Share]], spent: list[int]) -> tuple[SettledLine, ...]:
    return tuple(
        [
            SettledLine(line.line_id, line.product, line.quantity, line.gross, tuple(own), used)
            for line, own, used in zip(lines, shares, spent, strict=True)
        ]
    )
