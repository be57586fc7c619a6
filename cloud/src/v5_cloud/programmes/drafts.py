"""Drafts: saved as often as one likes, checked, published once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from pydantic import ValidationError as PydanticError

from v5_cloud.kit.container import Container
from v5_cloud.kit.problems import ProblemField, field_errors
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import DraftStep, ProgrammeRow
from v5_cloud.programmes.repository import ProgrammeRepository
from v5_cloud.programmes.schemas import DraftItem, ProgrammeItem
from v5_cloud.programmes.service import item_of
from v5_cloud.tenants.service import company_info
from v5_cloud.tenants.setup import audit
from v5_core.engine import check_programme
from v5_core.errors import ConflictError, FieldError, NotFoundError, ValidationError
from v5_core.programme import Programme
from v5_core.wire import loads

__all__ = ["changes", "check", "discard", "get", "publish", "publish_draft", "read_programme", "save", "stamp_of", "undo"]

_STEPS: Final = 50


def read_programme(text: bytes | str, name: str = "the text") -> Programme:
    """A programme out of JSON.

    Raises:
        ValidationError: No JSON, or not a programme; each error's `field` is the path in the JSON.
    """
    try:
        body = loads(text)
    except ValueError as error:
        raise ValidationError(f"{name} cannot be read as JSON: {error}", code="json") from error
    try:
        return Programme.model_validate(body)
    except PydanticError as error:
        raise ValidationError(f"{name} is not a programme.", errors=field_errors(error.errors(), body)) from error


def check(container: Container, scope: Scope, programme: Programme, *, language: str = "en") -> tuple[FieldError, ...]:
    """What stands in the way of publishing it, in words of a language; `field` is the path in its JSON."""
    found: list[FieldError] = []
    try:
        check_programme(programme, language)
    except ValidationError as error:
        found += [FieldError(_path(programme, one.field), one.code, one.message) for one in error.errors]
        if not error.errors:
            found.append(FieldError("programme", error.error_code, error.message))
    company = company_info(container, scope)
    if programme.currency != company.currency and not any(one.field == "currency" for one in found):
        found.append(FieldError("currency", "currency", f"{company.currency} is expected, the company's currency"))
    with container.database.read(scope) as session:
        last = ProgrammeRepository(session, scope).last_published(programme.id)
    if programme.version <= last:
        found.append(FieldError("version", "version", f"version {last} is published: {last + 1} or higher is expected"))
    return tuple(found)


def stamp_of(programme: Programme) -> str:
    """What tells two states of a draft apart."""
    return hashlib.sha256(programme.model_dump_json(exclude={"state"}).encode()).hexdigest()[:16]


def save(
    container: Container, scope: Scope, programme: Programme, *, actor: str, expected: str | None = None, language: str = "en"
) -> DraftItem:
    """Saves a draft, in the place of the draft of the same version; what it was before can be had back (`undo`).

    Args:
        container: The service.
        scope: Whose draft.
        programme: What it is from now on.
        actor: Who says so.
        expected: `stamp_of` the draft that this one was made from; another one is somebody else's work, and stays.
        language: Of what stands in the way of publishing it.

    Raises:
        ConflictError: That version is published; it never changes. Or the draft was changed meanwhile.
    """
    now = container.clock()
    draft = programme.model_copy(update={"state": "draft"})
    with container.database.write(scope) as session:
        repository = ProgrammeRepository(session, scope)
        row = _unpublished(repository, draft)
        before = Programme.model_validate(row.body) if row is not None else None
        if expected is not None and (before is None or stamp_of(before) != expected):
            raise ConflictError("The draft was changed meanwhile; look at it again.", code="changed")
        if before is not None and row is not None and stamp_of(before) != stamp_of(draft):
            _remember(repository, row, now, actor)
        if row is None:
            row = ProgrammeRow(tenant_id=scope.tenant, company_id=scope.company, slug=draft.id, version=draft.version)
            row.created_at, row.published_by = now, ""
            repository.add(row)
        row.name, row.state, row.body = draft.name, "draft", draft.model_dump(mode="json")
        repository.add(audit(scope, now, actor, "programme.draft", f"{draft.id} {draft.version}"))
        session.flush()
        found = item_of(row)
    return _with_findings(container, scope, found, language)


def _remember(repository: ProgrammeRepository, row: ProgrammeRow, now: datetime, actor: str) -> None:
    """Keeps what the draft is before it becomes something else; the oldest of many goes."""
    steps = repository.steps(row.slug, row.version)
    number = steps[0].number + 1 if steps else 1
    step = DraftStep(tenant_id=row.tenant_id, company_id=row.company_id, slug=row.slug, version=row.version, number=number)
    step.body, step.changed_at, step.changed_by = row.body, now, actor
    repository.add(step)
    if len(steps) >= _STEPS:
        repository.forget(row.slug, row.version, steps[_STEPS - 1].number)


def undo(container: Container, scope: Scope, slug: str, version: int, *, actor: str, language: str = "en") -> DraftItem:
    """Steps back to what a draft was before its last change.

    Raises:
        NotFoundError: No such draft.
        ConflictError: It is published, or there is nothing to go back to.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = ProgrammeRepository(session, scope)
        row = repository.one(slug, version)
        if row is None:
            raise NotFoundError("There is no such draft.")
        steps = repository.steps(slug, version)
        if row.state == "published" or not steps:
            raise ConflictError("There is nothing to step back to.", code="nothing_before")
        row.body, row.name = steps[0].body, str(steps[0].body["name"])
        repository.forget_last(steps[0])
        repository.add(audit(scope, now, actor, "programme.undo", f"{slug} {version}"))
        session.flush()
        found = item_of(row)
    return _with_findings(container, scope, found, language)


