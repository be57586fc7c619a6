"""A document while it is worked on: what each source said of it, merged; where it points; what it counts for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from typing import Any

import orjson
from sqlalchemy import Row

from v5_cloud.customers.keys import ref_keys
from v5_cloud.models import DocumentRow
from v5_cloud.segments.shopping import Purchase, purchase
from v5_core.engine import Settlement
from v5_core.merging import TRUST, merge
from v5_core.model import DocumentKind, DocumentStatus, SalesDocument

__all__ = ["Doc", "Report", "lock_keys", "moved", "names_of", "normal", "refs_of", "report_of", "revised"]


def normal(text: str) -> str:
    """A document number as people write it, made comparable."""
    return " ".join(text.upper().split())


def names_of(document: SalesDocument) -> tuple[str, ...]:
    """Under which names a return may point at the document."""
    names = [normal(document.source_id)]
    if document.fiscal:
        names.insert(0, normal(document.fiscal.number))
    return tuple(dict.fromkeys(names))


def refs_of(document: SalesDocument) -> tuple[str, ...]:
    """What a return points at; nothing for a sale."""
    if document.kind is not DocumentKind.RETURN:
        return ()
    found = [line.reference.document for line in document.lines if line.reference] + [ref.document for ref in document.refs]
    return tuple(dict.fromkeys(normal(one) for one in found))


def lock_keys(tenant: str, company: str, document: SalesDocument) -> set[int]:
    """Numbers of the advisory locks under which the document and whatever it points at may be worked on."""
    names = (*document.keys, *names_of(document), *refs_of(document))
    return {int.from_bytes(hashlib.sha256(f"{tenant}\x1f{company}\x1f{name}".encode()).digest()[:8], "big", signed=True) for name in names}


@dataclass(frozen=True, slots=True)
class Report:
    """What a source said: written as JSON once, for the report and, when nobody else told anything, for the document."""

    body: SalesDocument
    content: bytes
    revision: str

    @classmethod
    def of(cls, body: SalesDocument) -> Report:
        """A report as it came; the revision is `SalesDocument.revision`."""
        return cls(body, body.model_dump_json().encode(), body.revision)


@dataclass(slots=True)
class Doc:
    """Working copy of a document."""

    id: str
    created_at: datetime
    parts: dict[str, SalesDocument] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    links: dict[str, str | None] = field(default_factory=dict)
    merged: SalesDocument | None = None
    customer: str | None = None
    account: str | None = None
    state: str = "settled"
    settlement: Settlement = field(default_factory=Settlement)
    has_returns: bool = False
    merged_into: str | None = None
    points_earned: int = 0
    points_spent: int = 0
    answer: dict[str, Any] | orjson.Fragment = field(default_factory=dict)
    new: bool = True
    dirty: bool = False
    fresh: list[Report] = field(default_factory=list)
    origins: str = ""
    counted: dict[str, Any] | None = None
    bought_before: Purchase | None = None
    extras: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_row(cls, row: DocumentRow | Row[Any]) -> Doc:
        """A stored document; its parts are loaded apart, for a duplicate needs none."""
        found = cls(
            id=row.id,
            created_at=row.created_at,
            revisions=dict(row.parts),
            keys=set(row.keys),
            links={ref: original for ref, original in row.links},
            merged=SalesDocument.model_validate(row.body),
            customer=row.customer_id,
            account=row.account_id,
            state=row.state,
            settlement=Settlement.from_json(orjson.dumps(row.settlement)),
            has_returns=row.has_returns,
            merged_into=row.merged_into,
            points_earned=row.points_earned,
            points_spent=row.points_spent,
            answer=row.answer,
            origins=row.origins,
            new=False,
            counted=_count_row(row),
            extras=_extras(row),
        )
        found.bought_before = found.bought(row.business_day)
        return found

    @property
    def body(self) -> SalesDocument:
        """The merged document."""
        if self.merged is None:
            raise ValueError("a document without a report")
        return self.merged

    @property
    def names(self) -> tuple[str, ...]:
        """Under which names a return may point at it: whoever told of the document, each by its own number."""
        return tuple(dict.fromkeys(name for part in (self.body, *self.parts.values()) for name in names_of(part)))

    @property
    def counts(self) -> bool:
        """Issued, and not another document under a second name."""
        return self.body.status is DocumentStatus.ISSUED and self.state != "merged"

    @property
    def is_return(self) -> bool:
        """A credit note."""
        return self.body.kind is DocumentKind.RETURN

    @property
    def order(self) -> tuple[datetime, str]:
        """Place among the returns of one sale: by time and key, never by arrival."""
        return self.body.issued_at, self.body.keys[0]

    def tell(self, report: Report) -> None:
        """One source says how it sees the document now."""
        self.parts[report.body.source] = report.body
        self.revisions[report.body.source] = report.revision
        self.fresh.append(report)
        self.fold()

    def fold(self) -> None:
        """Merges the parts in an order that does not depend on which came first."""
        parts = sorted(self.parts.values(), key=lambda part: (TRUST[part.origin], part.source))
        self.merged = reduce(merge, parts)
        self.origins = ",".join(sorted({part.origin.value for part in parts}))
        self.keys |= {key for part in parts for key in part.keys}
        self.dirty = True

    def customer_refs(self, country: str) -> tuple[str, ...]:
        """Keys of the customer, best first. An ERP's customer number means something only with the source that said it."""
        said = next((part.source for part in self.parts.values() if part.customer == self.body.customer), self.body.source)
        return ref_keys(self.body.customer, said, country)

    def spared(self, entry: str, account: str) -> dict[tuple[str, str], int]:
        """Points that an entry should have taken from an account and that were not there (policy "clip"), by programme and rule."""
        found = self.extras.get("spared", {}).get(entry, ())
        return {(programme, rule): points for where, programme, rule, points in found if where == account}

    def spare(self, entry: str, account: str, spared: Mapping[tuple[str, str], int]) -> None:
        """Keeps them, in the place of those before."""
        before = self.extras.get("spared", {})
        elsewhere = [row for row in before.get(entry, ()) if row[0] != account]
        if spared or len(elsewhere) != len(before.get(entry, ())):
            kept = {**before, entry: [*elsewhere, *([account, *tag, points] for tag, points in sorted(spared.items()))]}
            self.extras = {**self.extras, "spared": {name: rows for name, rows in kept.items() if rows}}

    def legs(self) -> dict[str, SalesDocument]:
        """The return cut into one piece per original, by what its lines point at."""
        body = self.body
        whole = [original for original in dict.fromkeys(self.links.values()) if original]
        if len(whole) <= 1:
            return {original: body for original in whole}
        general = next((self.links.get(normal(ref.document)) for ref in body.refs), None) or whole[0]
        pieces: dict[str, list[Any]] = {}
        for line in body.lines:
            original = self.links.get(normal(line.reference.document)) if line.reference else general
            if original:
                pieces.setdefault(original, []).append(line)
        return {
            original: body.model_copy(
                update={
                    "lines": tuple(lines),
                    "gross": max(0, sum(one.signed_gross for one in lines)),
                    "net": max(0, sum(one.signed_net for one in lines)),
                }
            )
            for original, lines in pieces.items()
        }

    def bought(self, day: date) -> Purchase | None:
        """What the document adds to its customer's purchases."""
        return purchase(self.customer, day, self.points_earned, self.body, counts=self.counts, is_return=self.is_return)

    def row(self, company: str, day: date, now: datetime) -> dict[str, Any]:
        """The row to write."""
        body = self.body
        report = next((one for one in self.fresh if one.body is body), None) or Report.of(body)
        return {
            "id": self.id,
            "company_id": company,
            "store": body.store,
            "till": body.till,
            "number": body.fiscal.number if body.fiscal else body.source_id,
            "document_type": body.document_type,
            "kind": body.kind.value,
            "status": body.status.value,
            "state": self.state,
            "issued_at": body.issued_at,
            "business_day": day,
            "currency": body.currency,
            "gross": body.gross,
            "net": body.net,
            "customer_id": self.customer,
            "account_id": self.account,
            "origins": self.origins,
            "points_earned": self.points_earned,
            "points_spent": self.points_spent,
            "revision": report.revision,
            "has_returns": self.has_returns,
            "merged_into": self.merged_into,
            "keys": sorted(self.keys),
            "body": orjson.Fragment(report.content),
            "parts": dict(sorted(self.revisions.items())),
            "links": sorted([ref, original] for ref, original in self.links.items()),
            "settlement": orjson.Fragment(self.settlement.to_json()),
            "extras": self.extras,
            "answer": self.answer,
            "created_at": self.created_at,
            "updated_at": now,
        }

    def count(self, day: date) -> dict[str, Any]:
        """What the document adds to its store's day."""
        body = self.body
        sale = self.counts and not self.is_return
        sign = (-1 if self.is_return else 1) if self.counts else 0
        member = sign if self.customer else 0
        return {
            "store": body.store,
            "day": day,
            "sales": 1 if sale else 0,
            "gross": sign * body.gross,
            "member_sales": 1 if sale and self.customer else 0,
            "member_gross": member * body.gross,
            "points": self.points_earned,
        }


