"""Settings of one PHC database."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Field, SecretStr
from sqlalchemy import URL

from v5_core.model import Code, PaymentMethod
from v5_core.plugins import PluginConfig
from v5_core.sources.localtime import Zone

__all__ = ["PhcConfig"]

_DRIVERS: Final = r"^(mssql\+pymssql|mssql\+pyodbc|postgresql\+psycopg|postgresql\+pyodbc|sqlite|sqlite\+pyodbc)$"


class PhcConfig(PluginConfig):
    """One PHC company database, read for one or more stores.

    Attributes:
        driver: `mssql+pymssql` needs nothing else installed; `mssql+pyodbc` uses Microsoft's ODBC driver, named in `odbc_driver`.
            PostgreSQL and SQLite carry the same tables for tests and demonstrations.
        host: Server name or address; an instance goes by its port.
        database: Name of the company database (for SQLite the path of the file).
        source: Name of this installation; never change it afterwards, it is part of every document's identity.
        store: Store code in V5 for documents whose till's site is not in `sites`.
        sites: PHC's site (`ft.site`) to store code, when one database serves several stores.
        zone: IANA zone of the tills' clocks.
        tax_number: Issuer's tax number; empty takes it from the company record (`e1.ncont`).
        read_from: First document date that is read; nothing reads the whole history.
        overlap_minutes: How far behind the newest row each scan begins. At least an hour: the clocks go back in autumn.
        rescan_minutes: How often the number of documents of each day is compared with what was read, to find very late rows.
        rescan_days: How many days back that comparison goes.
        payments: What the columns `epaga1` to `epaga6` mean in this installation.
    """

    driver: str = Field(default="mssql+pymssql", pattern=_DRIVERS)
    host: str = Field(default="localhost", max_length=255)
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    database: str = Field(min_length=1, max_length=1000)
    user: str = Field(default="", max_length=128)
    password: SecretStr = SecretStr("")
    odbc_driver: str = Field(default="ODBC Driver 18 for SQL Server", max_length=100)
    encrypt: bool = True
    trust_server_certificate: bool = False
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    source: Code = "phc"
    store: Code
    sites: dict[str, Code] = Field(default_factory=dict)
    zone: Zone = "Europe/Lisbon"
    tax_number: str = Field(default="", max_length=40)
    currency: str = Field(default="EUR", pattern="^[A-Z]{3}$")
    read_from: date | None = None
    overlap_minutes: Annotated[int, Field(ge=60, le=1440)] = 90
    rescan_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    rescan_days: Annotated[int, Field(ge=1, le=400)] = 35
    payments: dict[Annotated[int, Field(ge=1, le=6)], PaymentMethod] = Field(default_factory=lambda: {1: PaymentMethod.CARD})

    @property
    def url(self) -> URL:
        """The SQLAlchemy address. It holds the password: never show it."""
        if self.driver.startswith("sqlite"):
            return URL.create(self.driver, database=self.database)
        query: dict[str, str] = {}
        if self.driver.endswith("+pyodbc"):
            query = {"driver": self.odbc_driver}
        if self.driver == "mssql+pyodbc":
            query |= {
                "Encrypt": "yes" if self.encrypt else "no",
                "TrustServerCertificate": "yes" if self.trust_server_certificate else "no",
            }
        if self.driver == "mssql+pymssql":
            query = {"charset": "UTF-8"}
        return URL.create(
            self.driver,
            username=self.user or None,
            password=self.password.get_secret_value() or None,
            host=self.host,
            port=self.port,
            database=self.database,
            query=query,
        )

    @property
    def place(self) -> str:
        """Names this database without its password."""
        return f"{self.driver} {self.host}:{self.port or ''}/{self.database}"

    def store_of(self, site: str) -> str:
        """Store code of a till's site."""
        return self.sites.get(site, self.store)
