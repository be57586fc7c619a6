"""A chain at work: every kind of operation by chance, done by the service and noted by `Chain`, which says what should come of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.ledger.tasks import housekeeping
from v5_cloud.membership import adjusting
from v5_cloud.membership import service as membership
from v5_cloud.membership.schemas import AdjustRequest, JoinRequest, RelativeRequest, ReverseRequest
from v5_cloud.models import UseCounter, VoucherRow
from v5_cloud.programmes.drafts import publish
from v5_cloud.settlement.service import settle
from v5_cloud.vouchers import service as vouchers
from v5_cloud.vouchers.schemas import IssueRequest, LoadRequest, MoveRequest
from v5_core.codes import fold_code
from v5_core.errors import ConflictError
from v5_core.hooks import CancelRequest, CommitRequest, HoldRequest, ReturnRequest
from v5_core.model import SalesDocument
from v5_core.programme import Policies, Programme
from v5_reference.chain import STEPS, Back, Chain, Hold, Sale

__all__ = ["Day", "open_chain"]

_ZONE: Final = ZoneInfo("Europe/Lisbon")
_ISSUER: Final = "500100144"
_MINUTES: Final = 15
_REWARD: Final = 5
_USES: Final = 3
_BATCH: Final = 50
LAPSE_DAYS: Final = 3
VOUCHER_DAYS: Final = 5


def _programme(policies: dict[str, str]) -> Programme:
    return Programme.model_validate(
        {
            "id": "cartao-cliente", "version": 2, "name": "Dia", "policies": policies,
            "earning": [{"kind": "per_amount", "id": "euro", "points": "1", "amount": "10.00"}],
            "redemption": {"points": "1", "amount": "1.00", "step": "1"},
            "expiry": {"kind": "days", "count": LAPSE_DAYS},
            "offers": [
                {"kind": "percent_order", "id": "dez", "percent": "10", "coupon": True, "members_only": False},
                {"kind": "percent_order", "id": "caneca", "percent": "1", "cost": str(_REWARD), "exclusive": False},
                {"kind": "percent_order", "id": "tres", "percent": "2", "exclusive": False, "limits": [{"uses": 3, "per": "day", "by": "customer"}]},
            ],
            "stored_value": [
                {"id": "cartao", "kind": "gift_card", "products": ["OFERTA"]},
                {"id": "carteira", "kind": "wallet", "products": ["CARREGA"]},
                {"id": "nota", "kind": "credit_note"},
            ],
            "vouchers": [
                {
                    "id": "obrigado", "kind": "next_purchase", "whole": False, "valid_days": VOUCHER_DAYS,
                    "steps": [{"amount_from": f"{least}.00", "amount": f"{worth}.00"} for least, worth in STEPS],
                }
            ],
            "tiers": {"measure": "spend", "grace_days": 0, "tiers": [{"id": "base", "threshold": 0}, {"id": "prata", "threshold": 50_000}]},
            "clubs": [{"id": "familia", "title": "Família", "shared": True, "months": 0}],
        }
    )  # fmt: skip


@dataclass
class Shop:
    """The service, and who buys."""

    service: Any
    chain: Chain

    @property
    def hooks(self) -> CloudHooks:
        return CloudHooks(self.service.held, self.service.scope)

    @property
    def now(self) -> datetime:
        found: datetime = self.service.clock.now
        return found

    @property
    def customers(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.service.sample["customers"]
        return found


def open_chain(service: Any, policies: dict[str, str]) -> Shop:
    """A chain whose programme has a bit of everything; every second customer may share an account with the next one."""
    publish(service.held, service.scope, _programme(policies), actor="test")
    shop = Shop(service, Chain(Policies.model_validate(policies), _ZONE, lapse_days=LAPSE_DAYS, voucher_days=VOUCHER_DAYS))
    for number, one in enumerate(shop.customers[::2]):
        membership.joined(service.held, service.scope, one["id"], JoinRequest(request_id=f"j{number}", club="familia"), actor="test")
    return shop


def _euros(amount: int) -> str:
    return f"{amount}.00"


@dataclass
class Day:
    """One day, step by step."""

    shop: Shop
    random: Random
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

    def step(self) -> None:
        """Something happens, somewhere, some seconds later."""
        self.number += 1
        self.operations += 1
        jump = self.random.random() < 1 / 350
        self.shop.service.clock.forward(seconds=self.random.randint(6 * 3600, 30 * 3600) if jump else self.random.randint(1, 40))
        action = self.random.choices(list(_WORK), list(_WORK.values()))[0]
        if action(self) is not False:
            self.counts[action.__name__] += 1

    # Documents

    def _customer(self, who: int | None) -> dict[str, str]:
        return {} if who is None else {"card": self.shop.customers[who]["card"]}

    def _body(self, sale: Sale, **more: Any) -> dict[str, Any]:
        lines = [{"line_id": "1", "product": "CAFE-250", "gross": _euros(sale.goods), "net": _euros(sale.goods)}] if sale.goods else []
        for code, euros in sale.sells.items():
            product = "OFERTA" if self._kind(code) == "gift_card" else "CARREGA"
            lines.append(
                {"line_id": "1", "product": product, "kind": "gift_card", "gross": _euros(euros), "net": _euros(euros), "tags": [f"code:{code}"]}
            )  # fmt: skip
        kept = {code: hold for hold in sale.holds for code in (self._held.get(hold) or ())}
        payments: list[dict[str, Any]] = []
        if sale.points:
            named = [hold for hold in sale.holds if "points" in self._held.get(hold, ())]
            payments.append({"method": "points", "amount": _euros(sale.points), **({"hold": named[0]} if named else {})})
        for code, euros in sale.cards.items():
            payments.append({"method": self._kind(code), "amount": _euros(euros), "code": self._code(code), "hold": kept.get(code)})
        rest = sale.gross - sale.points - sum(sale.cards.values())
        if rest > 0 or payments:
            payments.append({"method": "cash", "amount": _euros(max(0, rest)), "hold": kept.get(f"coupon:{sale.coupon}")})
        applied = [{"rule": "dez", "code": sale.coupon}] if sale.coupon else []
        applied += [{"rule": "caneca"}] if sale.rewards else []
        applied += [{"rule": "tres"}] if sale.name in self.limited else []
        return {
            "source": "till", "source_id": sale.name, "origin": "hook", "kind": "sale", "store": "LX1", "issued_at": sale.at,
            "fiscal": {"issuer": _ISSUER, "number": f"FT {sale.name}"}, "lines": lines, "payments": payments, "applied": applied,
            "customer": self._customer(sale.who), "gross": _euros(sale.gross), "net": _euros(sale.gross), **more,
        }  # fmt: skip

    @property
    def _held(self) -> dict[str, dict[str, int]]:
        return self._names

    _names: dict[str, dict[str, int]] = field(default_factory=dict)

    def _kind(self, name: str) -> str:
        return {"GC": "gift_card", "WA": "wallet", "VO": "voucher", "NC": "credit_note"}[name[:2]]

    def _code(self, name: str) -> str:
        """The code of a card; those of vouchers are the service's own."""
        return self.codes.get(name, name)

    def _commit(self, sale: Sale) -> None:
        document = SalesDocument.model_validate(self._body(sale))
        if self.batch is not None:
            self.chain.settle(sale)
            self.chain.use_up(sale.holds, sale.cards, self.shop.now)
            self.batch.append((document, self._told(sale)))
            return
        request = CommitRequest(request_id=f"c{self.number}", document=document)
        reply = self.shop.hooks.commit(request)
        self._booked(sale, None if reply.duplicate else reply)

        def again() -> None:
            assert self.shop.hooks.commit(request).duplicate

        self.done.append(again)

    def _booked(self, sale: Sale, reply: Any) -> None:
        self.chain.settle(sale)
        self.chain.use_up(sale.holds, sale.cards, self.shop.now)
        check = self._told(sale)
        if reply is not None:  # who tells the same again is told the same again
            check(reply)

    def _told(self, sale: Sale) -> Callable[[Any], None]:
        """What the reply to a sale should say now."""
        figures, brings = (1000 * sale.earned, 1000 * sale.spent), self.chain.brings(sale)
        balance = self._balance(sale)

        def check(reply: Any) -> None:
            assert (reply.points_earned, reply.points_spent) == figures, sale
            made = [fold_code(one.code) for one in reply.vouchers if one.rule == "obrigado"]
            assert bool(brings) == bool(made), sale
            if made and sale.voucher not in self.codes:
                self.codes[sale.voucher] = made[0]
                self.cards.append((sale.voucher, "voucher"))
            self._shows(reply.balance, balance, (sale, self.number))

        return check

    def _balance(self, sale: Sale) -> tuple[int, int] | None:
        if sale.account is None:
            return None
        book = self.chain.account(sale.account)
        return 1000 * book.available(self.shop.now), 1000 * book.held

    @staticmethod
    def _shows(balance: Any, expected: tuple[int, int] | None, what: object = None) -> None:
        if balance is not None:
            assert (balance.available, balance.held) == expected, (balance.available, balance.held, expected, what)

    def _sale(self, **more: Any) -> Sale:
        """A sale of goods; now and then it comes hours after it happened, or nobody knows whose it is."""
        at = self._now - timedelta(hours=3, microseconds=17) if self.random.random() < 0.05 else self._now
        who = None if self.random.random() < 0.1 else self.random.randrange(len(self.shop.customers))
        goods = int(self.random.triangular(3, 180, 30))
        return Sale(f"s{self.number}", at, goods, voucher=f"VOs{self.number}", **{"who": who, **more})

    def sell(self) -> None:
        """Paid with this and that, offers taken."""
        sale = self._sale()
        left = sale.goods
        if sale.who is not None and self.random.random() < 0.25:
            there = self.chain.account(self.chain.whose(sale.who)).available(self.shop.now)
            # More than there are: paid at a till whose line was down.
            sale.points = min(left, self.random.randint(1, max(1, there + (3 if self.random.random() < 0.1 else 0))))
            left -= sale.points
            sale.rewards = _REWARD if self.random.random() < 0.2 else 0
        if left and self.cards and self.random.random() < 0.3:
            code, _ = self.random.choice(self.cards[-60:])
            sale.cards = {code: self.random.randint(1, left)}
        if self.random.random() < 0.2:
            sale.coupon = self._coupon()
        if sale.who is not None and self.random.random() < 0.2:
            self.limited[sale.name] = 1
        self._commit(sale)
        self.open.append(sale)

    @property
    def _now(self) -> datetime:
        # The documents of a batch happened one after the other until it was sent.
        return self.shop.now - timedelta(microseconds=_BATCH * 1000 - len(self.batch) * 1000) if self.batch is not None else self.shop.now

    def push(self) -> None:
        """An agent's batch: documents of the ERP and of tills whose line was down, some told twice."""
        self.batch = []
        size = self.random.randint(2, _BATCH - 5)
        while len(self.batch) < size:
            self.number += 1
            work = (Day.sell, Day.give_back, Day.cancel, Day.report_again, Day.sell_card)
            self.random.choices(work, (40, 14, 8, 8, 5))[0](self)
        batch, self.batch = self.batch, None
        found = settle(self.shop.service.held, self.shop.service.scope, [document for document, _ in batch])
        self.operations += len(batch) - 1
        for (_, check), one in zip(batch, found, strict=True):
            if not one.duplicate:
                check(one.reply)

    def _coupon(self) -> str:
        if self.batch is not None and self.coupons:
            return self.random.choice(self.coupons[-8:])
        if len(self.coupons) < 5 or self.random.random() < 0.02:
            request = IssueRequest(request_id=f"k{self.number}", kind="coupon", offer="dez", uses=_USES)
            self.coupons.append(fold_code(vouchers.issue(self.shop.service.held, self.shop.service.scope, request, actor="test")[0].code))
        return self.random.choice(self.coupons[-8:])

    def sell_card(self) -> None:
        """A gift card is sold, or a wallet loaded at the till."""
        wallets = [code for code, kind in self.cards[-60:] if kind == "wallet"]
        code = self.random.choice(wallets) if wallets and self.random.random() < 0.5 else f"GC{self.number}"
        if code not in wallets:
            self.cards.append((code, "gift_card"))
        sale = Sale(f"s{self.number}", self._now, 0, sells={code: self.random.randint(5, 90)})
        self._commit(sale)
        self.open.append(sale)

    def report_again(self) -> bool | None:
        """The ERP tells the same sale: other goods, whose it was; or the till corrects itself."""
        usable = [one for one in self.open[-80:] if one.goods and not one.cancelled]
        if not usable:
            return False
        sale = self.random.choice(usable)
        paid = sale.points + sum(sale.cards.values())
        sale.goods = max(1, paid, sale.goods + self.random.randint(-30, 30))
        if not sale.holds and (sale.who is None or self.random.random() < 0.3):
            sale.who = self.random.randrange(len(self.shop.customers))
        if sale.name in self._told_by_erp or self.random.random() < 0.5:
            self._told_by_erp.add(sale.name)
            till = SalesDocument.model_validate(self._body(sale))
            erp = self._body(sale, source="phc", source_id=f"ft{sale.name}", origin="erp", payments=[], applied=[])
            if self.batch is None:
                found = settle(self.shop.service.held, self.shop.service.scope, [till, SalesDocument.model_validate(erp)])[1]
                self._booked(sale, None if found.duplicate else found.reply)
            else:
                self.chain.settle(sale)
                self.batch += [(till, lambda _: None), (SalesDocument.model_validate(erp), self._told(sale))]
        else:
            self._commit(sale)
        return None

    _told_by_erp: set[str] = field(default_factory=set)

    def give_back(self) -> bool | None:
        """A part, or all that is left; money goes back onto cards, or onto a credit note."""
        usable = [one for one in self.open[-80:] if one.returned < one.gross and not one.cancelled]
        if not usable:
            return False
        sale = self.random.choice(usable)
        left = sale.gross - sale.returned
        euros = left if sale.sells or self.random.random() < 0.3 else self.random.randint(1, left)
        back = Back(f"n{self.number}", self._now, euros)
        rest = euros
        for code, paid in sale.cards.items():
            back.onto[code] = self.random.randint(0, min(paid, rest))
            rest -= back.onto[code]
        if rest and self.random.random() < 0.2:
            code = f"NC{self.number}"
            self.cards.append((code, "credit_note"))
            back.note = (code, rest)
        sale.backs.append(back)
        self._return(sale, back)
        return None

    def _return_body(self, sale: Sale, back: Back, **more: Any) -> dict[str, Any]:
        product = "CAFE-250" if sale.goods else "OFERTA"
        euros = _euros(back.euros)
        line = {
            "line_id": "1", "product": product, "gross": euros, "net": euros, "reference": {"document": sale.name, "line": "1"},
            "kind": "product" if sale.goods else "gift_card",
        }  # fmt: skip
        payments = [{"method": self._kind(code), "amount": _euros(part), "code": self._code(code)} for code, part in back.onto.items()]
        payments += [{"method": "credit_note", "amount": _euros(back.note[1]), "code": back.note[0]}] if back.note else []
        return {
            "source": "till", "source_id": back.name, "origin": "hook", "kind": "return", "store": "LX1", "issued_at": back.at,
            "lines": [line], "payments": [*payments, {"method": "cash", "amount": "0.00"}], "gross": euros, "net": euros, **more,
        }  # fmt: skip

    def _return(self, sale: Sale, back: Back) -> None:
        document = SalesDocument.model_validate(self._return_body(sale, back))
        if self.batch is not None:
            self.chain.settle(sale)
            balance = self._balance(sale)
            self.batch.append((document, lambda reply: self._shows(reply.balance, balance, (sale, document))))
            return
        request = ReturnRequest(request_id=f"b{self.number}", document=document)
        reply = self.shop.hooks.return_(request)
        self.chain.settle(sale)
        self._shows(reply.balance, self._balance(sale))

        def again() -> None:
            assert self.shop.hooks.return_(request).duplicate

        self.done.append(again)

    def cancel(self) -> bool | None:
        """A sale, whatever came back of it; or a credit note."""
        usable = [one for one in self.open[-80:] if not one.cancelled]
        if not usable:
            return False
        sale = self.random.choice(usable)
        backs = [one for one in sale.backs if not one.cancelled]
        if backs and self.random.random() < 0.6:
            back = self.random.choice(backs)
            back.cancelled, name = self._now, back.name
        else:
            sale.cancelled, name = self._now, sale.name
        if self.batch is not None:
            gone = {"status": "cancelled", "cancelled_at": self._now}
            body = self._body(sale, **gone) if sale.cancelled else self._return_body(sale, back, **gone)
            self.chain.settle(sale)
            balance = self._balance(sale)
            self.batch.append((SalesDocument.model_validate(body), lambda reply: self._shows(reply.balance, balance)))
            return None
        request = CancelRequest(request_id=f"x{self.number}", store="LX1", at=self.shop.now, document=f"source:till:{name}")
        reply = self.shop.hooks.cancel(request)
        self.chain.settle(sale)
        self._shows(reply.balance, self._balance(sale))
        self.done.append(lambda: self._same(self.shop.hooks.cancel(request), reply))
        return None

    @staticmethod
    def _same(one: object, other: object) -> None:
        assert one == other

    # Holds

    def hold(self) -> bool | None:
        """A till keeps points, money on a card, a coupon, or several of these; there may be too few."""
        if any(one.expires <= self.shop.now for one in self.chain.holds.values()):
            self.keep_house()
        who = self.random.randrange(len(self.shop.customers))
        hold = Hold("", self.shop.now + timedelta(minutes=_MINUTES), who, self.random.randint(0, 6))
        active = [
            code
            for code, kind in self.cards[-40:]
            if kind in ("gift_card", "wallet") and self.chain.card(code).available(self.shop.now) > 0
        ]
        if active and (not hold.points or self.random.random() < 0.3):
            code = self.random.choice(active)
            hold.cards = {code: self.random.randint(1, self.chain.card(code).available(self.shop.now) + 2)}
        if not hold.points and not hold.cards:
            return False
        request = HoldRequest.model_validate(
            {
                "request_id": f"h{self.number}", "store": "LX1", "at": self.shop.now, "customer": self._customer(who),
                "points": str(hold.points), "ttl_seconds": _MINUTES * 60,
                "stored_value": [{"code": code, "amount": _euros(part)} for code, part in hold.cards.items()],
            }
        )  # fmt: skip
        try:
            reply = self.shop.hooks.hold(request)
        except ConflictError as error:
            if error.error_code not in ("insufficient_points", "insufficient_value"):
                return False
            assert not self.chain.place(hold, self.shop.now), error.error_code
            return None
        hold.name = reply.hold
        assert self.chain.place(hold, self.shop.now), hold
        self._names[hold.name] = {**hold.cards, **({"points": hold.points} if hold.points else {})}
        self.done.append(lambda: self._same(self.shop.hooks.hold(request), reply))
        return None

    def pay_held(self) -> bool | None:
        """The sale for which a hold was placed, with all of it or a part; perhaps after the hold's time."""
        if not self.chain.holds:
            return False
        hold = self.random.choice(list(self.chain.holds.values()))
        sale = self._sale(who=hold.who)
        sale.at, sale.holds, sale.points = self.shop.now, (hold.name,), hold.points
        sale.cards = {code: self.random.randint(1, part) for code, part in hold.cards.items()}
        sale.goods = sale.points + sum(sale.cards.values()) + self.random.randint(1, 120)
        if hold.points:
            sale.who = self.chain.whose(sale.who) if sale.who is not None else None
        self._commit(sale)
        self.open.append(sale)
        return None

    def release(self) -> bool | None:
        """The sale was abandoned."""
        if not self.chain.holds:
            return False
        name = self.random.choice(list(self.chain.holds))
        request = CancelRequest(request_id=f"x{self.number}", store="LX1", at=self.shop.now, hold=name)
        reply = self.shop.hooks.cancel(request)
        assert reply.released
        self.chain.release(name, self.shop.now)
        self.done.append(lambda: self._same(self.shop.hooks.cancel(request), reply))
        return None

    def replay(self) -> bool | None:
        """A till that heard no answer sends what it sent before."""
        if not self.done:
            return False
        self.random.choice(self.done)()
        return None

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

    def end(self) -> None:
        """Lets go of what is still held."""
        for name in list(self.chain.holds):
            self.shop.hooks.cancel(CancelRequest(request_id=f"end{name}"[:80], store="LX1", at=self.shop.now, hold=name))
            self.chain.release(name, self.shop.now)

    def book_of(self, customer: str, code: str) -> Any:
        """The reference of an account."""
        if code:
            return self.chain.card(code)
        return self.chain.account(next(i for i, one in enumerate(self.shop.customers) if one["id"] == customer))

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


_WORK: Final = {
    Day.sell: 40, Day.give_back: 14, Day.cancel: 8, Day.report_again: 8, Day.sell_card: 5, Day.hold: 10, Day.pay_held: 5, Day.release: 3,
    Day.replay: 4, Day.push: 18, Day.keep_house: 0.4, Day.adjust: 3, Day.issue_wallet: 1,
}  # fmt: skip
