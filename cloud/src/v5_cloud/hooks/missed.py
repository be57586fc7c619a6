"""What a receipt says to who showed no card: the savings of a member, in the words that the agent prints when it is alone."""

from __future__ import annotations

from v5_cloud.kit.container import Container
from v5_cloud.kit.tenant import Scope
from v5_cloud.programmes.service import current
from v5_cloud.tenants.service import company_info
from v5_core.engine import evaluate
from v5_core.hooks import QuoteRequest, ReceiptLine
from v5_core.model import DocumentKind, DocumentStatus, SalesDocument
from v5_core.receipts import footer

__all__ = ["missed_lines"]


def missed_lines(container: Container, scope: Scope, document: SalesDocument) -> tuple[ReceiptLine, ...]:
    """Receipt lines of a sale without a customer, none when a card would have saved nothing."""
    if document.kind is not DocumentKind.SALE or document.status is DocumentStatus.CANCELLED or not document.lines:
        return ()
    company = company_info(container, scope, store=document.store)
    store = company.stores.get(document.store)
    if store is None:
        return ()
    compiled = current(container, scope).at(document.issued_at)
    basket = QuoteRequest(store=document.store, at=document.issued_at, currency=document.currency, lines=document.lines)
    answer = evaluate(compiled, basket, None, local_time=document.issued_at.astimezone(store.zone), language=store.language)
    words = compiled.voice.words(store.language, "", document.issued_at, document.issued_at.astimezone(store.zone).date())
    return footer(language=store.language, name=company.name, savings=answer.savings_as_member, words=words)
