"""A chain at work: every kind of operation by chance, done by the service and noted by `Chain`, which says what should come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from v5_cloud.settlement.service import settle
from v5_cloud.vouchers import service as vouchers
from v5_cloud.vouchers.schemas import IssueRequest
from v5_core.codes import fold_code
from v5_core.errors import ConflictError
from v5_core.hooks import CancelRequest, CommitRequest, HoldRequest, ReturnRequest
from v5_core.model import SalesDocument
from v5_reference.chain import Back, Hold, Sale
from v5_reference.papers import Papers, euros_of
from v5_reference.shop import REWARD

__all__ = ["Day"]

_ISSUER: Final = "500100144"
_MINUTES: Final = 15
_USES: Final = 3


@dataclass
class Day(Papers):
    """One day, step by step."""

    def step(self) -> None:
        """Something happens, somewhere, some seconds later."""
        self.number += 1
        self.operations += 1
        jump = self.random.random() < 1 / 350
        self.shop.service.clock.forward(seconds=self.random.randint(6 * 3600, 30 * 3600) if jump else self.random.randint(1, 40))
        action = self.random.choices(list(_WORK), list(_WORK.values()))[0]
        if action(self) is not False:
            self.counts[action.__name__] += 1

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
            sale.rewards = REWARD if self.random.random() < 0.2 else 0
        if left and self.cards and self.random.random() < 0.3:
            code, _ = self.random.choice(self.cards[-60:])
            sale.cards = {code: self.random.randint(1, left)}
        if self.random.random() < 0.2:
            sale.coupon = self._coupon()
        if sale.who is not None and self.random.random() < 0.2:
            self.limited[sale.name] = 1
        self._commit(sale)
        self.open.append(sale)

    def push(self) -> None:
        """An agent's batch: documents of the ERP and of tills whose line was down, some told twice."""
        self.batch = []
        size = self.random.randint(2, self.most)
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
        if sale.points and not sale.holds and self.random.random() < 0.5:  # he had paid with more points, or with fewer
            sale.points = max(1, sale.points + self.random.randint(-6, 3))
        if sale.cards and not sale.holds and self.random.random() < 0.5:
            sale.cards = {code: max(1, euros + self.random.randint(-6, 3)) for code, euros in sale.cards.items()}
        paid = sale.points + sum(sale.cards.values())
        goods = max(1, paid, sale.goods + self.random.randint(-30, 30))
        if not sale.holds and (sale.who is None or self.random.random() < 0.3):
            sale.who = self.random.randrange(len(self.shop.customers))
        if sale.name in self._told_by_erp:  # the till tells first: whose it is counts at once, its goods are what the ERP last said
            self.chain.settle(sale)
        sale.goods = goods
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
            self.batch.append((SalesDocument.model_validate(body), lambda reply: self._shows(reply.balance, balance, (sale, self.number))))
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
                "stored_value": [{"code": code, "amount": euros_of(part)} for code, part in hold.cards.items()],
            }
        )  # fmt: skip
        try:
            reply = self.shop.hooks.hold(request)
        except ConflictError as error:
            if error.error_code not in ("insufficient_points", "insufficient_value"):
                return False
            self._same(self.chain.place(hold, self.shop.now), other=False)
            return None
        hold.name = reply.hold
        assert self.chain.place(hold, self.shop.now), hold
        self._held[hold.name] = {**hold.cards, **({"points": hold.points} if hold.points else {})}
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


_WORK: Final = {
    Day.sell: 40, Day.give_back: 14, Day.cancel: 8, Day.report_again: 8, Day.sell_card: 5, Day.hold: 10, Day.pay_held: 5, Day.release: 3,
    Day.replay: 4, Day.push: 18, Day.keep_house: 0.4, Day.adjust: 3, Day.issue_wallet: 1,
    Day.lose_card: 1, Day.share: 0.3,
}  # fmt: skip
