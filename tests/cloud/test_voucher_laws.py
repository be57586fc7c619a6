"""A shop's day by chance: whatever happens in whatever order, money is conserved and every figure agrees with the documents."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.cloud.test_vouchers import PROGRAMME, issue, publish, voucher

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till

DAY: dict[str, Any] = {
    **PROGRAMME,
    "tiers": {"measure": "spend", "grace_days": 0, "tiers": [{"id": "base", "threshold": 0}, {"id": "prata", "threshold": 20_000}]},
}


class Shop:
    """What a shop does, and what its cards and coupons should say then."""

    def __init__(self, till: Till, chance: random.Random) -> None:
        self.till, self.chance = till, chance
        self.cards = [issue(till, kind="gift_card", type="cartao", amount="100.00")["code"] for _ in range(3)]
        self.coupons = [issue(till, kind="coupon", offer="dez", uses=3)["code"] for _ in range(2)]
        self.paid: dict[str, tuple[str, int]] = {}
        self.used: dict[str, str] = {}
        self.alive: dict[str, int] = {}
        self.returned: dict[str, int] = {}
        self.holds: list[str] = []
        self.number = 0

    def at(self) -> str:
        return self.till.clock.now.isoformat()

    def sell(self) -> None:
        self.number += 1
        name, cents = f"s{self.number}", self.chance.randrange(500, 9_000)
        more: dict[str, Any] = (
            {"customer": {"card": self.till.customer(self.chance.randrange(3))["card"]}} if self.chance.random() < 0.7 else {}
        )
        if self.chance.random() < 0.5:
            card, part = self.chance.choice(self.cards), self.chance.randrange(100, cents + 1)
            self.paid[name] = (card, part)
            more["payments"] = [{"method": "gift_card", "amount": f"{part / 100:.2f}", "code": card}]
        if self.chance.random() < 0.3:
            self.used[name] = self.chance.choice(self.coupons)
            more["applied"] = [{"rule": "dez", "code": self.used[name]}]
        self.till.commit(self.till.document(name, [("PAO-FORMA", "", f"{cents / 100:.2f}")], **more))
        self.alive[name] = cents

    def give(self) -> None:
        name = self.chance.choice(list(self.alive) or [""])
        left = self.alive.get(name, 0) - self.returned.get(name, 0)
        if left <= 0:
            return
        self.number += 1
        cents = left if self.chance.random() < 0.5 else self.chance.randrange(1, left + 1)
        lines = [("PAO-FORMA", "", f"{cents / 100:.2f}")]
        self.till.give(self.till.document(f"r{self.number}", lines, kind="return", reference={"document": name}))
        self.returned[name] = self.returned.get(name, 0) + cents

    def cancel(self) -> None:
        name = self.chance.choice([one for one in self.alive if one not in self.returned] or [""])
        if name:
            self.number += 1
            document = f"source:till:{name}"
            self.till.ok("cancel", {"request_id": f"x{self.number}", "store": "LX1", "at": self.at(), "document": document})
            del self.alive[name]

    def hold(self) -> None:
        self.number += 1
        body = {"request_id": f"h{self.number}", "store": "LX1", "at": self.at(), "codes": [self.chance.choice(self.coupons)]}
        reply = self.till.hook("hold", {**body, "stored_value": [{"code": self.chance.choice(self.cards), "amount": "1.00"}]})
        if reply.status_code == 200:
            self.holds.append(reply.json()["hold"])

    def release(self) -> None:
        if self.holds:
            self.number += 1
            hold = self.holds.pop(self.chance.randrange(len(self.holds)))
            self.till.ok("cancel", {"request_id": f"x{self.number}", "store": "LX1", "at": self.at(), "hold": hold})

    def balance(self, card: str) -> int:
        """Of a card, by what was sold and came back; the cents of a proportion are the sale's, half up."""
        found = 10_000
        for name, (code, part) in self.paid.items():
            if code == card and name in self.alive:
                gross, back = self.alive[name], self.returned.get(name, 0)
                found -= part - (2 * part * back + gross) // (2 * gross)
        return found


@pytest.mark.parametrize("seed", range(3))
def test_money_is_conserved_and_every_use_is_counted_once(service: Service, till: Till, seed: int) -> None:
    publish(till, DAY)
    shop = Shop(till, random.Random(seed))
    for _ in range(70):
        shop.chance.choices([shop.sell, shop.give, shop.cancel, shop.hold, shop.release], [8, 3, 2, 2, 2])[0]()
        till.clock.forward(seconds=7)
    while shop.holds:
        shop.release()
    for card in shop.cards:
        assert round(float(voucher(till, card)["balance"]) * 100) == shop.balance(card)
    for code in shop.coupons:
        found = voucher(till, code)
        # A sale that came back as a whole used up no coupon.
        uses = sum(1 for name, used in shop.used.items() if used == code and shop.returned.get(name, 0) < shop.alive.get(name, 0))
        assert (found["used"] + found["excess"], found["reserved"]) == (uses, 0)
        assert found["used"] <= found["uses"]
    service.sound()
