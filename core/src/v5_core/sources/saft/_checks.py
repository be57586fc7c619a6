"""What can be told about a file as a whole: numbering, signatures and their chain, declared totals."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from v5_core.errors import ConfigError
from v5_core.money import format_scaled
from v5_core.sources.saft._types import Finding
from v5_core.sources.saft._values import micro

__all__ = ["Checks", "Facts", "load_key"]

_MOST_NAMED: Final = 20
_USUAL_HASH: Final = 172
_MICRO: Final = 1_000_000


@dataclass(slots=True)
class Facts:
    """What the checks need of one document, as the file says it."""

    number: str = ""
    kind: str = ""
    status: str = ""
    date: str = ""
    entry: str = ""
    hash: str = ""
    gross: int = 0
    credit: int = 0
    debit: int = 0


def load_key(pem: bytes) -> RSAPublicKey:
    """The producer's public key.

    Raises:
        ConfigError: Not a PEM file with an RSA public key.
    """
    try:
        key = load_pem_public_key(pem)
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey):
        raise ConfigError("the producer's public key must be a PEM file with an RSA public key")
    return key


@dataclass(slots=True)
class _Series:
    """Numbers seen, as disjoint ranges (a month in order is one range), and the document before."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    last_number: int = -1
    last_hash: str = ""

    def add(self, number: int) -> bool:
        """Notes a number; false when it was there already."""
        at = bisect_right(self.starts, number)
        if at and number <= self.ends[at - 1]:
            return False
        joins_left = at > 0 and self.ends[at - 1] == number - 1
        joins_right = at < len(self.starts) and self.starts[at] == number + 1
        if joins_left and joins_right:
            self.ends[at - 1] = self.ends.pop(at)
            del self.starts[at]
        elif joins_left:
            self.ends[at - 1] = number
        elif joins_right:
            self.starts[at] = number
        else:
            self.starts.insert(at, number)
            self.ends.insert(at, number)
        return True

    def gaps(self) -> list[tuple[int, int]]:
        return [(end + 1, start - 1) for end, start in zip(self.ends, self.starts[1:], strict=False)]


class Checks:
    """Collects over the documents of one file; memory does not grow with their number."""

    def __init__(self, key: RSAPublicKey | None) -> None:
        self._key = key
        self._series: dict[str, _Series] = {}
        self._named: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._verified = 0
        self._signed = 0
        self._documents = 0
        self._credit = 0
        self._debit = 0
        self.declared: dict[str, str] = {}

    def document(self, facts: Facts) -> None:
        """Takes in one document, whatever its status."""
        self._documents += 1
        # A cancelled document keeps its lines and counts in no total.
        if facts.status != "A":
            self._credit += facts.credit
            self._debit += facts.debit
        name, _, tail = facts.number.rpartition("/")
        if not name or not tail.isdecimal():
            self.note("number_format", facts.number or "(none)")
            return
        series = self._series.setdefault(name, _Series())
        number = int(tail)
        if not series.add(number):
            self.note("duplicate_number", facts.number)
        self._hash(facts, series, number)
        series.last_number, series.last_hash = number, facts.hash

    def note(self, code: str, ref: str) -> None:
        """Counts something about a document and names the first few."""
        self._counts[code] += 1
        if self._counts[code] <= _MOST_NAMED:
            self._named.setdefault(code, []).append(ref)

    def _hash(self, facts: Facts, series: _Series, number: int) -> None:
        if facts.hash in {"", "0"}:
            if series.last_hash not in {"", "0"}:
                self.note("hash_chain", facts.number)
            return
        self._signed += 1
        self._lengths[len(facts.hash)] += 1
        if facts.hash == series.last_hash:
            self.note("hash_chain", facts.number)
        if self._key is None:
            return
        if series.last_number == number - 1 and series.last_number >= 0:
            previous = series.last_hash
        elif number == 1:
            previous = ""
        else:
            self.note("signature_unchecked", facts.number)
            return
        signed = f"{facts.date};{facts.entry};{facts.number};{format_scaled(facts.gross, 2)};{previous}"
        if verify_signature(self._key, facts.hash, signed):
            self._verified += 1
        else:
            self.note("signature", facts.number)

    def findings(self) -> list[Finding]:
        """What there is to say, once the file is read."""
        found = [
            Finding("numbering_gap", f"series {name}: {_ranges(gaps)} missing", name)
            for name, series in self._series.items()
            if (gaps := series.gaps())
        ]
        for code, text in _TEXTS.items():
            refs = self._named.get(code)
            if refs:
                more = " …" if self._counts[code] > _MOST_NAMED else ""
                found.append(Finding(code, f"{self._counts[code]} {text}: {', '.join(refs)}{more}", refs[0]))
        odd = {length: times for length, times in self._lengths.items() if length != _USUAL_HASH}
        if odd:
            lengths = ", ".join(f"{times} of {length} characters" for length, times in sorted(odd.items()))
            found.append(Finding("hash_length", f"signatures of an unusual length: {lengths}; {_USUAL_HASH} is usual"))
        if self._signed and self._key is None:
            found.append(
                Finding("signatures_unchecked", f"{self._signed} signatures not verified: no public key of the producer is configured")
            )
        if self._verified:
            found.append(Finding("signatures_verified", f"{self._verified} of {self._signed} signatures verified"))
        if self._documents and not self._signed:
            found.append(Finding("unsigned", "no document carries a signature"))
        return found + self._totals()

    def _totals(self) -> list[Finding]:
        found = []
        entries = self.declared.get("NumberOfEntries", "").strip()
        if entries.isdecimal() and int(entries) != self._documents:
            found.append(Finding("total_entries", f"NumberOfEntries says {entries}, the file holds {self._documents}"))
        # Producers round each document before they add up: half a cent a document is no difference.
        tolerance = (self._documents + 2) * _MICRO // 200
        for name, summed in (("TotalCredit", self._credit), ("TotalDebit", self._debit)):
            text = self.declared.get(name, "").strip()
            declared = _declared(text)
            if declared is not None and abs(declared - summed) > tolerance:
                code = "total_credit" if name == "TotalCredit" else "total_debit"
                found.append(Finding(code, f"{name} says {text}, the lines sum to {format_scaled(summed, 6, trim=True)}"))
        return found


_TEXTS: Final = {
    "signature": "signatures do not fit their document or the chain",
    "signature_unchecked": "signatures need a document before them that the file does not hold",
    "hash_chain": "documents break the chain of signatures (none, or that of the document before)",
    "duplicate_number": "numbers appear twice",
    "number_format": "numbers are not of the form 'type series/number'",
    "document_total": "documents whose lines do not sum to their NetTotal",
    "negative_lines": "documents with lines against their direction, taken as discount on the others",
    "summary": "summaries of documents made elsewhere (status R) left out",
    "billed_again": "documents that another document bills again (status F)",
    "type_from_prefix": "documents without InvoiceType, taken from their number's prefix",
    "doubtful_time": "documents at a local time that existed twice, or never",
}


def verify_signature(key: RSAPublicKey, signature: str, signed: str) -> bool:
    """Whether a Hash is the producer's signature (RSA, PKCS#1 v1.5, SHA-1, as the law says) of the document's text."""
    try:
        key.verify(base64.b64decode(signature, validate=True), signed.encode(), PKCS1v15(), hashes.SHA1())  # noqa: S303
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _declared(text: str) -> int | None:
    try:
        return micro(text)
    except ValueError:
        return None


def _ranges(gaps: list[tuple[int, int]]) -> str:
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in gaps[:_MOST_NAMED]]
    return ", ".join(shown) + (" …" if len(gaps) > _MOST_NAMED else "")
