"""`v5-cloud message`: what went out, what did not, and sending one again. Never with its words, nor to whom it went."""

from __future__ import annotations

from typing import Annotated

import typer

from v5_cloud.console import err, opened
from v5_cloud.messages.repository import MessageRepository
from v5_cloud.messages.service import send_again
from v5_cloud.tenants.directory import only_tenant
from v5_cloud.tenants.setup import only_company

__all__ = ["messages"]

messages = typer.Typer(no_args_is_help=True, help="E-mails and SMS that the service sends.")
_Tenant = Annotated[str | None, typer.Option("--tenant", help="Tenant id; not needed when there is only one.")]
_Company = Annotated[str | None, typer.Option("--company", help="Company id; not needed when the tenant has only one.")]


@messages.command("list")
def message_list(tenant: _Tenant = None, company: _Company = None) -> None:
    """Counts messages by channel and state, then writes those that did not go as they should: id, channel, state, attempts, why."""
    with opened() as held:
        scope = only_company(held, tenant or only_tenant(held), company)
        with held.database.read(scope) as session:
            known = MessageRepository(session, scope)
            counted, troubled = known.counted(), known.troubled(100)
        for (channel, state), count in sorted(counted.items()):
            err.print(f"{channel} {state}: {count}", highlight=False)
        for row in troubled:
            typer.echo(
                f"{row.id}\t{row.channel}\t{row.topic}\t{row.state}\t{row.attempts}\t{row.last_error}\t{row.updated_at:%Y-%m-%dT%H:%MZ}"
            )


@messages.command("again")
def message_again(
    message: Annotated[str, typer.Argument(help="Its id, as `message list` writes it.")], tenant: _Tenant = None, company: _Company = None
) -> None:
    """Sends one again that was refused, expired or left in doubt. In doubt it may arrive twice."""
    with opened() as held:
        send_again(held, only_company(held, tenant or only_tenant(held), company), message)
    err.print("The message goes out with the next round of housekeeping.")
