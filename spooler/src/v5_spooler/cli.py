"""v5-spooler: run the spooler, try a virtual printer, draw, read and replay print jobs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
import uvicorn
from rich.console import Console
from rich.progress import track

from v5_core.errors import ConfigError, V5Error
from v5_spooler.config import EXAMPLE, SpoolerConfig, load_config
from v5_spooler.escpos.profiles import load_profile, profile_names
from v5_spooler.escpos.tokens import tokenize
from v5_spooler.printing.virtual import VirtualPrinter
from v5_spooler.receipt.capture import Shop, read_sale
from v5_spooler.receipt.image import render_png
from v5_spooler.receipt.layout import load_layout
from v5_spooler.receipt.raster import read_codes
from v5_spooler.receipt.text import render_text
from v5_spooler.service import Service
from v5_spooler.web.app import make_app

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__, rich_markup_mode="markdown")
console = Console(stderr=True)
Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Print jobs as the till sent them (.bin).")]
ProfileName = Annotated[str, typer.Option(help=f"Printer profile: {', '.join(profile_names())}, or a TOML file.")]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except V5Error as error:
        console.print(error.message, style="red", markup=False)
        raise typer.Exit(1) from None


@app.command()
def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="The settings; see `v5-spooler example`.")] = Path("spooler.toml"),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what happens.")] = False,  # noqa: FBT002 - typer's way
) -> None:
    """Stands between tills and printers until stopped (Ctrl-C or SIGTERM)."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    with _told():
        settings = load_config(config)
        asyncio.run(_run(settings))


async def _run(settings: SpoolerConfig) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with Service(settings).running() as service:
        for printer, port in service.ports.items():
            typer.echo(f"printer {printer}: port {port}")
        if not settings.page.enabled:
            await stop.wait()
            return
        server = uvicorn.Server(
            uvicorn.Config(make_app(service), log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2)
        )
        with _listening(settings.page.port) as listener:
            typer.echo(f"page: http://127.0.0.1:{listener.getsockname()[1]}/")
            # The server's own signal handlers would hide the stop from the printers.
            serving = asyncio.create_task(server._serve([listener]))  # noqa: SLF001 - serve() without signal handlers
            await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            await serving


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        console.print(f"the page cannot listen on 127.0.0.1:{port}: {error.strerror}; set [page] port in the settings", style="red")
        raise typer.Exit(1) from None


@app.command()
def example() -> None:
    """Prints a spooler.toml to start from."""
    typer.echo(EXAMPLE, nl=False)


@app.command()
def virtual(
    out: Annotated[Path, typer.Option(help="Folder for the printed jobs: .bin, .txt and .png each.")] = Path("gallery"),
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks one.")] = 9200,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    profile: ProfileName = "epson",
    pace: Annotated[float, typer.Option(help="Pause after each command in seconds, to play a slow printer.")] = 0.0,
) -> None:
    """A printer without paper: answers status questions, keeps every job."""

    async def serve() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(name, stop.set)
        printer = VirtualPrinter(out, load_profile(profile), host, port, pace)
        try:
            await printer.start()
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(f"cannot listen on {host}:{port}: {reason}") from None
        typer.echo(f"virtual printer: port {printer.port}, jobs in {out}")
        await stop.wait()
        await printer.stop()

    with _told():
        asyncio.run(serve())


@app.command()
def render(
    files: Files,
    out: Annotated[Path, typer.Option(help="Folder for the pictures and texts.")] = Path(),
    profile: ProfileName = "epson",
) -> None:
    """Draws print jobs: FILE.png and FILE.txt beside each other in the folder."""
    with _told():
        paper = load_profile(profile)
        out.mkdir(parents=True, exist_ok=True)
        for file in track(files, "Drawing", console=console, disable=len(files) < 3):
            tokens = tokenize(file.read_bytes(), paper.lengths)
            (out / f"{file.stem}.png").write_bytes(render_png(tokens, paper))
            (out / f"{file.stem}.txt").write_text(render_text(tokens, paper), "utf-8")
            typer.echo(out / f"{file.stem}.png")


@app.command()
def replay(
    files: Files,
    to: Annotated[str, typer.Option(help="host:port to send the jobs to, as a till would. Without it, shows what is read from them.")] = "",
    layout: Annotated[str, typer.Option(help="Layout for line items.")] = "portugal",
    profile: ProfileName = "epson",
    store: Annotated[str, typer.Option(help="Store code for the reading.")] = "STORE",
    zone: Annotated[str, typer.Option(help="Time zone for the reading.")] = "Europe/Lisbon",
) -> None:
    """Sends kept jobs again, or shows the sale that would be read from them (for writing a layout)."""
    with _told():
        if to:
            _send(files, to)
            return
        paper, reading = load_profile(profile), load_layout(layout) if layout else None
        shop = Shop(store, _zone(zone))
        for file in files:
            tokens = tokenize(file.read_bytes(), paper.lengths)
            found = read_sale(tokens, paper, reading, shop, datetime.now(UTC), raster=read_codes(tokens, paper))
            result = {"file": file.name, "sale": None} if found is None else {"file": file.name, "operation": found.operation}
            if found:
                result |= {"findings": list(found.findings), "sale": json.loads(found.document.model_dump_json())}
            typer.echo(json.dumps(result, ensure_ascii=False, indent=2))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"{name!r} is no time zone: expected one such as 'Europe/Lisbon'") from None


def _send(files: list[Path], to: str) -> None:
    host, _, port = to.rpartition(":")
    if not port.isdigit():
        console.print(f"--to {to}: expected host:port, such as 127.0.0.1:9100", style="red")
        raise typer.Exit(2)
    for file in files:
        try:
            with socket.create_connection((host or "127.0.0.1", int(port)), 5) as till:
                till.sendall(file.read_bytes())
                till.shutdown(socket.SHUT_WR)
                while till.recv(4096):
                    pass
        except OSError as error:
            console.print(f"{file}: {to} does not take it: {error}", style="red", markup=False)
            raise typer.Exit(1) from None
        typer.echo(f"{file.name}: sent")
