"""All tables. `tenant_id` leads every primary key, so that they can be distributed by tenant."""

from v5_cloud.models.base import Base, TenantRow, new_id
from v5_cloud.models.customers import CardRow, CustomerEvent, CustomerKey, CustomerRow, CustomerSound, ProductRow, ProgrammeRow
from v5_cloud.models.drafts import DraftStep
from v5_cloud.models.fleet import Agent, ApiKey, EnrolCode, SignalRow
from v5_cloud.models.giftcards import ExternalCardAct
from v5_cloud.models.ledger import AccountRow, AllocationRow, AuditRow, HoldRow, Installation, LotRow, PostingRow
from v5_cloud.models.limits import RateWindow
from v5_cloud.models.membership import AdjustmentRow, CustomerDay, MembershipRow, RunRow, StandingRow
from v5_cloud.models.messages import MessageRow
from v5_cloud.models.sales import DocumentKey, DocumentRevision, DocumentRow, EventRow, Idempotency, PendingRef, ReturnLink, StoreDay
from v5_cloud.models.segments import (
    SegmentDue,
    SegmentMember,
    SegmentModel,
    SegmentRound,
    SegmentRow,
    SegmentStep,
    ShoppingDay,
    ShoppingProduct,
)
from v5_cloud.models.simulation import SimulationRow
from v5_cloud.models.tenants import Company, Store, Tenant, User, UserSession
from v5_cloud.models.vouchers import Reservation, UseCounter, VoucherRow

__all__ = [
    "AccountRow",
    "AdjustmentRow",
    "Agent",
    "AllocationRow",
    "ApiKey",
    "AuditRow",
    "Base",
    "CardRow",
    "Company",
    "CustomerDay",
    "CustomerEvent",
    "CustomerKey",
    "CustomerRow",
    "CustomerSound",
    "DocumentKey",
    "DocumentRevision",
    "DocumentRow",
    "DraftStep",
    "EnrolCode",
    "EventRow",
    "ExternalCardAct",
    "HoldRow",
    "Idempotency",
    "Installation",
    "LotRow",
    "MembershipRow",
    "MessageRow",
    "PendingRef",
    "PostingRow",
    "ProductRow",
    "ProgrammeRow",
    "RateWindow",
    "Reservation",
    "ReturnLink",
    "RunRow",
    "SegmentDue",
    "SegmentMember",
    "SegmentModel",
    "SegmentRound",
    "SegmentRow",
    "SegmentStep",
    "ShoppingDay",
    "ShoppingProduct",
    "SignalRow",
    "SimulationRow",
    "StandingRow",
    "Store",
    "StoreDay",
    "Tenant",
    "TenantRow",
    "UseCounter",
    "User",
    "UserSession",
    "VoucherRow",
    "new_id",
]
