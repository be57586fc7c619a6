"""A small basket tried on a draft: what it costs, what it earns and why. Nothing is stored, nobody's account is touched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError as PydanticError

from v5_cloud.models import ProductRow
from v5_cloud.programmes.form.figures import Figures
from v5_core.criteria import CriteriaError
from v5_core.engine import Coupon, CustomerFacts, SaleState, Stored, compile_programmes, evaluate
from v5_core.errors import V5Error
from v5_core.hooks import QuoteRequest, QuoteResponse, StoredPayment
from v5_core.model import Line, PaymentMethod
from v5_core.money import format_scaled, parse_scaled
from v5_core.programme import Programme

__all__ = ["Basket", "Result", "basket_of", "try_out"]

_ROWS: Final = 4
_MOST: Final = 60
# What is handed over in a trial has no code of its own yet.
_COUPON: Final = "COUPON"
_PERCENT: Final = "PERCENT"
_CARD: Final = "CARD"
_ROW: Final = re.compile(r"b\.\d{1,3}\.product")
_TYPED: Final = ("balance", "use", "tier", "club", "segment", "codes", "claim", "coupon", "percent", "card", "worth", "payment")


@dataclass(slots=True)
class Basket:
    """What was typed beside the form.

    Attributes:
        rows: Article, quantity, price of a unit, as typed.
        at: Day and hour in the store, as typed.
        member: Somebody with a card buys.
        birthday: Today is that customer's birthday.
        first: The customer never bought before.
        coupon: The offer whose coupon is handed over.
        percent: A percentage voucher is handed over, of so much.
        card: What is paid with: a kind of gift card, wallet or credit note, or "voucher"; `worth` is what is on it.
        payment: How the rest is paid.
    """

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    at: str = ""
    store: str = ""
    member: bool = True
    birthday: bool = False
    first: bool = False
    balance: str = ""
    use: str = ""
    tier: str = ""
    club: str = ""
    segment: str = ""
    codes: str = ""
    claim: str = ""
    coupon: str = ""
    percent: str = ""
    card: str = ""
    worth: str = ""
    payment: str = ""

    @property
    def more(self) -> bool:
        """Something of the lesser fields is filled."""
        names = ("store", "balance", "use", "tier", "club", "segment", "codes", "claim", "coupon", "percent", "card", "worth", "payment")
        return self.first or any(getattr(self, name) for name in names)


@dataclass(frozen=True, slots=True)
class Result:
    """What the draft makes of it.

    Attributes:
        acts: The rule that is being edited took part; None: it is not one that a basket shows.
        problem: Why there is no answer.
    """

    lines: Sequence[tuple[str, int, int]] = ()
    quote: QuoteResponse | None = None
    acts: bool | None = None
    problem: str = ""


def basket_of(posted: Mapping[str, Sequence[str]], products: Sequence[ProductRow], figures: Figures, now: datetime) -> Basket:
    """What was typed; the first time, some articles that the rule is about."""

    def one(name: str) -> str:
        values = posted.get(f"b.{name}", ())
        return values[-1].strip()[:200] if values else ""

    if "b.+" not in posted:
        rows = [
            (row.code, "2" if index == 0 else "1", figures.shown(format_scaled(row.price, 2))) for index, row in enumerate(products[:3])
        ]
        return Basket(rows=rows + [("", "", "")] * (_ROWS - len(rows)), at=now.astimezone(figures.zone).strftime("%Y-%m-%dT%H:%M"))
    count = max((int(name[2:-8]) + 1 for name in posted if _ROW.fullmatch(name)), default=_ROWS)
    if posted.get("do", [""])[-1] == "more":
        count += _ROWS
    return Basket(
        rows=[(one(f"{row}.product"), one(f"{row}.quantity"), one(f"{row}.price")) for row in range(min(count, _MOST))],
        at=one("at"),
        store=one("store"),
        member="b.member" in posted,
        birthday="b.birthday" in posted,
        first="b.first" in posted,
        **{name: one(name) for name in _TYPED},
    )


def try_out(
    programme: Programme,
    basket: Basket,
    products: Mapping[str, ProductRow],
    figures: Figures,
    *,
    now: datetime,
    store: str,
    language: str,
    rule: str | None = None,
) -> Result:
    """Prices the basket with the draft alone.

    Args:
        programme: The draft.
        basket: What was typed.
        products: Articles that are known, for their families and brands.
        figures: How numbers and times were typed.
        now: Where no time was typed.
        store: Where no store was typed.
        language: Of explanations.
        rule: Whose part in it is asked.
    """
    try:
        at = datetime.fromisoformat(basket.at).replace(tzinfo=figures.zone) if basket.at else now.astimezone(figures.zone)
        lines = [_line(index, row, products, figures) for index, row in enumerate(basket.rows) if row[0] or row[2]]
        if not lines:
            return Result(problem="empty")
        state = _handed_over(programme, basket, figures)
        request = QuoteRequest(
            store=basket.store or store or "1",
            at=at,
            currency=programme.currency,
            lines=tuple(lines),
            points_to_use=parse_scaled(figures.number(basket.use or "0"), 3),
            codes=(*(code.strip() for code in basket.codes.split(",") if code.strip()), *state.coupons),
            claims=({"rule": basket.claim},) if basket.claim else (),
            stored_value=tuple(StoredPayment(code=code) for code in state.stored),
            payments=(PaymentMethod(basket.payment),) if basket.payment else (),
        )
        facts = _facts(programme, basket, figures, at) if basket.member else None
        quote = evaluate(compile_programmes([programme]), request, facts, local_time=at, language=language, state=state)
    except (ValueError, PydanticError, V5Error) as error:
        if isinstance(error, CriteriaError):
            return Result(problem=error.said(language))
        return Result(problem=error.message if isinstance(error, V5Error) else "unread")
    shown = [(one.description or one.product, one.quantity, one.gross) for one in lines]
    return Result(shown, quote, _acts(programme, quote, rule))


def _handed_over(programme: Programme, basket: Basket, figures: Figures) -> SaleState:
    """A coupon, a percentage voucher and a gift card as if they had been issued."""
    coupons: dict[str, Coupon] = {}
    if basket.coupon:
        coupons[_COUPON] = Coupon(_COUPON, rule=basket.coupon, programme=programme.id)
    if basket.percent:
        coupons[_PERCENT] = Coupon(_PERCENT, percent=parse_scaled(figures.number(basket.percent), 2))
    if not basket.card and not basket.worth:
        return SaleState(coupons=coupons)
    types = {one.id: one for one in programme.stored_value}
    kind = types[basket.card].kind if basket.card in types else "voucher"
    worth = parse_scaled(figures.number(basket.worth or "0"), 2)
    return SaleState(coupons=coupons, stored={_CARD: Stored(_CARD, kind=kind, type_id=basket.card, balance=worth)})


def _line(index: int, row: tuple[str, str, str], products: Mapping[str, ProductRow], figures: Figures) -> Line:
    code, quantity, price = row
    known = products.get(code)
    units = parse_scaled(figures.number(quantity or "1"), 3)
    unit = parse_scaled(figures.number(price), 2) if price else (known.price if known else 0)
    gross = (unit * units + 500) // 1000
    rate = known.vat_rate if known else 0
    about: dict[str, Any] = {"description": known.description, "family": known.family, "brand": known.brand} if known else {}
    net = (gross * 10_000 + (10_000 + rate) // 2) // (10_000 + rate)
    return Line(line_id=str(index + 1), product=code or "?", quantity=units, gross=gross, net=net, vat_rate=rate, **about)


def _facts(programme: Programme, basket: Basket, figures: Figures, at: datetime) -> CustomerFacts:
    birthday = at.date().replace(year=1990) if (at.month, at.day) != (2, 29) else at.date().replace(year=1988)
    return CustomerFacts(
        customer="trial",
        card_types=frozenset(programme.card_types),
        segments=frozenset({basket.segment} - {""}),
        tiers=frozenset({basket.tier} - {""}),
        clubs=frozenset({basket.club} - {""}),
        balance_available=parse_scaled(figures.number(basket.balance or "0"), 3),
        birth_date=birthday if basket.birthday else None,
        entitlements={one.id: one.uses for club in programme.clubs if club.id == basket.club for one in club.entitlements},
        sales=0 if basket.first else 1,
    )


def _acts(programme: Programme, quote: QuoteResponse, rule: str | None) -> bool | None:
    """Whether a rule took part, of those that a basket shows."""
    if rule is None or not any(one.id == rule for one in (*programme.earning, *programme.offers)):
        return None
    took = {one.rule for one in quote.explanations} | {one.rule for one in quote.benefits} | {one.rule for one in quote.gifts}
    return rule in took
