"""A customer named in a form: by card, phone, number or name."""

from __future__ import annotations

from v5_cloud.customers.schemas import CustomerItem
from v5_cloud.customers.service import search
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_core.errors import FieldError, ValidationError

__all__ = ["named"]


def named(container: Container, scope: Scope, text: str, field: str = "customer") -> CustomerItem | None:
    """The one customer that a text names; None for no text.

    Raises:
        ValidationError: Nobody (`unknown_customer`), or more than one (`several_customers`).
    """
    if not text.strip():
        return None
    found = search(container, scope, text.strip(), limit=2).items
    exact = [one for one in found if one.id == text.strip()]
    if len(exact or found) == 1:
        return (exact or found)[0]
    code = "several_customers" if found else "unknown_customer"
    raise ValidationError("Name one customer.", code=code, errors=(FieldError(field, code, "type the card's whole number"),))
