"""What a draft of a programme was before each change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from v5_cloud.models.base import TenantRow

__all__ = ["DraftStep"]


class DraftStep(TenantRow):
    """One earlier state of a draft; gone when it is published or thrown away.

    Attributes:
        number: Rises with each change.
        body: The programme before the change.
    """

    __tablename__ = "draft_step"

    company_id: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(default="")
