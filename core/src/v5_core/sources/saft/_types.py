"""What a SAF-T file gives, beside the records of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Finding", "Header"]

FINAL_CONSUMER: Final = "999999990"


@dataclass(frozen=True, slots=True)
class Header:
    """Who wrote the file and what it covers; empty where the file does not say.

    Attributes:
        version: AuditFileVersion, "1.04_01".
        tax_number: The company's own, digits only.
        product: The program that wrote it, with its version.
    """

    version: str = ""
    tax_number: str = ""
    company: str = ""
    business_name: str = ""
    start: str = ""
    end: str = ""
    created: str = ""
    currency: str = "EUR"
    product: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed about the file, for people: a stable code, what was seen, and where."""

    code: str
    message: str
    ref: str = ""

    def __str__(self) -> str:
        """Code and message in one line."""
        return f"{self.code}: {self.message}"
