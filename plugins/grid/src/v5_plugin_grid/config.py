"""Settings of one drop folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from v5_core.model import Code
from v5_core.plugins import PluginConfig
from v5_core.sources.localtime import Zone

__all__ = ["GridConfig"]


class GridConfig(PluginConfig):
    """Where the files appear and which shop they speak of.

    Attributes:
        folder: The drop folder; `work`, `archive` and `failed` are made inside it.
        source: Name of this installation in every record; two folders of one company need two.
        store: Store code of the documents.
        stores: Store codes by series ("FS A"), when one file covers several stores.
        zone: IANA zone of the store's clock.
        patterns: File names that are ours.
        settle_seconds: How long a file must have rested before it is taken.
        patience_seconds: After this long a file is taken even if it is not whole, and reported.
        state: Where the adapter keeps what it has read; inside the work folder by default. On a network share, name a local file.
        public_key_file: PEM of the ERP producer's public key; then every signature is verified.
        keep_days: How long what was read is kept for reading again.
    """

    folder: Path
    source: Code = "grid"
    store: Code = "1"
    stores: dict[str, Code] = Field(default_factory=dict)
    zone: Zone = "Europe/Lisbon"
    patterns: Annotated[tuple[str, ...], Field(min_length=1)] = ("*.xml",)
    settle_seconds: Annotated[float, Field(ge=0, le=3600)] = 5
    patience_seconds: Annotated[float, Field(ge=1, le=86_400)] = 600
    state: Path | None = None
    public_key_file: Path | None = None
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90

    @property
    def state_file(self) -> Path:
        """Where the adapter's memory is."""
        return self.state or self.folder / "work" / "state.sqlite3"
