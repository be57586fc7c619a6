"""Vouchers as people look at them: lists in which a code is whole only for those who may issue, and what happened to one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from v5_cloud.customers.repository import CustomerRepository
from v5_cloud.kit.container import Container
from v5_cloud.kit.pagination import Page, decode, instant, page_of
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import AuditRow
from v5_cloud.vouchers.repository import VoucherRepository
from v5_cloud.vouchers.schemas import HistoryLine, VoucherFilter, VoucherItem
from v5_cloud.vouchers.service import item_of_pair
from v5_core.codes import fold_code
from v5_core.errors import NotFoundError

__all__ = ["Search", "count", "found", "history", "masked", "names", "of_customer", "search", "state_of"]

SHOWN: Final = 4
"""Characters at the end of a code that everybody sees."""
_LEAST: Final = 3
_SOON: Final = timedelta(days=30)
_HISTORY: Final = 200
_DONE: Final = {"spend": "use", "give": "return", "take": "undo", "expire": "lapse", "move": "move"}
Search = VoucherFilter


def masked(code: str) -> str:
    """A code of which only the end is shown."""
    return f"•••• {code[-SHOWN:]}" if len(code) > 2 * SHOWN else "••••"


def search(text: str, now: datetime, *, whole: bool, validity: str = "", **more: str) -> VoucherFilter:
    """What people ask of the list.

    Args:
        text: As typed or scanned.
        now: The present instant.
        whole: The asker sees whole codes, and finds them by any part. Everybody else finds one by the whole of it, or by the four
            characters that they see anyway: by longer ends, one would be guessed character by character.
        validity: "valid", "soon" (ends within 30 days) or "ended".
        more: The rest of the filter.
    """
    code = fold_code(text)
    part = tail = exact = ""
    if whole and len(code) >= _LEAST:
        part = code
    elif len(code) == SHOWN:
        tail = code
    else:
        exact = code
    ends = {"soon": now + _SOON, "ended": now}.get(validity)
    return VoucherFilter(part=part, tail=tail, code=exact, ends=ends, lives_at=now if validity in ("valid", "soon") else None, **more)


def found(container: Container, scope: Scope, wanted: VoucherFilter, *, whole: bool, cursor: str | None, limit: int) -> Page[VoucherItem]:
    """Vouchers, newest first. Without the right to whole codes they are masked here, before any page sees them.

    A masked list counts its rows from the first one: a cursor that names the last row would give its code away.
    """
    after = decode(cursor, 2 if whole else 1)
    place = (instant(after[0]), after[1]) if after and whole else None
    passed = _number(after[0]) if after and not whole else 0
    with container.database.read(scope) as session:
        rows = VoucherRepository(session, scope).found(wanted, place, limit + 1, passed=passed)
    if whole:
        return page_of(rows, limit, item_of_pair, lambda row: (row[0].created_at.isoformat(), row[0].code))
    listed = page_of(rows, limit, item_of_pair, lambda _: (str(passed + limit),))
    if wanted.code:
        return listed  # who typed all of it knows it
    hidden = [one.model_copy(update={"code": masked(fold_code(one.code)), "moved_to": ""}) for one in listed.items]
    return Page(items=hidden, next_cursor=listed.next_cursor)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def count(container: Container, scope: Scope, wanted: VoucherFilter) -> int:
    """How many these are."""
    with container.database.read(scope) as session:
        return VoucherRepository(session, scope).count(wanted)


def of_customer(container: Container, scope: Scope, customer: str, *, whole: bool, limit: int = 50) -> list[VoucherItem]:
    """A customer's vouchers, newest first."""
    return found(container, scope, VoucherFilter(customer=customer), whole=whole, cursor=None, limit=limit).items


def state_of(one: VoucherItem, now: datetime) -> str:
    """In one word: "blocked", "moved", "cancelled", "lapsed", "early", "held", "used" or "good"."""
    if one.state != "active":
        return one.state
    if one.valid_until is not None and one.valid_until <= now:
        return "lapsed"
    if one.valid_from is not None and one.valid_from > now:
        return "early"
    money = one.kind not in ("coupon", "percent")
    left = one.balance + one.held if money else one.uses - one.used
    if left <= 0:
        return "empty" if one.kind == "wallet" else "used"
    return "held" if (one.balance <= 0 if money else left <= one.reserved) else "good"


def names(container: Container, scope: Scope, customers: Iterable[str | None]) -> dict[str, str]:
    """Names of customers by id."""
    wanted = {one for one in customers if one}
    if not wanted:
        return {}
    with container.database.read(scope) as session:
        return {row.id: row.name for row in VoucherRepository(session, scope).people(wanted)}


def history(container: Container, scope: Scope, code: str) -> list[HistoryLine]:
    """What happened to one of them, newest first.

    Raises:
        NotFoundError: No such code.
    """
    with container.database.read(scope) as session:
        repository = VoucherRepository(session, scope)
        rows = repository.by_codes([fold_code(code)])
        if not rows:
            raise NotFoundError("There is no such code.", code="unknown")
        row = rows[0]
        notes = list(repository.noted(row.code, row.created_at))
        lines: list[HistoryLine] = []
        if row.account_id is not None:
            moves = CustomerRepository(session, scope).movements(row.account_id, None, _HISTORY)
            for place, one in enumerate(moves):
                note = next((known for known in notes if known.at == one.at and _moves_money(known)), None)
                if note is not None:
                    notes.remove(note)
                document = one.DocumentRow
                lines.append(
                    HistoryLine(
                        at=one.at, what=_what(one.operation, note, first=place == len(moves) - 1), amount=int(one.points),
                        balance=int(one.balance), document=one.document_id if document is not None else None,
                        number=document.number if document is not None else "", store=one.store or "",
                        actor=note.actor if note is not None else "",
                    )
                )  # fmt: skip
            lines += [
                HistoryLine(at=one.created_at, what="hold", amount=-(one.points - one.captured), until=one.expires_at)
                for one in repository.open_holds(row.account_id)
            ]
        lines += _by_hand(notes)
    return sorted(lines, key=lambda one: one.at, reverse=True)


def _moves_money(note: AuditRow) -> bool:
    return note.action.startswith(("voucher.issue", "voucher.load", "voucher.move"))


def _what(operation: str, note: AuditRow | None, *, first: bool) -> str:
    if operation != "earn":
        return _DONE.get(operation, operation)
    if note is not None:
        return note.action.split(".")[1]
    return "issue" if first else "load"


def _by_hand(notes: Sequence[AuditRow]) -> list[HistoryLine]:
    return [HistoryLine(at=one.at, what=one.action.split(".")[1], actor=one.actor) for one in notes]
