"""From what the SAF-T reader gives to entries of the queue, and back."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Final

from v5_core.model import Customer, Product, SalesDocument, Wire
from v5_core.plugins import Record, Rejected, Stream
from v5_core.sources.saft import Finding, Item

__all__ = ["Entry", "from_body", "to_entry"]

_MODELS: Final[dict[str, type[Wire]]] = {"document": SalesDocument, "customer": Customer, "product": Product}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to hand on.

    Attributes:
        stream: Where it is handed on when nothing of its key is known yet.
        form: What it is; with `key` its identity.
        revision: Hash of its content.
        body: JSON.
    """

    stream: Stream
    form: str
    key: str
    revision: str
    body: str


def to_entry(item: Item) -> Entry | None:
    """The queue's entry for an item; None for what is not handed on."""
    if isinstance(item, SalesDocument):
        return _entry(Stream.DOCUMENTS, "document", item.keys[0], item.model_dump_json())
    if isinstance(item, Customer):
        return _entry(Stream.CUSTOMERS, "customer", item.source_id, item.model_dump_json())
    if isinstance(item, Product):
        return _entry(Stream.PRODUCTS, "product", item.code, item.model_dump_json())
    if isinstance(item, Rejected):
        # The message names the row, which moves from file to file; the record itself says whether it is the same again.
        entry = _entry(Stream.DOCUMENTS, "rejected", item.ref, json.dumps(asdict(item)))
        return Entry(entry.stream, entry.form, entry.key, _hash(f"{item.code}\n{item.raw}"), entry.body)
    if isinstance(item, Finding):
        return _entry(Stream.DOCUMENTS, "finding", "", json.dumps(str(item)))
    return None


def from_body(form: str, body: str) -> Record | Rejected | str:
    """An entry's content as it was."""
    if form == "rejected":
        return Rejected(**json.loads(body))
    if form == "finding":
        return str(json.loads(body))
    model: type[Wire] = _MODELS[form]
    record = model.model_validate_json(body)
    assert isinstance(record, SalesDocument | Customer | Product)  # noqa: S101 - what _MODELS holds
    return record


def _entry(stream: Stream, form: str, key: str, body: str) -> Entry:
    return Entry(stream, form, key, _hash(body), body)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
