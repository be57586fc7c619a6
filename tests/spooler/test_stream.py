"""Tokenizer and job stream: nothing is lost at any chunking, whatever the bytes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from v5_core.hooks import ReceiptLine
from v5_spooler.escpos.modes import Modes
from v5_spooler.escpos.profiles import load_profile, profile_names, to_logical, to_visual
from v5_spooler.escpos.tokens import Kind, Tokenizer, tokenize
from v5_spooler.escpos.writer import Writer, qr_commands
from v5_spooler.printing.stream import JobStream, Send, Step
from v5_spooler.receipt.footer import compose_footer
from v5_spooler.receipt.text import lines_of, render_text

commands = st.sampled_from(
    [b"\x1b@", b"\x1bE\x01", b"\x1dV\x00", b"\x1dVB\x03", b"\x1bi", b"\x1bd\x04", b"\n", b"\x1bJ\x20", b"Total 12,00", b"\x10\x04\x01",
     b"\x1d(k\x03\x001Q0", b"\x1b*\x21\x02\x00abcdef", b"\x1dv0\x00\x01\x00\x02\x00\x10\x04", b"\x1dk\x04ABC\x00", b"\x1bp\x00\x19\xfa",
     b"\x1bL", b"\x0c", b"\x1b\x7f", b"\x1d(L\x06\x000p0\x01\x011", b"\x07", qr_commands(b"A:500100144*B:999999990*G:FS A/1")]
)  # fmt: skip
jobs = st.one_of(st.binary(max_size=300), st.lists(commands, max_size=30).map(b"".join))


@settings(max_examples=150, deadline=None)
@given(jobs, st.integers(1, 40), st.integers(0, 10**6))
def test_tokens_put_together_are_the_bytes_at_any_chunking(data: bytes, most: int, seed: int) -> None:
    whole = tokenize(data)
    assert b"".join(token.data for token in whole) == data
    chance, tokenizer, tokens, at = random.Random(seed), Tokenizer(), [], 0
    while at < len(data):
        size = chance.randint(1, most)
        tokens += tokenizer.feed(data[at : at + size])
        at += size
    tokens += tokenizer.close()
    assert b"".join(token.data for token in tokens) == data
    assert [token for token in tokens if token.kind is not Kind.TEXT] == [token for token in whole if token.kind is not Kind.TEXT]


@settings(max_examples=150, deadline=None)
@given(jobs, st.integers(1, 40), st.integers(0, 10**6))
def test_what_is_sent_and_the_tails_are_the_tills_bytes(data: bytes, most: int, seed: int) -> None:
    chance, stream, out, at = random.Random(seed), JobStream(load_profile("epson"), Modes()), b"", 0

    def act(steps: list[Step]) -> bytes:
        return b"".join(step.data if isinstance(step, Send) else step.job.tail for step in steps)

    while at < len(data):
        size = chance.randint(1, most)
        out += act(stream.feed(data[at : at + size]))
        if chance.random() < 0.1:
            out += act(stream.release())
        at += size
    assert out + act(stream.finish()) == data


def test_a_large_image_does_not_wait_for_its_end() -> None:
    stream = JobStream(load_profile("epson"), Modes())
    head = b"\x1dv0\x00\x48\x00\x00\x04" + bytes(100)
    assert b"".join(step.data for step in stream.feed(head) if isinstance(step, Send)) == head


def test_commands_inside_image_data_are_not_found() -> None:
    image = b"\x1dv0\x00\x02\x00\x04\x00" + b"\x1dV\x00\x10\x04\x01\x1b@"
    assert [token.name for token in tokenize(image + b"\n")] == ["GS v", "LF"]


@pytest.mark.parametrize("name", [name for name in profile_names() if name != "star"])
def test_portuguese_and_hebrew_come_out_as_they_went_in(name: str) -> None:
    profile = load_profile(name)
    for text in ("Promoção até amanhã: pão e maçã", "שלום לכולם 12.50"):
        page, _ = profile.encode(text) or (0, b"")
        job = bytes(Writer(profile, page).start().line(text))
        assert lines_of(tokenize(job), profile) == [text]


def test_hebrew_is_in_visual_order_on_paper() -> None:
    profile = load_profile("epson")
    footer = compose_footer([ReceiptLine(text="סה״כ: 12.50")], Modes(), profile)
    assert b"\x1ba\x02" in footer, "a line begins at the side from which it is read"
    assert '12.50 :כ"הס'.encode("cp862") in footer, "gershayim are in no page: a quotation mark stands for them"
    assert to_visual("לקוח: 12.50").startswith("12.50")
    assert to_logical(to_visual("לקוח: כהן 12.50")) == "לקוח: כהן 12.50"
    assert to_visual("\u2068Um por euro\u2069: נקודה (עם \u2068Terça × 2\u2069)") == "(Terça × 2 םע) הדוקנ :Um por euro"
    assert to_visual("\u2068Terça\u2069 \u200e2") == "Terça 2"


def test_letters_that_no_page_has_are_spelled() -> None:
    profile = load_profile("epson-t88iii").model_copy(update={"pages": {0: "cp437"}, "prefer": (0,)})
    text = render_text(tokenize(compose_footer([ReceiptLine(text="Saldo 5 € – João")], Modes(), profile)), profile)
    assert "Saldo 5 EUR - Joao" in text


def test_printer_without_qr_code_gets_it_as_an_image() -> None:
    profile = load_profile("epson-t88iii")
    footer = compose_footer([ReceiptLine(qr="https://v5.example/c/1")], Modes(), profile)
    assert [token.name for token in tokenize(footer) if token.name.startswith("GS v")] == ["GS v"]
    assert b"\x1d(k" not in footer