def changes(container: Container, scope: Scope, slug: str, version: int) -> int:
    """How many changes of a draft can be taken back."""
    with container.database.read(scope) as session:
        return len(ProgrammeRepository(session, scope).steps(slug, version))


def get(container: Container, scope: Scope, slug: str, version: int, *, language: str = "en") -> DraftItem:
    """One version; a draft with what stands in its way.

    Raises:
        NotFoundError: No such version.
    """
    with container.database.read(scope) as session:
        row = ProgrammeRepository(session, scope).one(slug, version)
        if row is None:
            raise NotFoundError("There is no such version of a programme.")
        found = item_of(row)
    return _with_findings(container, scope, found, language)


def discard(container: Container, scope: Scope, slug: str, version: int, *, actor: str) -> None:
    """Takes a draft away.

    Raises:
        NotFoundError: No such draft; a published version stays for ever.
    """
    now = container.clock()
    with container.database.write(scope) as session:
        repository = ProgrammeRepository(session, scope)
        if not repository.discard(slug, version):
            raise NotFoundError("There is no such draft.")
        repository.forget(slug, version)
        repository.add(audit(scope, now, actor, "programme.discard", f"{slug} {version}"))


def publish_draft(container: Container, scope: Scope, slug: str, version: int, *, actor: str, language: str = "en") -> ProgrammeItem:
    """Publishes a draft as it was saved.

    Raises:
        NotFoundError: No such version.
        ConflictError: It is published already.
        ValidationError: Something stands in its way; `errors` names each path.
    """
    return publish(container, scope, get(container, scope, slug, version).programme, actor=actor, language=language)


def publish(container: Container, scope: Scope, programme: Programme, *, actor: str, language: str = "en") -> ProgrammeItem:
    """Publishes a version; it can never be changed again.

    Raises:
        ConflictError: The version is published already.
        ValidationError: Rules that cannot be read, or contradict each other, a version that is not the next; `errors` names each path.
    """
    now = container.clock()
    final = programme.model_copy(update={"state": "published"})
    with container.database.read(scope) as session:
        _unpublished(ProgrammeRepository(session, scope), final)
    wrong = check(container, scope, final, language=language)
    if wrong:
        raise ValidationError("; ".join(one.message for one in wrong), code="programme", errors=wrong)
    with container.database.write(scope, locks=[_lock(scope)]) as session:
        repository = ProgrammeRepository(session, scope)
        row = _unpublished(repository, final)
        if repository.last_published(final.id) > final.version:
            raise ConflictError(f"a later version of {final.id} was published meanwhile; publish a new version")
        if row is None:
            row = ProgrammeRow(tenant_id=scope.tenant, company_id=scope.company, slug=final.id, version=final.version, created_at=now)
            repository.add(row)
        row.name, row.state, row.body = final.name, "published", final.model_dump(mode="json")
        row.published_at, row.published_by = now, actor
        repository.forget(final.id, final.version)
        repository.add(audit(scope, now, actor, "programme.publish", f"{final.id} {final.version}"))
        session.flush()
        repository.bump()
        return item_of(row)


def _lock(scope: Scope) -> int:
    """Number of the lock under which a company's programmes are published, one after the other."""
    name = f"{scope.tenant}\x1f{scope.company}\x1fprogrammes"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _unpublished(repository: ProgrammeRepository, programme: Programme) -> ProgrammeRow | None:
    row = repository.one(programme.id, programme.version)
    if row is not None and row.state == "published":
        raise ConflictError(f"version {programme.version} of {programme.id} was published already; publish a new version")
    return row


def _with_findings(container: Container, scope: Scope, found: ProgrammeItem, language: str) -> DraftItem:
    wrong = check(container, scope, found.programme, language=language) if found.state == "draft" else ()
    findings = [ProblemField(field=one.field, code=one.code, message=one.message) for one in wrong]
    return DraftItem(**dict(found), findings=findings)


def _path(programme: Programme, field: str) -> str:
    """`<rule>.when` or `offers.<rule>`, as the engine names places, as a path in the programme's JSON."""
    places = {
        one.id: f"{section}.{index}"
        for section in ("earning", "boosts", "offers", "rewards", "vouchers", "stored_value", "clubs", "alerts")
        for index, one in enumerate(getattr(programme, section, ()))
    }
    section, _, rest = field.partition(".")
    bare = rest if section not in places and rest else field
    name, _, inner = bare.partition(".")
    if name not in places:
        return field
    return f"{places[name]}.{inner}" if inner else places[name]
