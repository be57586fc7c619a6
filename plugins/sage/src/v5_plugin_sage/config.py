"""Settings of one Sage installation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from v5_core.model import Code
from v5_core.plugins import PluginConfig
from v5_core.sources.localtime import Zone

__all__ = ["SageConfig"]


class SageConfig(PluginConfig):
    """Where the ERP is, and which store it serves.

    Attributes:
        product: Sage 50c (Portugal) is reached through COM on its own Windows machine, Sage 100 (France) through SQL Server, X3
            through its SOAP web service. They share a name and nothing else.
        loyalty_in_sage: Sage 50c has points of its own (`FrequentShopperPoints`). Only one of the two systems may be active, so
            `check` refuses until this is off.
        source: Name of this installation; never change it afterwards, it is part of every document's identity.
        store: Store code in V5.
        zone: IANA zone of the ERP's clocks.
    """

    product: Literal["50c", "100", "x3"]
    loyalty_in_sage: bool = False
    host: str = Field(min_length=1, max_length=255)
    port: Annotated[int, Field(ge=1, le=65_535)]
    user: str = Field(default="", max_length=128)
    password: SecretStr = SecretStr("")
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    source: Code = "sage"
    store: Code
    zone: Zone = "Europe/Lisbon"
