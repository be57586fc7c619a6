"""What the measurements of the cloud send, and how: a chain's worth of cards, and a sender that leaves the processor to the service."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

__all__ = ["MEMBERS", "Line", "members"]

# As many as a small chain has: with a few hundred, two sales in flight would meet on one account all the time.
MEMBERS: Final = 20_000

_COPIES: Final = (
    """INSERT INTO customer SELECT (jsonb_populate_record(c, jsonb_build_object('id', 'c_bench' || n,
         'keys', jsonb_build_array('id:c_bench' || n, 'card:BENCH' || n)))).* FROM customer c, generate_series(1, %(count)s) n
       WHERE c.id = %(first)s""",
    """INSERT INTO account SELECT (jsonb_populate_record(a, jsonb_build_object('id', 'a_bench' || n, 'customer_id', 'c_bench' || n,
         'balance', 0, 'held', 0, 'earned', 0, 'spent', 0, 'version', 0, 'sequence', 0, 'expiring', 0))).*
       FROM account a, generate_series(1, %(count)s) n WHERE a.customer_id = %(first)s""",
    """INSERT INTO card SELECT (jsonb_populate_record(c, jsonb_build_object('number', 'BENCH' || n, 'customer_id', 'c_bench' || n))).*
       FROM card c, generate_series(1, %(count)s) n WHERE c.number = (SELECT min(number) FROM card WHERE customer_id = %(first)s)""",
    """INSERT INTO customer_key (tenant_id, company_id, key, customer_id)
       SELECT tenant_id, company_id, kind || n, 'c_bench' || n
       FROM customer, generate_series(1, %(count)s) n, unnest(ARRAY['card:BENCH', 'id:c_bench']) kind WHERE id = %(first)s""",
)


def members(url: str, sample: Mapping[str, Any], count: int = MEMBERS) -> list[str]:
    """Adds members to the sample company, copies of its first one; gives their card numbers."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _COPIES:
            connection.execute(statement, {"count": count, "first": sample["customers"][0]["id"]})
        connection.execute("ANALYZE")
    return [f"BENCH{number}" for number in range(1, count + 1)]


class Line:
    """A connection kept open, written to byte by byte: an HTTP client library costs more than the request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def request(self, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """A POST as it goes over the wire; made before the clock runs."""
        always = {"host": f"{self._host}:{self._port}", "content-type": "application/json", "content-length": str(len(body))}
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (always | {**headers}).items())]
        return "\r\n".join((*lines, "", "")).encode() + body

    async def send(self, request: bytes) -> bytes:
        """Sends a prepared request; gives the body of the answer, which must be 200."""
        try:
            head = await self._asked(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            # The service closes a connection that lay idle; a till opens another and sends the same again.
            self.close()
            head = await self._asked(request)
        length = next(int(row[15:]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length:"))
        assert self._reader is not None
        body = await self._reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head.splitlines()[0]!r}: {body[:300]!r}")
        return body

    async def _asked(self, request: bytes) -> bytes:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=4_000_000)
        self._writer.write(request)
        return await self._reader.readuntil(b"\r\n\r\n")

    def close(self) -> None:
        """Ends the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
