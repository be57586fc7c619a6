"""Customers found by how their names sound, and the look at who is known already before somebody is enrolled."""

from __future__ import annotations

from datetime import date
from typing import Final

from v5_cloud.customers.repository import CustomerRepository, Pair
from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_core.names import alike, word_sounds, words_of_name

__all__ = ["hear_all", "keys_of", "similar"]

_WORDS: Final = 6
_LOOKED_AT: Final = 30
_SHOWN: Final = 5
_CHUNK: Final = 500


def keys_of(query: str) -> list[tuple[str, ...]]:
    """The sounds of what was typed, word by word; empty when something in it is no name."""
    if any(one.isdigit() or one == "@" for one in query):
        return []
    return [keys for word in words_of_name(query)[:_WORDS] if (keys := word_sounds(word))]


def similar(repository: CustomerRepository, name: str, born: date | None, tax_number: str | None, *, but: str) -> list[Pair]:
    """Who may be the same person: a name of two words or more that sounds alike, and nothing that tells them apart."""
    words = keys_of(name)
    if len(words) < 2:
        return []
    found = repository.alike(words, _LOOKED_AT)

    def same(pair: Pair) -> bool:
        one = pair[0]
        if one.id == but or one.inactive or not alike(name, one.name):
            return False
        told_apart = (born and one.birth_date and born != one.birth_date) or (
            tax_number and one.tax_number and tax_number != one.tax_number
        )
        return not told_apart

    return [pair for pair in found if same(pair)][:_SHOWN]


def hear_all(container: Container, scope: Scope) -> int:
    """Keeps the sounds of names that came before sounds were kept; gives how many these were. Once for each process."""
    marker = ("heard", scope.tenant, scope.company)
    if marker in container.cache:
        return 0
    count, after = 0, ""
    while True:
        with container.database.write(scope) as session:
            repository = CustomerRepository(session, scope)
            rows = repository.unheard(after, _CHUNK)
            for row in rows:
                repository.keep_sounds(row)
                after = row.id
            session.flush()
        if not rows:
            break
        count += len(rows)
    container.cache[marker] = (0.0, True)
    return count
