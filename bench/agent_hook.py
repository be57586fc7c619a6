"""What a till waits for: p99 of identify and commit through HTTP on loopback, with the line down, on a replica of 20 000 customers.

The baseline of identify is the same service's smallest answer (its door and a 404), so that the ratio says what the work itself adds;
the baseline of commit is identify: what being durable costs.
"""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from v5_agent.config import AgentConfig
from v5_agent.service import Agent
from v5_agent.web import create_app
from v5_core.programme import EarnPerAmount, PercentOffer, Programme, Redemption, RewardLevel
from v5_core.push import Replica, ReplicaCustomer

CUSTOMERS, CALLS = 20_000, 400


def replica() -> Replica:
    customers = tuple(
        ReplicaCustomer(
            customer=f"c{n}", name=f"Cliente {n} de Teste", cards=(f"29{n:011d}",), phone=f"+3519{n:08d}", balance_available=n * 1000
        )
        for n in range(CUSTOMERS)
    )
    offers = tuple(PercentOffer(id=f"o{n}", title="Oferta", percent=100 + n, group=f"g{n}", priority=n) for n in range(20))
    programme = Programme(
        id="club",
        name="Clube",
        state="published",
        earning=(EarnPerAmount(id="e", points=1000, amount=100),),
        offers=offers,
        redemption=Redemption(points=100_000, amount=100),
        rewards=tuple(RewardLevel(id=f"r{n}", title="Prenda", cost=n * 50_000) for n in range(1, 6)),
    )
    return Replica(version=1, complete=True, company_name="Loja", customers=customers, programmes=(programme,), offline_points_limit=10**6)


def timed(connection: http.client.HTTPConnection, path: str, bodies: list[bytes], expected: int) -> list[float]:
    taken = []
    for body in bodies:
        started = time.perf_counter()
        connection.request("POST", path, body, {"Authorization": "Bearer bench"})
        response = connection.getresponse()
        response.read()
        taken.append((time.perf_counter() - started) * 1000)
        assert response.status == expected, response.status
    return taken


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def sale(number: int) -> bytes:
    lines = [{"line_id": str(n), "product": f"P{n}", "gross": "1.23", "net": "1.00"} for n in range(10)]
    document = {
        "source": "till", "source_id": str(number), "origin": "hook", "kind": "sale", "store": "L", "issued_at": "2026-11-20T10:00:00Z",
        "customer": {"card": f"29{number % CUSTOMERS:011d}"}, "lines": lines, "gross": "12.30", "net": "10.00",
    }  # fmt: skip
    return json.dumps({"request_id": f"r{number}", "document": document}).encode()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Agent(Path(folder), AgentConfig(), None, {}) as agent:
        agent.replica.apply(replica(), datetime.now(UTC))
        ports: list[int] = []
        server = uvicorn.Server(uvicorn.Config(create_app(agent, "bench", lambda: ports[0]), port=0, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        ports.append(server.servers[0].sockets[0].getsockname()[1])
        connection = http.client.HTTPConnection("127.0.0.1", ports[0])
        try:
            nothing = timed(connection, "/v1/hooks/nothing", [b"{}"] * CALLS, 404)
            asked = [json.dumps({"store": "L", "key": f"29{n * 37 % CUSTOMERS:011d}"}).encode() for n in range(CALLS)]
            timed(connection, "/v1/hooks/identify", asked[:20], 200)
            identify = timed(connection, "/v1/hooks/identify", asked, 200)
            timed(connection, "/v1/hooks/commit", [sale(n) for n in range(20)], 200)
            commit = timed(connection, "/v1/hooks/commit", [sale(n) for n in range(20, 20 + CALLS)], 200)
        finally:
            connection.close()
            server.should_exit = True
            thread.join()
    for name, values, baseline in (("agent hook identify p99", identify, nothing), ("agent hook commit p99", commit, identify)):
        line = {
            "name": name,
            "value": round(p99(values), 2),
            "baseline": round(p99(baseline), 2),
            "ratio": round(p99(values) / p99(baseline), 2),
        }
        print(json.dumps({**line, "unit": "ms", "p50": round(statistics.median(values), 2)}))


if __name__ == "__main__":
    main()
