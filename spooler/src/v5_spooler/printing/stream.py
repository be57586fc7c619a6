"""A till's bytes as jobs: what may go to the printer at once, and the short tail that waits for the footer.

No input or output here. Everything is passed on as it comes, except the run of empty feeds that may end a receipt, and the cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from v5_spooler.escpos.modes import CUTS, FEEDS, Modes, advance, is_cut, prints
from v5_spooler.escpos.profiles import Profile
from v5_spooler.escpos.tokens import Kind, Token, Tokenizer

__all__ = ["End", "Job", "JobStream", "Send", "Step"]

# Cuts, feeds and ESC @ are no longer than this: a longer unfinished command cannot be one and need not wait.
_SHORT: Final = 4
# A job larger than this passes, but is no longer kept in memory nor edited.
_LARGE: Final = 8 * 1024 * 1024


@dataclass(slots=True)
class Job:
    """One piece of paper.

    Attributes:
        tail: Feeds and cut that the printer has not got yet; the footer goes before them.
        modes: Printer settings where the footer goes.
        obstacle: Why the job must not be edited; empty when it may.
        fiscal: The content of a fiscal QR code was seen.
    """

    tokens: list[Token] = field(default_factory=list)
    size: int = 0
    tail: bytes = b""
    modes: Modes = field(default_factory=Modes)
    obstacle: str = ""
    fiscal: bool = False
    printed: bool = False

    @property
    def raw(self) -> bytes:
        """All bytes of the job, tail included."""
        return b"".join(token.data for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes that go to the printer now; status questions between jobs belong to none."""

    job: Job | None
    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The job is complete; its tail is still here."""

    job: Job


Step = Send | End


class JobStream:
    """Cuts one connection's bytes into jobs."""

    def __init__(self, profile: Profile, modes: Modes) -> None:
        self.profile = profile
        self.modes = modes
        self.job = Job()
        self._tokenizer = Tokenizer(profile.lengths)
        self._held: list[Token] = []
        self._before_held = modes.copy()
        self._passed = 0  # bytes of the unfinished command that went out already

    @property
    def waiting(self) -> bool:
        """Something is held or unfinished."""
        return bool(self._held or self._tokenizer.partial)

    def feed(self, data: bytes) -> list[Step]:
        """What to do with the next bytes, in order."""
        steps: list[Step] = []
        for token in self._tokenizer.feed(data):
            self._token(token, steps)
        partial = self._tokenizer.partial
        if len(partial) > _SHORT:
            steps += self._pass_partial(partial)
        return _joined(steps)

    def release(self) -> list[Step]:
        """No more bytes for a moment: an unfinished command does not wait any longer."""
        partial = self._tokenizer.partial
        return _joined(self._pass_partial(partial)) if partial else []

    def finish(self) -> list[Step]:
        """Silence, or the end of the connection: the job is over, cut or not."""
        steps: list[Step] = self.release()
        for token in self._tokenizer.close():
            self._spoil("unfinished command")
            self._take(token)
        self._passed = 0
        if self.job.tokens:
            steps.append(self._end())
        return steps

    def drain(self) -> bytes:
        """Everything that has not gone out: for passing through when editing failed."""
        data = b"".join(token.data for token in self._held) + self._tokenizer.partial[self._passed :]
        self._held, self._passed = [], 0
        self._tokenizer.close()
        return data

    def _token(self, token: Token, steps: list[Step]) -> None:
        passed, self._passed = self._passed, 0
        if token.kind is Kind.REALTIME and not self.job.tokens:
            steps.append(Send(None, token.data[passed:]))
            return
        if token.name == "ESC @" and self.job.fiscal:
            steps.append(self._end())
        self._judge(token)
        at_start = self.modes.at_line_start
        if passed == 0 and (is_cut(token) or (token.name in FEEDS and at_start)):
            if not self._held:
                self._before_held = self.modes.copy()
            self._held.append(token)
            self._take(token)
            advance(self.modes, token)
            if is_cut(token):
                steps.append(self._end())
            return
        if self._held:
            steps += self._release_held()
        self._take(token)
        advance(self.modes, token)
        if rest := token.data[passed:]:
            steps.append(Send(self.job, rest))
        if token.name in CUTS:
            # Part of the cut is out: nothing can stand before it any more.
            self._spoil("cut came in pieces")
            steps.append(self._end())

    def _end(self) -> End:
        job = self.job
        job.tail = b"".join(token.data for token in self._held)
        job.modes = self._before_held if self._held else self.modes.copy()
        if job.modes.page_mode or job.modes.macro or not job.modes.selected:
            self._spoil("page mode, macro or printer not selected")
        self._held, self.job = [], Job()
        return End(job)

    def _release_held(self) -> Iterator[Send]:
        if self._held:
            data = b"".join(token.data for token in self._held)
            self._held = []
            yield Send(self.job, data)

    def _pass_partial(self, partial: bytes) -> Iterator[Send]:
        yield from self._release_held()
        data, self._passed = partial[self._passed :], len(partial)
        if data:
            yield Send(self.job, data)

    def _take(self, token: Token) -> None:
        job = self.job
        job.size += len(token.data)
        if job.size > _LARGE:
            self._spoil("too large")
        else:
            job.tokens.append(token)
        job.printed = job.printed or prints(token)

    def _judge(self, token: Token) -> None:
        if self.profile.dialect == "star" or token.name in {"ESC 1D", "ESC 1E"}:
            self._spoil("Star line mode")
        elif token.kind is Kind.UNKNOWN:
            self._spoil("unknown command")
        elif token.name == "GS ( k" and token.data[5:7] == b"1P" and token.data[8:10] == b"A:":
            self.job.fiscal = True

    def _spoil(self, reason: str) -> None:
        self.job.obstacle = self.job.obstacle or reason


def _joined(steps: Iterator[Step] | list[Step]) -> list[Step]:
    # Neighbouring sends become one write to the socket and one row in the journal.
    joined: list[Step] = []
    parts: list[bytes] = []
    job: Job | None = None

    def flush() -> None:
        if parts:
            joined.append(Send(job, b"".join(parts)))
            parts.clear()

    for step in steps:
        if isinstance(step, End) or step.job is not job:
            flush()
        if isinstance(step, End):
            joined.append(step)
            job = None
        else:
            job = step.job
            parts.append(step.data)
    flush()
    return joined
