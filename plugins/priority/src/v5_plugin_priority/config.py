"""Settings of one Priority installation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from v5_core.model import Code
from v5_core.plugins import PluginConfig
from v5_core.sources.localtime import Zone

__all__ = ["PriorityConfig"]


class PriorityConfig(PluginConfig):
    """Where the ERP is, and which store it serves.

    Attributes:
        url: Service root of one company: `https://host/odata/Priority/<tabula>.ini/<company>`.
        token: Personal access token (Priority 19.1 and later), or the password of `user`.
        source: Name of this installation; never change it afterwards, it is part of every document's identity.
        store: Store code in V5.
        zone: IANA zone of the ERP's clocks.
    """

    url: str = Field(pattern=r"^https?://[^/\s@]+(/\S*)?/odata/Priority/[^/\s]+\.ini/[^/\s]+/?$", max_length=500)
    user: str = Field(default="", max_length=128)
    token: SecretStr = SecretStr("")
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    source: Code = "priority"
    store: Code
    zone: Zone = "Asia/Jerusalem"
