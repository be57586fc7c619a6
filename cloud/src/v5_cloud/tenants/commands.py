"""`v5-cloud tenant|company|store|agent|api-key|programme`: a chain set up from an empty database.

Each command writes what it made (an id, a code, a key) alone on standard output, so that a script can keep it; words go to standard error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from v5_cloud.access.service import SCOPES, issue_key
from v5_cloud.console import err, opened
from v5_cloud.fleet import credentials
from v5_cloud.fleet.service import issue_code, list_agents
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.models import Company, Store
from v5_cloud.programmes import drafts
from v5_cloud.simulation.commands import simulate
from v5_cloud.tenants import changes, setup
from v5_cloud.tenants.directory import only_tenant, tenants
from v5_cloud.tenants.service import overview

__all__ = ["attach"]

_tenant = typer.Typer(no_args_is_help=True, help="Customers of the service; each sees only its own rows.")
_company = typer.Typer(no_args_is_help=True, help="Companies of a tenant; each has its own programme, customers and points.")
_store = typer.Typer(no_args_is_help=True, help="Stores of a company.")
_agent = typer.Typer(no_args_is_help=True, help="Machines in the stores.")
_key = typer.Typer(no_args_is_help=True, help="Keys for systems that call the API themselves.")
_programme = typer.Typer(no_args_is_help=True, help="Programmes: how points are earned, spent and lapse.")

TenantOption = Annotated[str | None, typer.Option("--tenant", help="Tenant id; not needed when there is only one.")]
CompanyOption = Annotated[str | None, typer.Option("--company", help="Company id; not needed when the tenant has only one.")]

ManagerEmail = Annotated[str | None, typer.Option(help="Who is told when an offer says so.")]
ManagerPhone = Annotated[str | None, typer.Option(help="The same by SMS, with the country: +351912345678.")]


def attach(app: typer.Typer) -> None:
    """Adds the groups of commands."""
    groups = {"tenant": _tenant, "company": _company, "store": _store, "agent": _agent, "api-key": _key, "programme": _programme}
    for name, group in groups.items():
        app.add_typer(group, name=name)


@_tenant.command("add")
def tenant_add(name: Annotated[str, typer.Argument(help="As people call it.")]) -> None:
    """Adds a tenant and writes its id. Next: `company add`, `store add`, `user add`, `programme publish`, `agent code`."""
    with opened() as held:
        made = setup.add_tenant(held, name)
    err.print("The tenant is made. Next: `v5-cloud company add NAME`.", highlight=False)
    typer.echo(made)


@_tenant.command("list")
def tenant_list() -> None:
    """Writes the id and the name of every tenant."""
    with opened() as held:
        for tenant, name in tenants(held):
            typer.echo(f"{tenant}\t{name}")


@_company.command("add")
def company_add(
    name: Annotated[str, typer.Argument(help="Printed above the loyalty lines of each receipt.")],
    tenant: TenantOption = None,
    tax_number: Annotated[str, typer.Option(help="As the tax office knows it.")] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217.")] = "EUR",
    country: Annotated[str, typer.Option(help="ISO 3166, two letters; tells whose tax numbers and phones these are.")] = "PT",
    receipt_url: Annotated[str, typer.Option(help="Where customers see their balance; printed as a QR code.")] = "",
) -> None:
    """Adds a company to a tenant and writes its id."""
    with opened() as held:
        where = tenant or only_tenant(held)
        made = setup.add_company(held, where, name, tax_number=tax_number, currency=currency, country=country, receipt_url=receipt_url)
    err.print("The company is made. Next: `v5-cloud store add CODE NAME` and `v5-cloud programme publish FILE`.", highlight=False)
    typer.echo(made)


@_store.command("add")
def store_add(
    code: Annotated[str, typer.Argument(help="What the tills' documents name, for example LX1. It cannot be changed later.")],
    name: Annotated[str, typer.Argument(help="As people call it.")],
    tenant: TenantOption = None,
    company: CompanyOption = None,
    timezone: Annotated[str, typer.Option(help="Where the store's days begin and end.")] = "Europe/Lisbon",
    language: Annotated[str, typer.Option(help="Of receipts and messages: pt, en, fr, es or he.")] = "pt",
) -> None:
    """Adds a store to a company and writes its id."""
    with opened() as held:
        made = setup.add_store(held, _scope(held, tenant, company), code, name, timezone=timezone, language=language)
    err.print(f"The store is made. Next: `v5-cloud agent code --store {code}`.", highlight=False)
    typer.echo(made)


@_company.command("list")
def company_list(tenant: TenantOption = None) -> None:
    """Writes every company: id, name, tax number, and whether it is closed."""
    with opened() as held:
        for one in overview(held, Scope(tenant or only_tenant(held))).companies:
            typer.echo(f"{one.id}\t{one.name}\t{one.tax_number}\t{_since(one.closed_at)}")


@_company.command("edit")
def company_edit(
    tenant: TenantOption = None,
    company: CompanyOption = None,
    name: Annotated[str | None, typer.Option(help="Printed above the loyalty lines of each receipt.")] = None,
    tax_number: Annotated[str | None, typer.Option(help="As the tax office knows it.")] = None,
    address: Annotated[str | None, typer.Option(help="Its postal address.")] = None,
    receipt_url: Annotated[str | None, typer.Option(help="Where customers see their balance; printed as a QR code.")] = None,
    manager_email: ManagerEmail = None,
    manager_phone: ManagerPhone = None,
) -> None:
    """Changes what is given of a company; the rest stays. Currency and country cannot be changed."""
    values = {"name": name, "tax_number": tax_number, "address": address, "receipt_url": receipt_url}
    values |= {"manager_email": manager_email, "manager_phone": manager_phone}
    with opened() as held:
        scope = _scope(held, tenant, company)
        changes.change(held, scope, Company, scope.company, _given(values), actor=setup.OPERATOR)


@_store.command("list")
def store_list(tenant: TenantOption = None, company: CompanyOption = None) -> None:
    """Writes every store: code, name, time zone, and whether it is closed."""
    with opened() as held:
        for one in overview(held, _scope(held, tenant, company)).stores:
            typer.echo(f"{one.code}\t{one.name}\t{one.timezone}\t{_since(one.closed_at)}")


@_store.command("edit")
def store_edit(
    code: Annotated[str, typer.Argument(help="The store's code.")],
    tenant: TenantOption = None,
    company: CompanyOption = None,
    name: Annotated[str | None, typer.Option(help="As people call it.")] = None,
    address: Annotated[str | None, typer.Option(help="Its postal address.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Where its days begin and end; counts for sales from now on.")] = None,
    language: Annotated[str | None, typer.Option(help="Of receipts and messages: pt, en, fr, es or he.")] = None,
    directives: Annotated[str | None, typer.Option(help="What tills show to the cashier, a line each.")] = None,
    manager_email: ManagerEmail = None,
    manager_phone: ManagerPhone = None,
) -> None:
    """Changes what is given of a store; the rest stays. Its code cannot be changed, for documents name it."""
    values = {"name": name, "address": address, "timezone": timezone, "language": language, "directives": directives}
    values |= {"manager_email": manager_email, "manager_phone": manager_phone}
    with opened() as held:
        scope = _scope(held, tenant, company)
        changes.change(held, scope, Store, setup.store_named(held, scope, code).id, _given(values), actor=setup.OPERATOR)


def _end(kind: type[Company] | type[Store], work: Callable[..., None]) -> Callable[..., None]:
    def of_company(tenant: TenantOption = None, company: CompanyOption = None) -> None:
        with opened() as held:
            scope = _scope(held, tenant, company)
            work(held, scope, Company, scope.company, actor=setup.OPERATOR)

    def of_store(
        code: Annotated[str, typer.Argument(help="The store's code.")], tenant: TenantOption = None, company: CompanyOption = None
    ) -> None:
        with opened() as held:
            scope = _scope(held, tenant, company)
            work(held, scope, Store, setup.store_named(held, scope, code).id, actor=setup.OPERATOR)

    return of_store if kind is Store else of_company


for _verb, _work, _help in (
    ("close", changes.close, "Closes it; what it has stays. A store gets no new agents, a company no new stores. `reopen` opens it again."),
    ("reopen", changes.reopen, "Opens it again."),
    (
        "remove",
        changes.remove,
        "Takes it away when it was made by mistake: refused when documents, customers, agents or stores point at it.",
    ),
):
    _company.command(_verb, help=_help)(_end(Company, _work))
    _store.command(_verb, help=_help)(_end(Store, _work))


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _since(closed: datetime | None) -> str:
    return f"closed since {closed.isoformat(timespec='seconds')}" if closed else "open"


@_agent.command("code")
def agent_code(
    store: Annotated[str, typer.Option(help="Code of the store, for example LX1.")],
    tenant: TenantOption = None,
    company: CompanyOption = None,
    hours: Annotated[int, typer.Option(help="How long it is good.", min=1, max=720)] = 72,
) -> None:
    """Makes a code that turns one machine into the store's agent, and writes it: once, for only its hash is kept.

    On the machine: v5-agent enrol --cloud https://… --code CODE
    """
    with opened() as held:
        scope = _scope(held, tenant, company)
        text, _, _ = issue_code(held, scope, setup.store_named(held, scope, store).id, actor=setup.OPERATOR, hours=hours)
    err.print(f"Good for one machine of store {store}, for {hours} hours. It is not shown again.", highlight=False)
    typer.echo(text)


@_agent.command("list")
def agent_list(tenant: TenantOption = None, company: CompanyOption = None) -> None:
    """Writes every agent: id, store, name, when it called last, and whether it was switched off."""
    with opened() as held:
        for one in list_agents(held, _scope(held, tenant, company)):
            seen = one.last_seen_at.isoformat(timespec="seconds") if one.last_seen_at else "-"
            off = f"off since {one.revoked_at.isoformat(timespec='seconds')} by {one.revoked_by}" if one.revoked_at else "in use"
            typer.echo(f"{one.id}\t{one.store}\t{one.name}\t{seen}\t{off}")


@_agent.command("revoke")
def agent_revoke(
    agent: Annotated[str, typer.Argument(help="Its id; `agent list` shows all.")],
    tenant: TenantOption = None,
    company: CompanyOption = None,
) -> None:
    """Switches an agent off. Within 5 seconds it is refused everywhere; what it has not sent stays on its machine.

    A new code (`agent code`) enrols the machine again, and everything is sent.
    """
    with opened() as held:
        found = credentials.revoke_agent(held, _scope(held, tenant, company), agent, actor=setup.OPERATOR)
    err.print(f"{found.name} of store {found.store} is switched off; it had {found.queue_depth} records to send.", highlight=False)


@_agent.command("codes")
def agent_codes(tenant: TenantOption = None, company: CompanyOption = None) -> None:
    """Writes the enrolment codes that nobody has used yet: name, store, until when. The codes themselves are not kept."""
    with opened() as held:
        for one in credentials.list_codes(held, _scope(held, tenant, company)):
            typer.echo(f"{one.id}\t{one.store}\tgood until {one.expires_at.isoformat(timespec='seconds')}")


@_agent.command("revoke-code")
def agent_revoke_code(
    name: Annotated[str, typer.Argument(help="As `agent codes` names it.")], tenant: TenantOption = None, company: CompanyOption = None
) -> None:
    """Withdraws an enrolment code that nobody has used."""
    with opened() as held:
        found = credentials.revoke_code(held, _scope(held, tenant, company), name, actor=setup.OPERATOR)
    err.print(f"The code for store {found.store} lets nobody in any more.", highlight=False)


@_key.command("list")
def key_list(tenant: TenantOption = None, company: CompanyOption = None) -> None:
    """Writes every API key: id, name, scopes, and whether it is still good."""
    with opened() as held:
        for one in credentials.list_keys(held, _scope(held, tenant, company)):
            until = f"until {one.expires_at.isoformat(timespec='seconds')}" if one.expires_at else "for ever"
            state = f"revoked {one.revoked_at.isoformat(timespec='seconds')} by {one.revoked_by}" if one.revoked_at else until
            typer.echo(f"{one.id}\t{one.name}\t{' '.join(one.scopes)}\t{state}")


@_key.command("revoke")
def key_revoke(
    key: Annotated[str, typer.Argument(help="Its id: the middle part of v5_<id>_<secret>; `api-key list` shows all.")],
    tenant: TenantOption = None,
    company: CompanyOption = None,
) -> None:
    """Revokes an API key. Within 5 seconds whoever holds it is refused everywhere."""
    with opened() as held:
        found = credentials.revoke_key(held, _scope(held, tenant, company), key, actor=setup.OPERATOR)
    err.print(f"The key of {found.name} is revoked.", markup=False, highlight=False)


@_key.command("add")
def key_add(
    name: Annotated[str, typer.Argument(help="Which system holds it.")],
    scope: Annotated[list[str], typer.Option("--scope", help=f"What it may do: {', '.join(SCOPES)}. Give it several times for several.")],
    tenant: TenantOption = None,
    company: CompanyOption = None,
    days: Annotated[int, typer.Option(help="Until it expires; 0 for never.", min=0, max=3650)] = 0,
) -> None:
    """Makes an API key and writes it: once, for only the hash of its secret is kept.

    `hooks` answers tills (quote, commit, …), `read` lists customers, sales and agents, `push` delivers documents, `customers` changes
    customers' records, `programmes` saves drafts and publishes.
    """
    with opened() as held:
        text = issue_key(held, _scope(held, tenant, company), name, tuple(scope), days=days)
    err.print("Send it as `Authorization: Bearer …`. It is not shown again.", highlight=False)
    typer.echo(text)


@_programme.command("publish")
def programme_publish(
    file: Annotated[
        Path, typer.Argument(help="The programme as JSON; the API page of the documentation has one.", exists=True, dir_okay=False)
    ],
    tenant: TenantOption = None,
    company: CompanyOption = None,
) -> None:
    """Checks a programme and publishes it. A published version never changes: publish the next `version` instead.

    Refused are rules that cannot be read, that end before they start, or that tie, so that chance would decide.
    """
    with opened() as held:
        programme = drafts.read_programme(file.read_bytes(), file.name)
        made = drafts.publish(held, _scope(held, tenant, company), programme, actor=setup.OPERATOR)
    err.print(f"Published: {made.name}. It counts for sales from now on.", markup=False, highlight=False)
    typer.echo(f"{made.id} {made.version}")


_programme.command("simulate")(simulate)


def _scope(held: Container, tenant: str | None, company: str | None) -> Scope:
    return setup.only_company(held, tenant or only_tenant(held), company)
