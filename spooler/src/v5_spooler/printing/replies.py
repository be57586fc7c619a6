"""What the printer says goes to the till at once, except the answers to the spooler's own questions."""

from __future__ import annotations

import asyncio

__all__ = ["ReplyFilter"]


class ReplyFilter:
    """Takes the printer's proofs of printing (`37 22 d1 d2 d3 d4 00`) out of the stream; all else is the till's."""

    def __init__(self) -> None:
        self._expected: dict[bytes, asyncio.Future[None]] = {}
        self._kept = b""

    def expect(self, question: bytes) -> asyncio.Future[None]:
        """A GS ( H fn 48 is about to be sent; the future is done when its answer has come."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected[b"\x37\x22" + question[-4:] + b"\x00"] = future
        return future

    def feed(self, data: bytes) -> bytes:
        """The bytes for the till."""
        if not self._expected:
            return data
        data, self._kept = self._kept + data, b""
        for answer, future in list(self._expected.items()):
            if answer in data:
                data = data.replace(answer, b"", 1)
                del self._expected[answer]
                if not future.done():
                    future.set_result(None)
        # Half an answer at the end waits for its other half; status bytes never begin like one.
        for answer in self._expected:
            for size in range(len(answer) - 1, 0, -1):
                if data.endswith(answer[:size]):
                    self._kept = data[-size:]
                    return data[:-size]
        return data
