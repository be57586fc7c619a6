"""`v5-cloud programme simulate FILE`: a draft tried on the past sales of the database, or of a SAF-T (PT) file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from v5_cloud.console import err, fail, opened
from v5_cloud.kit.container import utc_now
from v5_cloud.programmes import drafts
from v5_cloud.programmes.service import current
from v5_cloud.simulation import service
from v5_cloud.simulation.running import run
from v5_cloud.simulation.schemas import SimulationOrder
from v5_cloud.tenants import setup
from v5_cloud.tenants.directory import only_tenant
from v5_core.engine import CustomerFacts
from v5_core.errors import V5Error
from v5_core.model import SalesDocument
from v5_core.money import format_scaled
from v5_core.programme import Programme
from v5_core.simulation import Case, Compared, Report, RuleChange, Scenario, Simulator
from v5_core.simulation import simulate as past_simulated
from v5_core.sources.saft import read

__all__ = ["bar", "simulate"]

_NOTES = {
    "rewards": "Rewards for points are taken as often as they were; nobody is guessed to take more or fewer.",
    "coupons": "Coupons and entitlements are used as often as they were.",
    "events": "Welcome, birthday and turnover rules are not about sales and are left out.",
    "as_of_today": "Segments and levels are those of today; memberships are those of the day of the sale.",
    "sequence": "Each sale was looked at by itself: caps, visits and balances over several sales need --follow.",
    "returns": "Returns take back by the rules with the sign turned.",
}
Wanted = Callable[[SalesDocument, date], bool]
File = Annotated[Path, typer.Argument(help="The draft as JSON.", exists=True, dir_okay=False)]
Saft = Annotated[
    Path | None, typer.Option(help="Past sales from a SAF-T (PT) file, whose customers all have a card.", exists=True, dir_okay=False)
]
Against = Annotated[
    list[Path] | None,
    typer.Option(help="Compare with this programme, not with what is published; several times for several.", exists=True, dir_okay=False),
]


def simulate(
    file: File,
    *,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day; left out: 90 days back, in a SAF-T file its first.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; left out: today, in a SAF-T file its last.")
    ] = None,
    store: Annotated[list[str] | None, typer.Option(help="Only this store; give it several times for several.")] = None,
    saft: Saft = None,
    against: Against = None,
    workers: Annotated[int, typer.Option(help="Processes; 0 is one for each core.", min=0, max=64)] = 0,
    follow: Annotated[
        bool, typer.Option("--follow/--alone", help="Follow customers from sale to sale, or look at each sale alone.")
    ] = True,
    keep_dates: Annotated[bool, typer.Option("--keep-dates", help="Take the dates of rules as they are written.")] = False,
    zone: Annotated[str, typer.Option(help="Time zone of the SAF-T file.")] = "Europe/Lisbon",
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Tenant id; not needed when there is only one.")] = None,
    company: Annotated[str | None, typer.Option("--company", help="Company id; not needed when the tenant has only one.")] = None,
) -> None:
    """Tries a draft on past sales, beside today's programmes: cost, winners, losers, differences. Nothing is changed.

    With --saft and --against no database is needed.
    """
    try:
        draft = drafts.read_programme(file.read_bytes(), file.name)
        todays = [drafts.read_programme(one.read_bytes(), one.name) for one in against or ()]
    except V5Error as error:
        fail(error)
    first, last = (one.date() if one else None for one in (since, until))

    def wanted(document: SalesDocument, day: date) -> bool:
        return (not store or document.store in store) and (first is None or first <= day) and (last is None or day <= last)

    if saft is not None and todays:
        try:
            report = _from_saft(saft, todays, draft, ZoneInfo(zone), wanted, follow=follow, keep_dates=keep_dates)
        except V5Error as error:
            fail(error)
    else:
        with opened() as held:
            scope = setup.only_company(held, tenant or only_tenant(held), company)
            if saft is not None:
                todays = list(current(held, scope).programmes(held.clock()))
                report = _from_saft(saft, todays, draft, ZoneInfo(zone), wanted, follow=follow, keep_dates=keep_dates)
            else:
                order = SimulationOrder(programme=draft, since=first, until=last, stores=store or [], follow=follow, keep_dates=keep_dates)
                past = service.past_of(held, scope, draft, service.asked_of(held, scope, order), base=tuple(todays) or None)
                with bar(f"{draft.name} {draft.version}") as told:
                    report = run(held, past, workers=workers, progress=told)
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        _show(report, Console())


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error; gives what to tell (done, of how many)."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(title, total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield told


def _from_saft(
    path: Path, todays: list[Programme], draft: Programme, zone: ZoneInfo, wanted: Wanted, *, follow: bool, keep_dates: bool
) -> Report:
    as_of = None if keep_dates else utc_now().astimezone(zone)
    after = [*(one for one in todays if one.id != draft.id), draft]
    simulator = Simulator(Scenario(todays, as_of=as_of), Scenario(after, as_of=as_of), currency=draft.currency, follow=follow)
    cards = frozenset(card for one in (*todays, draft) for card in one.card_types)
    with bar(path.name) as told:
        return past_simulated(simulator, lambda: _cases(path, zone, cards, wanted, told))


def _cases(path: Path, zone: ZoneInfo, cards: frozenset[str], wanted: Wanted, told: Callable[[int, int], None]) -> Iterator[Case]:
    # The file's own order is that of its numbers, and so of its dates: customers can be followed through it.
    done = 0
    with path.open("rb") as stream:
        size = path.stat().st_size
        for item in read(stream, zone=zone):
            if not isinstance(item, SalesDocument) or not wanted(item, item.issued_at.astimezone(zone).date()):
                continue
            done += 1
            if done % 200 == 0:
                told(min(stream.tell(), size), size)
            buyer = item.customer
            known = buyer.card or buyer.erp or buyer.tax_number or buyer.phone
            yield Case(item, CustomerFacts(known, card_types=cards) if known else None, zone, item.keys[0])
        told(size, size)


def _show(report: Report, out: Console) -> None:
    total = report.total
    money = _money(report.currency)
    out.print(
        f"[bold]{', '.join(report.draft_versions)}[/bold] beside {', '.join(report.base_versions) or 'nothing'}: "
        f"{total.documents} documents, {money(total.gross)}, {total.differing} differ.",
        highlight=False,
    )
    out.print(_sides([("All", total)], money, ""))
    out.print(_rules(report.rules, money))
    for title, rows in (("Store", report.stores), ("Month", report.months), ("Level", report.tiers), ("Segment", report.segments)):
        if len(rows) > 1 or (rows and title in ("Level", "Segment")):
            out.print(_sides([(one.name, one) for one in rows], money, title))
    out.print(
        f"[green]{report.winners} customers get more[/green], [red]{report.losers} get less[/red], {report.unchanged} the same.",
        highlight=False,
    )
    for title, changes in (("Biggest winners", report.biggest_winners), ("Biggest losers", report.biggest_losers)):
        if changes:
            table = Table("Customer", "Sales", "Bought", "Points", "Difference", title=title)
            for one in changes:
                table.add_row(one.customer, str(one.documents), money(one.gross), _points(one.points), money(one.difference, sign=True))
            out.print(table)
    for document in report.documents[:3]:
        out.print(f"[bold]{document.number}[/bold] {money(document.gross)}: {money(document.difference, sign=True)}", highlight=False)
        for name, said in (("today", document.base_explanations), ("draft", document.draft_explanations)):
            for explanation in said:
                out.print(f"  {name}: {explanation.text}", markup=False, highlight=False)
    for note in report.notes:
        out.print(_NOTES.get(note, note), style="dim")


def _sides(rows: list[tuple[str, Compared]], money: Any, title: str) -> Table:
    table = Table(title, "", "Points", "Their worth", "Discounts", "Vouchers", "Cost")
    for name, one in rows:
        for side, given in (("today", one.base), ("draft", one.draft)):
            vouchers = f"{given.vouchers} · {money(given.voucher_amount)}" if given.vouchers else "-"
            table.add_row(
                name if side == "today" else "",
                side,
                _points(given.points),
                money(given.worth),
                money(given.discount),
                vouchers,
                money(given.cost),
            )
        table.add_row(
            "", "[bold]difference[/bold]", _points(one.draft.points - one.base.points), "", "", "", money(one.difference, sign=True)
        )
    return table


def _rules(rules: tuple[RuleChange, ...], money: Any) -> Table:
    table = Table("Rule", "Kind", "Points today", "Points draft", "Cost today", "Cost draft", "Difference")
    for one in rules:
        costs = (money(one.base.cost), money(one.draft.cost), money(one.difference, sign=True))
        table.add_row(one.title or one.rule, one.kind, _points(one.base.points), _points(one.draft.points), *costs)
    return table


def _points(points: int) -> str:
    return format_scaled(points, 3, trim=True)


def _money(currency: str) -> Any:
    def money(amount: int, *, sign: bool = False) -> str:
        return f"{'+' if sign and amount > 0 else ''}{format_scaled(amount, 2)} {currency}"

    return money
