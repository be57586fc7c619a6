"""The traffic light of a store agent. What counts is the age of the oldest sale not sent, not whether a process is alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from v5_cloud.fleet.schemas import AgentItem

__all__ = ["Light", "Status", "status_of"]

SILENT: Final = timedelta(minutes=10)
LATE: Final = 15 * 60
VERY_LATE: Final = 60 * 60
SKEW: Final = 120


class Light(IntEnum):
    """The worst reason decides."""

    GREEN = 0
    AMBER = 1
    RED = 2
    GREY = 3


@dataclass(frozen=True, slots=True)
class Status:
    """The light, and every reason why it is not green."""

    light: Light
    reasons: tuple[str, ...]


def status_of(agent: AgentItem, now: datetime, _: Callable[..., str], lasting: Callable[[float], str]) -> Status:
    """Judges what the agent said last, and how long ago that was.

    Args:
        agent: As it is listed.
        now: The present.
        _: Translates.
        lasting: Writes a length of time in seconds.
    """
    if agent.revoked_at:
        return Status(Light.GREY, (_("Switched off: it may not connect any more."),))
    if agent.last_seen_at is None:
        return Status(Light.GREY, (_("Enrolled; it has not called yet."),))
    found: list[tuple[Light, str]] = []
    silence = now - agent.last_seen_at
    if silence > SILENT:
        found.append((Light.RED, _("Silent for %(time)s.", time=lasting(silence.total_seconds()))))
    if agent.oldest_unsent_seconds > LATE:
        light = Light.RED if agent.oldest_unsent_seconds > VERY_LATE else Light.AMBER
        found.append((light, _("The oldest sale has been waiting for %(time)s.", time=lasting(agent.oldest_unsent_seconds))))
    if agent.quarantined:
        found.append((Light.AMBER, _("Records set aside for a person to look at: %(count)s.", count=agent.quarantined)))
    plugins: list[dict[str, Any]] = [one for one in agent.plugins if isinstance(one, dict)]
    found += [
        (Light.RED, f"{one.get('slug', '?')}: {one.get('problem') or _('does not work')}") for one in plugins if not one.get("ok", True)
    ]
    if abs(agent.clock_offset) > SKEW:
        found.append((Light.AMBER, _("Its clock is off by %(time)s.", time=lasting(abs(agent.clock_offset)))))
    if agent.last_error:
        found.append((Light.AMBER, agent.last_error))
    return Status(max((light for light, _reason in found), default=Light.GREEN), tuple(reason for _light, reason in found))
