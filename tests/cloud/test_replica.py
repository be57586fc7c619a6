"""What travels to a store with a customer, and when: levels, memberships, vouchers, uses; and nothing of it where there is none."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from v5_cloud.models import AuditRow, MembershipRow, VoucherRow
from v5_cloud.programmes.drafts import publish
from v5_core.programme import (
    AmountOffer,
    Club,
    EarnPerAmount,
    Entitlement,
    Limit,
    PercentOffer,
    Programme,
    StoredValueType,
    Tier,
    TierScheme,
)

if TYPE_CHECKING:
    from tests.cloud.conftest import Service, Till


def rich() -> Programme:
    """A programme that asks for everything."""
    return Programme(
        id="rich",
        name="Rich",
        earning=(EarnPerAmount(id="per-euro", points=1000, amount=100),),
        offers=(
            PercentOffer(id="once", title="Once a month", percent=1000, limits=(Limit(uses=1, per="month", by="customer"),)),
            AmountOffer(id="alteration", title="Alteration", amount=500, entitlement="alter", when="club = 'gold'"),
        ),
        stored_value=(StoredValueType(id="card", kind="gift_card", title="Gift card"),),
        tiers=TierScheme(tiers=(Tier(id="basic", title="Basic", threshold=0), Tier(id="silver", title="Silver", threshold=5000))),
        clubs=(Club(id="gold", title="Gold", entitlements=(Entitlement(id="alter", title="Alteration", uses=2),)),),
    )


def changes(till: Till, since: int) -> tuple[int, list[dict[str, Any]], str]:
    reply = till.signed("/v1/replica", {"since": since})
    assert reply.status_code == 200, reply.text
    read = reply.json()
    return read["version"], read["customers"], reply.text


def test_a_plain_customer_is_written_without_what_is_empty(till: Till) -> None:
    till.enrol_agent()
    _, customers, _ = changes(till, 0)
    for one in customers:
        assert not one.keys() & {"tiers", "memberships", "vouchers", "used", "plastic", "segments", "sales", "blocked"}
        assert len(json.dumps(one, separators=(",", ":"), ensure_ascii=False)) < 260


@pytest.mark.feature("NX-03", "PR-31")
def test_a_sale_carries_level_visits_and_uses_to_the_stores(service: Service, till: Till) -> None:
    publish(service.held, service.scope, rich(), actor="test")
    till.enrol_agent()
    since, _, _ = changes(till, 0)
    card = till.customer()["card"]
    till.commit(till.document("1", [("X", "f", "60.00")], customer={"card": card}, applied=[{"rule": "once"}]))
    version, (one,), _ = changes(till, since)
    assert version > since
    assert one["tiers"][0] | {"until": None} == {"programme": "rich", "tier": "silver", "measure": 6000, "until": None}
    assert (one["sales"], one["last_visit"]) == (1, "2026-11-20")
    assert one["used"] == {"2026-11|rich/once/0": 1}


@pytest.mark.feature("NX-03", "PR-32")
def test_memberships_and_vouchers_make_the_customer_new_for_the_stores(service: Service, till: Till) -> None:
    publish(service.held, service.scope, rich(), actor="test")
    till.enrol_agent()
    since, _, _ = changes(till, 0)
    whose, now = till.customer(2)["id"], service.clock.now
    company = service.scope.company
    with service.held.database.write(service.scope) as session:
        session.add(
            MembershipRow(
                tenant_id=service.scope.tenant, company_id=company, customer_id=whose, programme="rich", club="gold", id="mb_1",
                since=date(2026, 1, 1), starts=date(2026, 1, 1), until=date(2026, 12, 31), breaks=[], renewals=[], created_at=now,
                updated_at=now,
            )
        )  # fmt: skip
        session.add(
            VoucherRow(
                tenant_id=service.scope.tenant, company_id=company, code="WELCOME7", kind="percent", programme="rich", percent=700,
                customer_id=whose, stores=[], created_at=now, updated_at=now,
            )
        )  # fmt: skip
    since, (one,), _ = changes(till, since)
    assert one["customer"] == whose
    assert one["memberships"] == [{"programme": "rich", "club": "gold", "since": "2026-01-01", "until": "2026-12-31"}]
    assert one["vouchers"] == [{"code": "WELCOME7", "kind": "percent", "programme": "rich", "percent": "7"}]
    used = [{"rule": "alteration"}, {"rule": "voucher", "code": "WELCOME7"}]
    till.commit(till.document("2", [("X", "f", "20.00")], customer={"card": till.customer(2)["card"]}, applied=used))
    _, (one,), _ = changes(till, since)
    assert one["memberships"][0]["used"] == {"alter": 1}
    assert "vouchers" not in one, "it is used up"


@pytest.mark.feature("NX-03")
def test_what_a_store_told_otherwise_is_kept_with_both_explanations_and_the_sale_counts(service: Service, till: Till) -> None:
    till.enrol_agent()
    card = till.customer()["card"]
    told = {"earned": "12", "explanations": [{"rule": "old-rule", "version": 3, "text": "12 points"}]}
    wrong = till.event("document", till.document("1", [("CAFE-250", "mercearia", "10.00")], customer={"card": card})) | {"told": told}
    right = till.event("document", till.document("2", [("CAFE-250", "mercearia", "10.00")], customer={"card": card}))
    right |= {"told": {"earned": "10"}}
    assert [one["status"] for one in till.push(wrong, right)] == ["accepted", "accepted"]
    assert till.balance() == "20", "the ledger's figure counts"
    with service.held.database.read(service.scope) as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "sale.difference")).all()
    (found,) = [json.loads(row.detail) for row in rows]
    assert (found["till"]["earned"], found["ledger"]["earned"]) == ("12", "10")
    assert found["till"]["explanations"] == ["old-rule v3: 12 points"]
    assert "compras" in found["ledger"]["explanations"][0]
    service.sound()


@pytest.mark.feature("NX-03")
def test_a_coupon_that_two_stores_took_without_a_line_counts_once_and_no_sale_is_lost(service: Service, till: Till) -> None:
    publish(service.held, service.scope, rich(), actor="test")
    till.enrol_agent()
    one, now = till.customer(), service.clock.now
    with service.held.database.write(service.scope) as session:
        session.add(
            VoucherRow(
                tenant_id=service.scope.tenant, company_id=service.scope.company, code="WELCOME7", kind="percent", programme="rich",
                percent=700, customer_id=one["id"], stores=[], created_at=now, updated_at=now,
            )
        )  # fmt: skip

    def sold_offline(number: str) -> tuple[str, str]:
        held = {"request_id": f"h{number}", "store": "LX1", "at": now.isoformat(), "customer": {"card": one["card"]}, "codes": ["WELCOME7"]}
        used = [{"rule": "voucher", "code": "WELCOME7"}]
        sale = till.document(number, [("X", "f", "20.00")], customer={"card": one["card"]}, applied=used)
        results = till.push(till.event("hold", held), till.event("document", sale))
        return results[0]["status"], results[1]["status"]

    assert sold_offline("1") == ("accepted", "accepted")
    assert sold_offline("2") == ("rejected", "accepted"), "the second store's hold is told to a person; its sale counts"
    with service.held.database.read(service.scope) as session:
        (row,) = session.scalars(select(VoucherRow).where(VoucherRow.code == "WELCOME7")).all()
        assert (row.used, row.held, row.excess) == (1, 0, 1)
        (found,) = session.scalars(select(AuditRow).where(AuditRow.action == "sale.finding")).all()
        assert "WELCOME7" in json.loads(found.detail)["messages"][0]
    service.sound()
