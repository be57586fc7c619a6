"""The chain of a random day: its programme has a bit of everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from v5_cloud.hooks.service import CloudHooks
from v5_cloud.membership import service as membership
from v5_cloud.membership.schemas import JoinRequest
from v5_cloud.programmes.drafts import publish
from v5_core.programme import Policies, Programme
from v5_reference.chain import STEPS, Chain

__all__ = ["REWARD", "Shop", "open_chain"]

_ZONE: Final = ZoneInfo("Europe/Lisbon")
REWARD: Final = 5
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
                {"kind": "percent_order", "id": "caneca", "percent": "1", "cost": str(REWARD), "exclusive": False},
                {
                    "kind": "percent_order", "id": "tres", "percent": "2", "exclusive": False,
                    "limits": [{"uses": 3, "per": "day", "by": "customer"}],
                },
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
