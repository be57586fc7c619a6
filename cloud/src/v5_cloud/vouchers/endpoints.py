"""Vouchers over REST."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Path, Query

from v5_cloud.access.dependencies import Issuer, Reader
from v5_cloud.access.service import Machine
from v5_cloud.kit.container import Container, container
from v5_cloud.kit.pagination import Cursor, Limit, Page
from v5_cloud.kit.route import api_router
from v5_cloud.tenants.service import company_info
from v5_cloud.vouchers import extending, looking, service
from v5_cloud.vouchers.schemas import (
    BlockRequest,
    ExtendRequest,
    IssueRequest,
    LoadRequest,
    Moved,
    MoveRequest,
    VoucherFilter,
    VoucherItem,
    VoucherMovement,
)
from v5_core.codes import fold_code
from v5_core.days import day_end
from v5_core.model import Day

__all__ = ["router"]

router = api_router("/v1/vouchers", "vouchers")
Held = Annotated[Container, Depends(container)]
_ANY = "In any spelling: spaces, dashes and case do not count."
VoucherCode = Annotated[str, Path(max_length=80, pattern=r"^[^\x00-\x1f\x7f/]+$", description=_ANY)]
Filter = Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_-]*$")]
Kind = Literal["", "coupon", "percent", "voucher", "gift_card", "wallet", "credit_note"]


@router.get("")
def listed(
    held: Held,
    machine: Reader,
    kind: Kind = "",
    customer: Filter = "",
    state: Literal["", "active", "blocked", "moved", "cancelled"] = "",
    run: Filter = "",
    ending: Annotated[Day | None, Query(description="Only those whose last day is not after this one.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[VoucherItem]:
    """Vouchers, coupons, gift cards, wallets and credit notes, newest first. Codes are whole for keys with the scope `vouchers` only."""
    ends = day_end(ending, company_info(held, machine.scope).default_zone) if ending else None
    wanted = VoucherFilter(kind=kind, customer=customer, state=state, run=run, ends=ends)
    return looking.found(held, machine.scope, wanted, whole=_whole(machine), cursor=cursor, limit=limit)


def _whole(machine: Machine) -> bool:
    # A code is money for whoever has it: who may only read sees the end of it, as people without that right do.
    return "vouchers" in machine.scopes


@router.post("", status_code=201)
def issue(held: Held, machine: Issuer, body: IssueRequest) -> Page[VoucherItem]:
    """Issues one or many, each with a code of its own. Needs the scope `vouchers`."""
    return Page(items=service.issue(held, machine.scope, body, actor=f"key:{machine.id}"))


@router.get("/{code}")
def get(held: Held, machine: Reader, code: VoucherCode) -> VoucherItem:
    """One of them by its code. Of a lost one, who may only read does not learn which code took over."""
    found = service.get(held, machine.scope, code)
    if not found.moved_to or _whole(machine):
        return found
    return found.model_copy(update={"moved_to": looking.masked(fold_code(found.moved_to))})


@router.get("/{code}/movements")
def movements(held: Held, machine: Reader, code: VoucherCode) -> Page[VoucherMovement]:
    """The last 200 movements of money on it, newest first."""
    return Page(items=service.movements(held, machine.scope, code))


@router.post("/{code}/load")
def load(held: Held, machine: Issuer, code: VoucherCode, body: LoadRequest) -> VoucherItem:
    """Loads a wallet with money that was paid."""
    return service.load(held, machine.scope, code, body, actor=f"key:{machine.id}")


@router.post("/{code}/block")
def block(held: Held, machine: Issuer, code: VoucherCode, body: BlockRequest) -> VoucherItem:
    """Blocks it, or lets it be used again."""
    return service.block(held, machine.scope, code, body, actor=f"key:{machine.id}")


@router.post("/{code}/extend")
def extend(held: Held, machine: Issuer, code: VoucherCode, body: ExtendRequest) -> VoucherItem:
    """A later last day, also for the money that is on it."""
    return extending.extend(held, machine.scope, code, body, actor=f"key:{machine.id}")


@router.post("/{code}/move")
def move(held: Held, machine: Issuer, code: VoucherCode, body: MoveRequest) -> Moved:
    """Moves the balance of a lost one to another code, or to a new one."""
    return service.move(held, machine.scope, code, body, actor=f"key:{machine.id}")
