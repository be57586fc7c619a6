"""Contract version 1. Synchronous, small, typed; the runner owns threads, time-outs, the outbox and the cloud."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from pydantic import BaseModel, ConfigDict

from v5_core.model import Customer, Product, SalesDocument

CONTRACT_VERSION: Final = 1

# Opaque JSON object owned by the plugin; None is "from the beginning". It must hold time AND a unique key, never time alone.
Cursor = dict[str, Any]
Record = SalesDocument | Customer | Product


class Stream(StrEnum):
    """What can be read. `DOCUMENT_CHANGES` is the second scan: later changes to documents already read."""

    DOCUMENTS = "documents"
    DOCUMENT_CHANGES = "document_changes"
    CUSTOMERS = "customers"
    PRODUCTS = "products"


class Capability(StrEnum):
    """What a plugin may be able to do."""

    READ_DOCUMENTS = "read_documents"
    READ_DOCUMENT_CHANGES = "read_document_changes"
    READ_CUSTOMERS = "read_customers"
    READ_PRODUCTS = "read_products"
    WRITE_CUSTOMERS = "write_customers"
    HOOK_DIALECT = "hook_dialect"
    RECEIPT_LAYOUT = "receipt_layout"


class SupportLevel(StrEnum):
    """Five answers to "can it?"."""

    UNKNOWN = "unknown"
    UNSUPPORTED = "unsupported"
    NOT_IMPLEMENTED = "not implemented"
    SINCE_VERSION = "since version"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Support:
    """A level, and the ERP's version from which it holds when the level is SINCE_VERSION."""

    level: SupportLevel
    version: str = ""

    @property
    def usable(self) -> bool:
        """Whether the runner may call it."""
        return self.level in {SupportLevel.FULL, SupportLevel.SINCE_VERSION}


class PluginConfig(BaseModel):
    """Base of a plugin's settings. Secrets are `SecretStr`; unknown settings are refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who the plugin is and what it can do. `slug` equals the entry point's name."""

    slug: str
    title: str
    vendor: str
    version: str
    config_model: type[PluginConfig]
    capabilities: dict[Capability, Support]
    contract_version: int = CONTRACT_VERSION

    def supports(self, capability: Capability) -> bool:
        """Whether the runner may use the capability."""
        support = self.capabilities.get(capability)
        return support is not None and support.usable


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the ERP can be reached and read. `problem` says what to do, without secrets."""

    ok: bool
    problem: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that could not be used: its reference in the ERP, a stable code, what is wrong, and the raw values."""

    ref: str
    code: str
    message: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read gave.

    Attributes:
        records: In the source's order.
        cursor: Where the next read starts; an empty read returns the cursor it was given.
        complete: Nothing more for now.
        rejected: Bad records, quarantined by the runner; they never stop the rest.
        findings: What was noticed about the source itself (gaps in numbering, wrong encoding), for people.
    """

    records: tuple[Record, ...]
    cursor: Cursor | None
    complete: bool
    rejected: tuple[Rejected, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something to write back to the ERP."""

    kind: str
    payload: dict[str, Any]


class Plugin(Protocol):
    """What a vendor writes. Optional abilities are declared in the manifest's capabilities."""

    @property
    def manifest(self) -> Manifest:
        """Who this is."""
        ...

    def check(self, config: PluginConfig, *, now: datetime) -> CheckResult:
        """Can the ERP be reached and read with these settings? No side effects."""
        ...

    def read(self, stream: Stream, cursor: Cursor | None, limit: int, *, config: PluginConfig, now: datetime) -> Batch:
        """Up to about `limit` records after `cursor`, capped at `now`."""
        ...

    def acknowledge(self, stream: Stream, cursor: Cursor | None, *, config: PluginConfig) -> None:
        """Called after the batch is durable in the outbox (a file adapter archives its file here)."""
        ...

    def receipt_layouts(self) -> tuple[str, ...]:
        """Layout files (TOML text) for sale capture from print; empty when there are none."""
        ...