def _count_row(row: DocumentRow | Row[Any]) -> dict[str, Any]:
    counts = row.status == DocumentStatus.ISSUED.value and row.state != "merged"
    sale = counts and row.kind == DocumentKind.SALE.value
    sign = (1 if row.kind == DocumentKind.SALE.value else -1) if counts else 0
    return {
        "store": row.store,
        "day": row.business_day,
        "sales": 1 if sale else 0,
        "gross": sign * row.gross,
        "member_sales": 1 if sale and row.customer_id else 0,
        "member_gross": sign * row.gross if row.customer_id else 0,
        "points": row.points_earned,
    }


def _extras(row: DocumentRow | Row[Any]) -> dict[str, Any]:
    # Earlier builds kept what a return gave back by code alone: it is of the first sale that the return points at.
    given = row.extras.get("given", {})
    if not any(isinstance(part, int) for part in given.values()):
        found: dict[str, Any] = row.extras
        return found
    return {**row.extras, "given": {next(one for _, one in row.links if one): given}}


def moved(docs: Iterable[Doc], reports: Iterable[SalesDocument]) -> list[Doc]:
    """Returns that pointed at something else than a report of them says now."""
    known = {key: doc for doc in docs if doc.links for key in doc.keys}
    pairs = [(known[key], report) for report in reports for key in report.keys if key in known] if known else []
    return list({doc.id: doc for doc, report in pairs if doc.links.keys() != set(refs_of(report))}.values())


def report_of(body: dict[str, Any]) -> SalesDocument:
    """A stored report."""
    return SalesDocument.model_validate_json(orjson.dumps(body))


def revised(docs: Iterable[Doc]) -> list[tuple[str, str]]:
    """(document, revision) of the reports that the documents' sources told last."""
    return [(doc.id, revision) for doc in docs for revision in doc.revisions.values()]
