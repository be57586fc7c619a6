"""What agents send to the cloud, and what it answers: signed batches of events, each acknowledged by itself."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, Field, ValidationError

from v5_core.hooks import CancelRequest, EnrolRequest, Explanation, HoldRequest, StoredUse, VoucherView
from v5_core.model import Card, Code, Customer, Moment, Product, SalesDocument, Text, Wire
from v5_core.money import Amount, Points, Rate
from v5_core.programme import Programme

__all__ = [
    "Event", "EventResult", "PushBatch", "PushReply", "Replica", "ReplicaCustomer", "ReplicaMembership", "ReplicaSegment", "ReplicaTier",
    "ReplicaVoucher", "Signal", "Told", "event_id",
]  # fmt: skip

_NAMESPACE: Final = uuid.UUID("5d0ccbe1-9c4b-5b5a-9a57-6f3f7a3d5b10")

EventType = Literal["document", "customer", "product", "enrol", "hold", "cancel"]


def event_id(event_type: str, aggregate: str, revision: str) -> str:
    """The same fact has the same id for ever, re-read and re-installed included: the cloud deduplicates on it."""
    return str(uuid.uuid5(_NAMESPACE, f"{event_type}\x1f{aggregate}\x1f{revision}"))


class Told(Wire):
    """What a store told its till of a document before the cloud had it; a return's figures are negative."""

    earned: Points = 0
    spent: Points = 0
    explanations: tuple[Explanation, ...] = ()
    stored_value: tuple[StoredUse, ...] = ()
    vouchers: tuple[VoucherView, ...] = ()


class Event(Wire):
    """One fact. Exactly the body that `type` names is set.

    Attributes:
        aggregate: What must stay in order: a document's first key, a customer's source id.
        told: Of a document that a till committed: the store's own answer, which the ledger's is compared with.
        captured_at: When the agent stored it.
        erp_time: What the ERP said, when it said a time.
    """

    event_id: Code
    type: EventType
    aggregate: Annotated[str, Field(min_length=1, max_length=300)]
    captured_at: Moment
    document: SalesDocument | None = None
    told: Told | None = None
    customer: Customer | None = None
    product: Product | None = None
    enrol: EnrolRequest | None = None
    hold: HoldRequest | None = None
    cancel: CancelRequest | None = None


class PushBatch(Wire):
    """Up to 100 events or 256 KB, in order per aggregate. Events are parsed one by one: a bad one spoils no other.

    Attributes:
        obeyed: Signals that the agent has carried out; until they are named here, each reply brings them again.
    """

    agent: Code
    sequence: int = Field(ge=0)
    obeyed: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    cursors: dict[str, str] = Field(default_factory=dict)
    events: Annotated[tuple[dict[str, Any], ...], Field(max_length=100)]


class EventResult(Wire):
    """`accepted` and `duplicate` are done; `rejected` goes to quarantine with its code; `retry` stays in the outbox."""

    event_id: str
    status: Literal["accepted", "duplicate", "rejected", "retry"]
    code: str = ""
    message: Text = ""


class Signal(Wire):
    """A wish of the cloud, from a closed list."""

    signal_id: Code
    kind: Literal["reread", "diagnostics", "pause", "resume", "update"]
    stream: str = ""
    since: AwareDatetime | None = None


class PushReply(Wire):
    """One result per event, the cloud's clock, and signals."""

    results: tuple[EventResult, ...]
    server_time: AwareDatetime
    signals: tuple[Signal, ...] = ()
    replica_version: int = 0


class ReplicaTier(Wire):
    """A customer's level in a programme: the last day on which it is kept if nothing more is bought, and what counts so far."""

    programme: Code
    tier: Code
    measure: int = 0
    until: date | None = None


class ReplicaMembership(Wire):
    """A membership as `v5_core.membership` keeps it.

    Attributes:
        starts: First day of the periods that are still of interest; left out: `since`.
        used: How often each entitlement was used in the period that runs.
    """

    programme: Code
    club: Code
    since: date
    starts: date | None = None
    until: date | None = None
    left: date | None = None
    breaks: tuple[tuple[date, date | None], ...] = ()
    renewals: tuple[date, ...] = ()
    used: dict[str, int] = Field(default_factory=dict)


