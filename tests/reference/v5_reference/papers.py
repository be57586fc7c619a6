"""What tills and the ERP of a random day write down, and what is done at the desk."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any, Final

from sqlalchemy import func, select

from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.membership import adjusting
from v5_cloud.membership import service as membership
from v5_cloud.membership.schemas import AdjustRequest, RelativeRequest, ReverseRequest
from v5_cloud.models import DocumentRow, UseCounter, VoucherRow
from v5_cloud.vouchers import service as vouchers
from v5_cloud.vouchers.schemas import IssueRequest, LoadRequest, MoveRequest
from v5_core.hooks import CancelRequest
from v5_core.model import SalesDocument
from v5_reference.chain import Back, Chain, Sale
from v5_reference.shop import Shop

__all__ = ["Papers", "euros_of"]

_ISSUER: Final = "500100144"
_MINUTES: Final = 15
_USES: Final = 3


def euros_of(amount: int) -> str:
    return f"{amount}.00"


@dataclass
class Papers:
    """The shop, the chance, and all documents, as they are sent."""

    shop: Shop
    random: Random
    most: int = 40
    number: int = 0
    operations: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    open: list[Sale] = field(default_factory=list)
    coupons: list[str] = field(default_factory=list)
    cards: list[tuple[str, str]] = field(default_factory=list)
    adjustments: list[tuple[str, int]] = field(default_factory=list)
    done: deque[Callable[[], None]] = field(default_factory=lambda: deque(maxlen=40))
    limited: Counter[str] = field(default_factory=Counter)
    codes: dict[str, str] = field(default_factory=dict)
    batch: list[tuple[SalesDocument, Callable[[Any], None]]] | None = None

    @property
    def chain(self) -> Chain:
        return self.shop.chain

    def _customer(self, who: int | None) -> dict[str, str]:
        return {} if who is None else {"card": self.shop.customers[who]["card"]}

    def _body(self, sale: Sale, **more: Any) -> dict[str, Any]:
        lines: list[dict[str, Any]] = (
            [{"line_id": "1", "product": "CAFE-250", "gross": euros_of(sale.goods), "net": euros_of(sale.goods)}] if sale.goods else []
        )
        for code, euros in sale.sells.items():
            product = "OFERTA" if self._kind(code) == "gift_card" else "CARREGA"
            priced = {"gross": euros_of(euros), "net": euros_of(euros), "tags": [f"code:{code}"]}
            lines.append({"line_id": "1", "product": product, "kind": "gift_card", **priced})
        kept = {code: hold for hold in sale.holds for code in (self._held.get(hold) or ())}
        payments: list[dict[str, Any]] = []
        if sale.points:
            named = [hold for hold in sale.holds if "points" in self._held.get(hold, ())]
            payments.append({"method": "points", "amount": euros_of(sale.points), **({"hold": named[0]} if named else {})})
        for code, euros in sale.cards.items():
            payments.append({"method": self._kind(code), "amount": euros_of(euros), "code": self._code(code), "hold": kept.get(code)})
        rest = sale.gross - sale.points - sum(sale.cards.values())
        if rest > 0 or payments:
            payments.append({"method": "cash", "amount": euros_of(max(0, rest)), "hold": kept.get(f"coupon:{sale.coupon}")})
        applied = [{"rule": "dez", "code": sale.coupon}] if sale.coupon else []
        applied += [{"rule": "caneca"}] if sale.rewards else []
        applied += [{"rule": "tres"}] if sale.name in self.limited else []
        return {
            "source": "till", "source_id": sale.name, "origin": "hook", "kind": "sale", "store": "LX1", "issued_at": sale.at,
            "fiscal": {"issuer": _ISSUER, "number": f"FT {sale.name}"}, "lines": lines, "payments": payments, "applied": applied,
            "customer": self._customer(sale.who), "gross": euros_of(sale.gross), "net": euros_of(sale.gross), **more,
        }  # fmt: skip

    _held: dict[str, dict[str, int]] = field(default_factory=dict)

    def _kind(self, name: str) -> str:
        return {"GC": "gift_card", "WA": "wallet", "VO": "voucher", "NC": "credit_note"}[name[:2]]

    def _code(self, name: str) -> str:
        """The code of a card; those of vouchers are the service's own."""
        return self.codes.get(name, name)

    def _return_body(self, sale: Sale, back: Back, **more: Any) -> dict[str, Any]:
        product = "CAFE-250" if sale.goods else "OFERTA"
        euros = euros_of(back.euros)
        line = {
            "line_id": "1", "product": product, "gross": euros, "net": euros, "reference": {"document": sale.name, "line": "1"},
            "kind": "product" if sale.goods else "gift_card",
        }  # fmt: skip
        payments = [{"method": self._kind(code), "amount": euros_of(part), "code": self._code(code)} for code, part in back.onto.items()]
        payments += [{"method": "credit_note", "amount": euros_of(back.note[1]), "code": back.note[0]}] if back.note else []
        return {
            "source": "till", "source_id": back.name, "origin": "hook", "kind": "return", "store": "LX1", "issued_at": back.at,
            "lines": [line], "payments": [*payments, {"method": "cash", "amount": "0.00"}], "gross": euros, "net": euros, **more,
        }  # fmt: skip

    @property
    def _now(self) -> datetime:
        # The documents of a batch happened one after the other until it was sent.
        return self.shop.now - timedelta(milliseconds=2 * self.most - len(self.batch)) if self.batch is not None else self.shop.now

    # Desk

    def keep_house(self) -> None:
        """Holds and points whose time is over, until none is left."""
        for _ in range(50):
            if not housekeeping(self.shop.service.held):
                break
        self.chain.keep_house(self.shop.now)

    def adjust(self) -> None:
        """Points by hand, or the last ones taken back."""
        held, scope = self.shop.service.held, self.shop.service.scope
        if self.adjustments and self.random.random() < 0.4:
            name, who = self.adjustments.pop()
            adjusting.undone(held, scope, name, ReverseRequest(request_id=f"u{self.number}", reason="engano"), actor="test")
            self.chain.account(who).undo(f"u{self.number}", name, self.shop.now)
            return
        who, points = self.random.randrange(len(self.shop.customers)), self.random.choice((4, 9, -3, -12))
        request = AdjustRequest.model_validate({"request_id": f"a{self.number}", "points": str(points), "reason": "cortesia"})
        made = adjusting.adjusted(held, scope, self.shop.customers[who]["id"], request, actor="test")
        self.chain.account(self.chain.whose(who)).adjust(made.id, points, self.shop.now)
        self.adjustments.append((made.id, self.chain.whose(who)))

    def issue_wallet(self) -> None:
        """A wallet, loaded at the desk."""
        held, scope = self.shop.service.held, self.shop.service.scope
        code, euros = f"WA{self.number}", self.random.randint(5, 50)
        request = IssueRequest(request_id=f"w{self.number}", kind="wallet", type="carteira", code=code, amount=100 * euros)
        vouchers.issue(held, scope, request, actor="test")
        self.cards.append((code, "wallet"))
        self.chain.fill(code, f"w{self.number}", euros, self.shop.now)
        more = LoadRequest(request_id=f"l{self.number}", amount=300)
        for _ in range(2):
            vouchers.load(held, scope, code, more, actor="test")
        self.shop.service.clock.forward(seconds=1)
        self.chain.fill(code, f"l{self.number}", 3, self.shop.now)

    def lose_card(self) -> bool | None:
        """All that is on a lost card goes to a new one. Sales that the lost one was in are left alone from then on."""
        usable = [(code, kind) for code, kind in self.cards[-60:] if kind in ("gift_card", "wallet") and not self.chain.card(code).holds]
        usable = [(code, kind) for code, kind in usable if not self._came_back(code)]
        if not usable:
            return False
        (code, kind), name = self.random.choice(usable), f"m{self.number}"
        new = f"{code[:2]}{self.number}"
        request = MoveRequest(request_id=name, to=new, reason="perdido")
        there = self.chain.card(code).balance
        for _ in range(2):  # told twice, it moves once
            moved = vouchers.move(self.shop.service.held, self.shop.service.scope, code, request, actor="test")
            assert (moved.amount, moved.replaced_by.code) == (100 * there, new)
        self.chain.card(code).move(self.chain.card(new), name, self.shop.now)
        self.cards.remove((code, kind))
        self.cards.append((new, kind))
        self.open = [one for one in self.open if code not in one.cards and code not in one.sells]
        return None

    def _came_back(self, code: str) -> bool:
        """A sold card that is nothing any more."""
        sale = self.chain.sales.get(f"s{code[2:]}")
        return sale is not None and code in sale.sells and not sale.counts_uses

    def share(self) -> bool | None:
        """Somebody buys on a relative's account from now on, and what he has goes there. His earlier sales are left alone."""
        free = [one for one in range(1, len(self.shop.customers), 2) if one not in self.chain.head and not self.chain.account(one).holds]
        heads = [one for one in range(0, len(self.shop.customers), 2) if not self.chain.account(one).holds]
        if not heads or len(free) <= len(self.shop.customers) // 4:
            return False
        relative, head = self.random.choice(free), self.random.choice(heads)
        ids = [self.shop.customers[one]["id"] for one in (head, relative)]
        membership.share(self.shop.service.held, self.shop.service.scope, ids[0], RelativeRequest(relative=ids[1]), actor="test")
        self.chain.account(relative).move(self.chain.account(head), f"r{self.number}", self.shop.now)
        self.chain.head[relative] = head
        self.open = [one for one in self.open if one.account != relative]
        self.adjustments = [one for one in self.adjustments if one[1] != relative]
        return None

    def end(self) -> None:
        """Lets go of what is still held."""
        for name in list(self.chain.holds):
            self.shop.hooks.cancel(CancelRequest(request_id=f"end{name}"[:80], store="LX1", at=self.shop.now, hold=name))
            self.chain.release(name, self.shop.now)

    def book_of(self, customer: str, code: str) -> Any:
        """The reference of an account."""
        return self.chain.card(self._names.get(code, code)) if code else self.chain.account(self._numbers[customer])

    @cached_property
    def _names(self) -> dict[str, str]:
        # A voucher that came by the cancellation of a return stands in no reply to the sale: its document says whose it is.
        made = select(VoucherRow.code, DocumentRow.keys).where(VoucherRow.created_by == "rule", DocumentRow.id == VoucherRow.document_id)
        with self.shop.service.held.database.read(self.shop.service.scope) as session:
            found = {code: key for code, keys in session.execute(made) for key in keys if key.startswith("source:till:")}
        return {code: f"VO{key.removeprefix('source:till:')}" for code, key in found.items()} | {
            code: name for name, code in self.codes.items()
        }

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {one["id"]: number for number, one in enumerate(self.shop.customers)}

    def check_uses(self) -> None:
        """Coupons and limits are counted once for each sale that used them."""
        uses = Counter(one.coupon for one in self.chain.sales.values() if one.coupon and one.counts_uses)
        limited = sum(one.counts_uses and one.name in self.limited and one.account is not None for one in self.chain.sales.values())
        with self.shop.service.held.database.read(self.shop.service.scope) as session:
            for row in session.scalars(select(VoucherRow).where(VoucherRow.kind == "coupon")):
                assert (row.used + row.excess, row.held) == (uses[row.code], 0), row.code
                assert row.used <= row.uses
            counted = session.scalar(select(func.sum(UseCounter.used)).where(UseCounter.key == "cartao-cliente/tres/0"))
            assert (counted or 0) == limited
