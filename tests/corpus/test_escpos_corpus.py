"""Print jobs that others made: tokenised to the last byte, passed byte for byte, drawn."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from v5_spooler.escpos.modes import Modes
from v5_spooler.escpos.profiles import load_profile
from v5_spooler.escpos.tokens import Kind, tokenize
from v5_spooler.printing.stream import JobStream, Send
from v5_spooler.receipt.image import render_png
from v5_spooler.receipt.text import render_text

FOLDER = Path(os.environ.get("V5_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "data") / "escpos"
FILES = sorted(file for file in FOLDER.glob("*") if file.is_file()) if FOLDER.is_dir() else []
pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not FILES, reason=f"no print jobs in {FOLDER}; set V5_CORPUS")]


def of(name: str) -> bytes:
    return next(file for file in FILES if name in file.name).read_bytes()


@pytest.mark.feature("NX-01")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name[:40])
def test_every_job_is_understood_to_its_last_byte(file: Path) -> None:
    data = file.read_bytes()
    tokens = tokenize(data, {"ESC 4": 2, "ESC 5": 2})
    assert b"".join(token.data for token in tokens) == data
    assert {token.data for token in tokens if token.kind is Kind.UNKNOWN} <= {b"\x07"}, "only the bell, which is no ESC/POS"


@pytest.mark.parametrize("size", [1, 13, 4096])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name[:40])
def test_every_job_passes_byte_for_byte(file: Path, size: int) -> None:
    data = file.read_bytes()
    stream, out = JobStream(load_profile("epson"), Modes()), bytearray()
    steps = [step for at in range(0, len(data), size) for step in stream.feed(data[at : at + size])] + stream.finish()
    for step in steps:
        out += step.data if isinstance(step, Send) else step.job.tail
    assert bytes(out) == data


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name[:40])
def test_every_job_is_drawn(file: Path) -> None:
    profile = load_profile("epson")
    tokens = tokenize(file.read_bytes(), {"ESC 4": 2, "ESC 5": 2})
    with Image.open(io.BytesIO(render_png(tokens, profile))) as picture:
        assert picture.width > profile.dots
        assert min(picture.convert("L").tobytes()) < 40, "something is printed"
    assert render_text(tokens, profile).strip()


@pytest.mark.skipif(not FILES, reason="no corpus")
def test_jobs_are_cut_where_the_knife_falls() -> None:
    def jobs(name: str) -> int:
        stream = JobStream(load_profile("epson"), Modes())
        steps = stream.feed(of(name)) + stream.finish()
        return len([step for step in steps if not isinstance(step, Send) and step.job.printed])

    assert jobs("mike42_demo") == 14
    assert jobs("receipt-with-logo") == 1
    assert jobs("reference-full-and-partial-cuts") == 3


def test_receipt_of_another_country_reads_as_text() -> None:
    text = render_text(tokenize(of("receipt-with-logo")), load_profile("epson"))
    assert "ExampleMart Ltd." in text
    assert "Total" in text
    assert "14.25" in text
