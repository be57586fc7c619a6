"""Who this agent is: a key made on the device, what enrolment gave, and the machine it was given to."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

import v5_agent
from v5_agent.config import write_private
from v5_core import signing
from v5_core.errors import AuthError, ConfigError, EnrolmentCodeError, NotFoundError, RetryableError

__all__ = ["Enrolment", "Identity", "check_machine", "enrol", "fingerprint", "load_identity"]

IDENTITY_FILE: Final = "identity.json"
KEY_FILE: Final = "agent.key"
_Code = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Enrolment(BaseModel):
    """What the cloud answers; more than we know is ignored, so that a newer cloud can enrol an older agent."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    agent: _Code
    tenant: _Code
    company: _Code
    store: _Code
    config: dict[str, Any] = Field(default_factory=dict)


class Identity(BaseModel):
    """The enrolled agent. `private` is not in the file; it has its own, for its owner only."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance: str
    cloud: str
    agent: str
    tenant: str
    company: str
    store: str
    machine: list[str]
    enrolled_at: str
    private: bytes = Field(default=b"", exclude=True, repr=False)


def load_identity(folder: Path) -> Identity | None:
    """The enrolment of this folder, None when there is none.

    Raises:
        ConfigError: The files are there and cannot be used.
    """
    path = folder / IDENTITY_FILE
    if not path.exists():
        return None
    try:
        identity = Identity.model_validate_json(path.read_bytes())
        private = base64.b64decode((folder / KEY_FILE).read_text(encoding="ascii"), validate=True)
        signing.public_key(private)
    except (OSError, ValueError, ValidationError):
        raise ConfigError("the enrolment of this folder is damaged: run `v5-agent enrol` again (the outbox is kept)") from None
    return identity.model_copy(update={"private": private})


def check_machine(identity: Identity, machine: list[str]) -> None:
    """Refuses a folder that was copied to another machine: two agents under one name would hide each other's trouble.

    Raises:
        AuthError: This is another machine.
    """
    if identity.machine and machine and not set(identity.machine) & set(machine):
        raise AuthError(
            "this folder was enrolled on another machine: ask the back office for a new code and run `v5-agent enrol` (the outbox is kept)",
            code="other_machine",
        )


def fingerprint() -> list[str]:
    """Marks of this machine, hashed; one in common is the same machine, so that a new network card is no new machine.

    A cloned disk keeps its machine id, so that counts only where no physical network card can be seen.
    """
    cards = [_read(card / "address") for card in sorted(Path("/sys/class/net").glob("*")) if (card / "device").exists()]
    marks = [f"mac:{card}" for card in cards if card and card != "00:00:00:00:00:00"]
    if not marks and platform.system() == "Windows":
        node = uuid.getnode()
        marks = [] if node >> 40 & 1 else [f"mac:{node:012x}"]
    if not marks and (machine := _read(Path("/etc/machine-id"))):
        marks = [f"machine:{machine}"]
    return [hashlib.sha256(f"v5-agent:{mark}".encode()).hexdigest()[:32] for mark in marks]


def enrol(folder: Path, cloud: str, code: str, name: str, now: datetime, *, timeout: float = 20.0) -> Identity:
    """Makes a key, hands its public part and the one-off code to the cloud, and keeps what it answers.

    A new enrolment keeps the outbox and its event ids; the old key is replaced only when the cloud has taken the new one.

    Raises:
        EnrolmentCodeError: The code is wrong, used or too old.
        RetryableError: The cloud cannot be reached or is busy.
        ConfigError: The address is no address of a V5 cloud.
    """
    address = _address(cloud)
    private, public = signing.generate_key()
    machine = fingerprint()
    body = {
        "code": code.strip(),
        "public_key": base64.b64encode(public).decode(),
        "name": name,
        "fingerprint": hashlib.sha256("".join(machine).encode()).hexdigest(),
        "version": v5_agent.__version__,
    }
    try:
        reply = requests.post(f"{address}/v1/agents/enrol", json=body, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        raise RetryableError(f"the cloud at {address} cannot be reached ({type(error).__name__}): check the address and the line") from None
    answer = _enrolment(reply, address)
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - pathlib's mkdir applies no mode to what is above
    before = load_identity_quietly(folder)
    identity = Identity(
        instance=before.instance if before else str(uuid.uuid4()),
        cloud=address,
        machine=machine,
        enrolled_at=now.isoformat(),
        private=private,
        **answer.model_dump(exclude={"config"}),
    )
    write_private(folder / KEY_FILE, base64.b64encode(private).decode())
    write_private(folder / IDENTITY_FILE, json.dumps(identity.model_dump(), indent=2))
    return identity


def load_identity_quietly(folder: Path) -> Identity | None:
    """The enrolment that is there, None also when it is damaged."""
    try:
        return load_identity(folder)
    except ConfigError:
        return None


def _enrolment(reply: requests.Response, address: str) -> Enrolment:
    if reply.status_code in {408, 425, 429} or reply.status_code >= 500:
        raise RetryableError(f"the cloud is busy (HTTP {reply.status_code}): try again in a minute")
    if reply.status_code == 404 and "problem+json" not in reply.headers.get("content-type", ""):
        raise NotFoundError(f"there is no V5 cloud at {address}")
    if reply.status_code != 200 and reply.status_code != 201:
        raise EnrolmentCodeError(
            "the code was refused: it works once and for a short time; make a new one in the back office, under Stores"
        )
    try:
        return Enrolment.model_validate_json(reply.content, extra="ignore")
    except ValidationError:
        raise ConfigError(f"{address} does not answer like a V5 cloud: check the address") from None


def _address(cloud: str) -> str:
    parts = urlsplit(cloud.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ConfigError("the address of the cloud must look like https://v5.example.com")
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ConfigError("the cloud must be reached by https; plain http is only for this machine (127.0.0.1)")
    return cloud.strip().rstrip("/")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