class ReplicaVoucher(Wire):
    """A voucher, coupon, gift card, wallet or credit note of a customer as it stood; `code` is folded.

    Attributes:
        type: The `StoredValueType` or voucher rule that it is of.
        rule: The offer that a coupon opens.
        amount: What can be used of it, in minor units.
        uses: Uses that are left of a coupon or a percentage.
    """

    code: Code
    kind: str
    programme: str = ""
    type: str = ""
    rule: str = ""
    title: Text = ""
    amount: Amount = 0
    percent: Rate = 0
    uses: int = 1
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None
    stores: tuple[Code, ...] = ()
    minimum: Amount = 0
    whole: bool = False


class ReplicaCustomer(Wire):
    """What a store needs of a customer to answer its tills while the line is down. Written without what is empty: most of it is.

    Attributes:
        account: Whose account the customer uses, when it is a relative's: balance and points are those of that one.
        phone: In E.164.
        plastic: Cards that are not ordinary points cards: kind, type, rate, last day.
        bought: Sums of what was bought until the end of `bought_on`, for the segments' criteria (`v5_core.segments.measured`).
        bought_for: The criteria that these sums are for (`v5_core.segments.fingerprint`).
        sales: Sales counted so far; None when nothing hangs on it.
        used: How often the customer used what is limited by customer, key "<period>|<limit_key>".
    """

    customer: Code
    name: Text = ""
    cards: tuple[str, ...] = ()
    phone: str | None = None
    tax_number: str | None = None
    erp: dict[str, str] = Field(default_factory=dict)
    balance_available: int = 0
    balance_held: int = 0
    expiring: int = 0
    expiring_on: str | None = None
    blocked: bool = False
    remark: Text = ""
    member_since: str | None = None
    inactive: bool = False
    birth_date: date | None = None
    email: str | None = None
    home_store: str = ""
    plastic: tuple[Card, ...] = ()
    tiers: tuple[ReplicaTier, ...] = ()
    memberships: tuple[ReplicaMembership, ...] = ()
    segments: tuple[Code, ...] = ()
    vouchers: tuple[ReplicaVoucher, ...] = ()
    sales: int | None = None
    last_visit: date | None = None
    bought: dict[str, int] = Field(default_factory=dict)
    bought_on: date | None = None
    bought_for: str = ""
    used: dict[str, int] = Field(default_factory=dict)
    account: Code | None = None

    @property
    def points_of(self) -> str:
        """Whose points the customer earns and uses."""
        return self.account or self.customer

    def written(self) -> str:
        """As JSON, without what is empty."""
        return self.model_dump_json(exclude_defaults=True)


class ReplicaSegment(Wire):
    """A segment as it is defined: a store works out who is in it now, where it can."""

    id: Code
    criteria: str


class Replica(Wire):
    """A page of the store's replica: changes after `since`, and the programmes in force (complete, they are small).

    Attributes:
        version: Ask for changes after this one next time.
        complete: False: ask again at once.
        offline_points_limit: Points (thousandths) one customer may spend while the line is down.
        used: How often all customers together used what is limited, key "<all or store>|<period>|<limit_key>", as of this page.
    """

    version: int
    complete: bool
    company_name: Text = ""
    store_name: Text = ""
    timezone: str = "Europe/Lisbon"
    language: str = "pt"
    receipt_url: str = ""
    customers: tuple[ReplicaCustomer, ...] = ()
    programmes: tuple[Programme, ...] = ()
    directives: tuple[Text, ...] = ()
    offline_points_limit: int = 0
    used: dict[str, int] = Field(default_factory=dict)
    segments: tuple[ReplicaSegment, ...] = ()

    @classmethod
    def read(cls, page: bytes | str) -> Self:
        """A cloud's page, of a newer cloud too: what this store does not know is passed over, but in no rule of a programme.

        Raises:
            pydantic.ValidationError: It is no page, or its programmes ask for what this store cannot do.
        """
        try:
            return cls.model_validate_json(page)
        except ValidationError:
            known = cls.model_validate_json(page, extra="ignore")
            for programme in json.loads(page)["programmes"]:
                Programme.model_validate_json(json.dumps(programme))
            return known

    def written(self) -> str:
        """As JSON, with the customers written without what is empty; a programme is written whole."""
        rest = self.model_dump_json(exclude={"customers"})
        return f'{rest[:-1]},"customers":[{",".join([one.written() for one in self.customers])}]}}'
