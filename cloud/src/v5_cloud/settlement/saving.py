"""What a transaction changed in its documents, as rows."""

from __future__ import annotations

from typing import Any, Final

import orjson

from v5_cloud.kit.bulk import Mode, WriteSet
from v5_cloud.models import DocumentKey, DocumentRevision, DocumentRow, PendingRef, ReturnLink, StoreDay
from v5_cloud.segments import shopping
from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.world import World

__all__ = ["collect"]

_SLOTS: Final = 16


def collect(world: World, writes: WriteSet) -> None:
    """Puts all that changed into the write set."""
    changed = [doc for doc in world.docs.values() if doc.dirty and doc.merged is not None]
    for doc in changed:
        day = doc.body.issued_at.astimezone(world.zone(doc)).date()
        writes.put(DocumentRow, [doc.row(world.company.id, day, world.now)], "insert" if doc.new else "replace")
        _keys(world, doc, writes)
        _day(world, doc, doc.count(day), writes)
        shopping.collect(writes, world.company.id, doc.bought_before, doc.bought(day), world.now if world.company.segmented else None)
        links = [{"return_id": doc.id, "ref": ref, "company_id": world.company.id, "original_id": one} for ref, one in doc.links.items()]
        writes.put(ReturnLink, links, "replace")
    world.working.collect(writes, world.company.default_zone)
    if world.extras is not None:
        world.extras.collect(writes)


def _keys(world: World, doc: Doc, writes: WriteSet) -> None:
    company = world.company.id
    rows = [
        {
            "document_id": doc.id,
            "revision": one.revision,
            "company_id": company,
            "source": one.body.source,
            "origin": one.body.origin.value,
            "received_at": world.now,
            "body": orjson.Fragment(one.content),
        }
        for one in doc.fresh
    ]
    writes.put(DocumentRevision, rows, "keep")
    if doc.state == "merged":
        return
    mode: Mode = "replace" if doc.keys & world.repointed else "keep"
    writes.put(DocumentKey, [{"company_id": company, "key": key, "document_id": doc.id} for key in sorted(doc.keys)], mode)
    numbers = [{"company_id": company, "key": f"number:{name}", "document_id": doc.id} for name in doc.names]
    writes.put(DocumentKey, numbers, "keep")
    if doc.customer is None:
        waits = [key for key in doc.customer_refs(world.company.country) if key.startswith(("card:", "erp:"))]
        writes.put(PendingRef, [{"company_id": company, "key": key, "document_id": doc.id} for key in waits], "keep")


def _day(world: World, doc: Doc, now: dict[str, Any], writes: WriteSet) -> None:
    slot = sum(doc.id.encode()) % _SLOTS
    rows: dict[tuple[str, Any], dict[str, Any]] = {}
    for counted, sign in ((now, 1), (doc.counted, -1)):
        if counted is None:
            continue
        row = rows.setdefault((counted["store"], counted["day"]), {"store": counted["store"], "day": counted["day"]})
        for name in ("sales", "gross", "member_sales", "member_gross", "points"):
            row[name] = row.get(name, 0) + sign * counted[name]
    moved = [row for row in rows.values() if any(value for name, value in row.items() if name not in {"store", "day"})]
    writes.put(StoreDay, [{"company_id": world.company.id, "slot": slot, **row} for row in moved], "add")
