"""Simulations in the background: one at a time in each process of the service, the work itself in processes of its own."""

from __future__ import annotations

import threading
from functools import partial

from v5_cloud.kit.background import begin
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.simulation import service
from v5_cloud.tenants.directory import scopes

__all__ = ["resume", "start"]

_one_at_a_time = threading.Lock()


def start(container: Container, scope: Scope, simulation: str) -> None:
    """Begins to work on it, and comes back at once. A process that ends leaves it to `resume`."""
    begin(f"simulation {simulation}", partial(_work, container, scope, simulation))


def resume(container: Container) -> int:
    """Takes over what nobody works on any more; gives how many that were."""
    found = [(scope, one) for scope in scopes(container) for one in service.unfinished(container, scope)]
    for scope, one in found:
        start(container, scope, one)
    return len(found)


def _work(container: Container, scope: Scope, simulation: str) -> None:
    with _one_at_a_time:
        service.work(container, scope, simulation)
