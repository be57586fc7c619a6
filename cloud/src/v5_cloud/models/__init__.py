"""All tables. `tenant_id` leads every primary key, so that they can be distributed by tenant."""

from v5_cloud.models.base import Base, TenantRow, new_id
from v5_cloud.models.customers import CardRow, CustomerKey, CustomerRow, ProductRow, ProgrammeRow
from v5_cloud.models.fleet import Agent, ApiKey, EnrolCode, SignalRow
from v5_cloud.models.ledger import AccountRow, AllocationRow, AuditRow, HoldRow, Installation, LotRow, PostingRow
from v5_cloud.models.limits import RateWindow
from v5_cloud.models.sales import DocumentKey, DocumentRevision, DocumentRow, EventRow, Idempotency, PendingRef, ReturnLink, StoreDay
from v5_cloud.models.tenants import Company, Store, Tenant, User, UserSession

__all__ = [
    "AccountRow",
    "Agent",
    "AllocationRow",
    "ApiKey",
    "AuditRow",
    "Base",
    "CardRow",
    "Company",
    "CustomerKey",
    "CustomerRow",
    "DocumentKey",
    "DocumentRevision",
    "DocumentRow",
    "EnrolCode",
    "EventRow",
    "HoldRow",
    "Idempotency",
    "Installation",
    "LotRow",
    "PendingRef",
    "PostingRow",
    "ProductRow",
    "ProgrammeRow",
    "RateWindow",
    "ReturnLink",
    "SignalRow",
    "Store",
    "StoreDay",
    "Tenant",
    "TenantRow",
    "User",
    "UserSession",
    "new_id",
]
