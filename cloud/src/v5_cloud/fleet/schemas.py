"""Bodies of the fleet's endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from v5_core.model import Code, Text

__all__ = [
    "AgentItem",
    "CodeItem",
    "EnrolAgentRequest",
    "EnrolAgentResponse",
    "Heartbeat",
    "HeartbeatReply",
    "KeyItem",
    "PluginState",
    "ReplicaRequest",
]

_Count = Annotated[int, Field(ge=0, le=2**53)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnrolAgentRequest(_Body):
    """A machine presents its one-off code and the public half of a key that it made."""

    code: Annotated[str, Field(min_length=4, max_length=80)]
    public_key: Annotated[str, Field(min_length=40, max_length=60, description="base64 of 32 raw bytes (Ed25519)")]
    name: Code
    fingerprint: Annotated[str, Field(max_length=200)] = ""
    version: Annotated[str, Field(max_length=40)] = ""


class EnrolAgentResponse(_Body):
    """Who the machine is from now on."""

    agent: str
    tenant: str
    company: str
    store: str
    config: dict[str, Any]


class PluginState(_Body):
    """One plugin's health."""

    slug: Code
    ok: bool
    problem: Text = ""


class Heartbeat(_Body):
    """How a store agent is doing."""

    version: Annotated[str, Field(max_length=40)] = ""
    queue_depth: _Count = 0
    oldest_unsent_seconds: Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)] = 0
    quarantined: _Count = 0
    last_error: Text | None = ""
    plugins: Annotated[tuple[PluginState, ...], Field(max_length=50)] = ()
    clock_offset: Annotated[float, Field(ge=-1e10, le=1e10, allow_inf_nan=False)] | None = None


class HeartbeatReply(_Body):
    """The service's clock."""

    server_time: datetime


class ReplicaRequest(_Body):
    """Ask for what is newer than `since`."""

    since: Annotated[int, Field(ge=0, le=2**62)] = 0


class AgentItem(_Body):
    """An agent in lists."""

    id: str
    name: str
    company: str
    store: str
    store_id: str
    version: str
    revoked: bool
    revoked_at: datetime | None
    revoked_by: str
    created_at: datetime
    last_seen_at: datetime | None
    queue_depth: int
    oldest_unsent_seconds: int
    quarantined: int
    last_error: str
    clock_offset: float
    plugins: list[dict[str, Any]]


class CodeItem(BaseModel):
    """An enrolment code that was not used yet; `id` names it and lets nobody in."""

    model_config = ConfigDict(extra="forbid")

    id: str
    store: str
    store_id: str
    created_at: datetime
    expires_at: datetime


class KeyItem(BaseModel):
    """An API key without its secret."""

    model_config = ConfigDict(extra="forbid")

    id: str
    company: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str
