"""The tenant guard: who is asking, and the one way in which repositories build statements.

Every statement of a repository starts at one of these methods, so the tenant's condition cannot be forgotten; a lint of ours
refuses a repository that reaches for SQLAlchemy's own `select`, `update`, `delete`, `insert` or `text`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Delete,
    Select,
    Text,
    TextClause,
    Update,
    any_,
    bindparam,
    delete,
    func,
    select,
    text,
    union,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from v5_cloud.kit.direct import Compiled
from v5_cloud.models import TenantRow

__all__ = ["DIRECTORY", "Repository", "Scope"]

# The look-ups that find the tenant in the first place (a key's id, a session, an e-mail) run in this scope, and nothing else does.
DIRECTORY: Final = "*"

T = TypeVar("T", bound=TenantRow)


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf a transaction runs. `company` narrows machines and users to one company of the tenant."""

    tenant: str
    company: str = ""


# Statements of the hot path, by kind of database, scope and name.
_KEPT: Final[dict[tuple[bool, Scope, str], Select[Any] | CompoundSelect[Any] | Compiled]] = {}
_MOST_KEPT: Final = 5000


class Repository:
    """Base of all repositories: a session, a scope, and guarded statements."""

    def __init__(self, session: Session, scope: Scope) -> None:
        self.session = session
        self.scope = scope

    def guard(self, model: type[TenantRow]) -> ColumnElement[bool]:
        """The tenant's condition, and the company's where the table has one and the scope names one."""
        condition: ColumnElement[bool] = model.tenant_id == self.scope.tenant
        company = getattr(model, "company_id", None)
        if company is not None and self.scope.company:
            condition &= company == self.scope.company
        return condition

    def select(self, model: type[T]) -> Select[T]:
        """`SELECT` of whole rows."""
        return select(model).where(self.guard(model))

    def everywhere(self, model: type[T]) -> Select[T]:
        """`SELECT` over all tenants, for whoever must find the tenant first; refused outside the directory's scope."""
        if self.scope.tenant != DIRECTORY:
            raise ValueError("only the directory looks across tenants")
        return select(model)

    def columns(self, model: type[TenantRow], *columns: ColumnElement[Any] | InstrumentedAttribute[Any] | type[TenantRow]) -> Select[Any]:
        """`SELECT` of some columns of `model`."""
        return select(*columns).select_from(model).where(self.guard(model))

    def join(self, statement: Select[Any], model: type[TenantRow], condition: ColumnElement[bool]) -> Select[Any]:
        """Joins another table, which gets the guard too."""
        return statement.join(model, condition & self.guard(model))

    def among(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], *found: Select[Any]) -> ColumnElement[bool]:
        """Whether the column is one of the values that the (guarded) selects find.

        PostgreSQL finds them once, as an array, and looks them up in the column's index. Left to join them it goes by its statistics,
        which on young tables make it walk all the tenant's rows for each value.
        """
        values = union(*found)
        if self.sqlite:
            return column.in_(values)
        return column == any_(func.array(values.scalar_subquery()))

    @property
    def sqlite(self) -> bool:
        """Embedded, and not a server."""
        return self.session.get_bind().dialect.name == "sqlite"

    def within(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
        """Whether the column is in a list of texts that is given at run time under `name`; its length does not change the statement."""
        if self.sqlite:
            return column.in_(bindparam(name, expanding=True))
        return column == any_(bindparam(name, type_=ARRAY(Text())))

    def rows(self, name: str, build: Callable[[], Select[Any] | CompoundSelect[Any]], values: dict[str, Any]) -> Sequence[Any]:
        """Runs a statement of the hot path, which is built once: building one costs as much as running it.

        Args:
            name: Of the statement; one for all of the service.
            build: Makes the (guarded) statement when there is none yet for this scope.
            values: Its parameters; nothing else may change between two runs.
        """
        key = (self.sqlite, self.scope, name)
        statement = _KEPT.get(key)
        if statement is None:
            if len(_KEPT) >= _MOST_KEPT:
                _KEPT.clear()
            statement = _KEPT[key] = build() if self.sqlite else Compiled.of(build())
        if isinstance(statement, Compiled):
            return statement.rows(self.session.connection(), values)
        return self.session.connection().execute(statement, values).all()

    def update(self, model: type[TenantRow]) -> Update:
        """`UPDATE`."""
        return update(model).where(self.guard(model))

    def delete(self, model: type[TenantRow]) -> Delete:
        """`DELETE`."""
        return delete(model).where(self.guard(model))

    def text(self, sql: str) -> TextClause:
        """Hand-written SQL; it must name `:tenant`, which is bound here."""
        if ":tenant" not in sql:
            raise ValueError("hand-written SQL of a repository must be limited by :tenant")
        return text(sql).bindparams(tenant=self.scope.tenant)

    def add(self, *rows: TenantRow) -> None:
        """Adds rows; each must be the tenant's own."""
        for row in rows:
            if row.tenant_id != self.scope.tenant:
                raise ValueError(f"{type(row).__name__} of another tenant")
        self.session.add_all(rows)
