"""What a sale's receipt and the reply to the till say, in the store's language."""

from __future__ import annotations

from v5_cloud.settlement.document import Doc
from v5_cloud.settlement.telling import findings_of, lines_of, moves_of, stored_of, vouchers_of, withdrawn_of
from v5_cloud.settlement.world import World
from v5_core.engine import next_reward
from v5_core.hooks import CommitResponse, Explanation, Message, ReceiptLine, ReturnResponse, Reward
from v5_core.model import Balance
from v5_core.receipts import footer
from v5_core.words import Words, words_of

__all__ = ["answer_of", "receipt_lines"]


def receipt_lines(world: World, doc: Doc, balance: Balance) -> tuple[ReceiptLine, ...]:
    """The loyalty footer, the very one that the agent prints when it must answer alone; a blocked customer gets none."""
    if _blocked(world, doc):
        return ()
    # A return's figures are negative in the books; people read what was taken back and what was given back.
    sale = not doc.is_return
    return footer(
        language=world.company.language(doc.body.store),
        name=world.company.name,
        earned=doc.points_earned if sale else 0,
        spent=doc.points_spent if sale else 0,
        taken=0 if sale else -doc.points_earned,
        given=0 if sale else -doc.points_spent,
        balance=balance,
        next_reward=_ahead(world, doc, balance),
        qr=world.company.receipt_url,
        words=_words(world, doc),
    )


def _words(world: World, doc: Doc) -> Words:
    """V5's words, or the programmes' own in their place."""
    language, at = world.company.language(doc.body.store), doc.body.issued_at
    if world.catalogue is None:
        return words_of(language)
    return world.catalogue.at(at).voice.words(language, "", at, at.astimezone(world.zone(doc)).date())


def _ahead(world: World, doc: Doc, balance: Balance) -> Reward | None:
    customer = world.customers.get(doc.customer or "")
    if customer is None or world.catalogue is None:
        return None
    return next_reward(world.catalogue.at(world.now), balance.available, frozenset(customer.card_types), world.now, doc.body.currency)


def _blocked(world: World, doc: Doc) -> bool:
    customer = world.customers.get(doc.customer or "")
    return customer is not None and customer.blocked


def answer_of(world: World, doc: Doc) -> CommitResponse | ReturnResponse:
    """The reply to whoever reports the document."""
    balance: Balance | None = None
    receipt: tuple[ReceiptLine, ...] = ()
    messages: tuple[Message, ...] = ()
    if doc.account:
        # What somebody bought on a relative's account may be there still; what they are shown is what they can use.
        shown = world.account_of.get(doc.customer or "", doc.account)
        balance = world.working.balance(shown, world.now, world.zone(doc))
        receipt = receipt_lines(world, doc, balance)
        if _blocked(world, doc):
            text = _words(world, doc).say("card_blocked")
            messages = (Message(audience="cashier", severity="warning", text=text),)
    extras = world.extras
    if extras is not None:
        language = world.company.language(doc.body.store)
        receipt = (*receipt, *lines_of(extras, doc, language))
        messages = (*messages, *findings_of(extras, doc, language))
    if doc.is_return:
        found = world.reversals.get(doc.id, {}).values()
        explanations: tuple[Explanation, ...] = tuple(text for one in found for text in one.explanations) or doc.settlement.explanations
        return ReturnResponse(
            document=doc.id,
            points_taken=-doc.points_earned,
            points_given=-doc.points_spent,
            balance=balance,
            receipt=receipt,
            explanations=explanations,
            vouchers=vouchers_of(extras, doc) if extras is not None else (),
            withdrawn=withdrawn_of(extras, doc) if extras is not None else (),
            messages=messages,
        )
    return CommitResponse(
        document=doc.id,
        points_earned=doc.points_earned,
        points_spent=doc.points_spent,
        balance=balance,
        receipt=receipt,
        messages=messages,
        explanations=doc.settlement.explanations,
        vouchers=vouchers_of(extras, doc) if extras is not None else (),
        tiers=moves_of(extras, doc) if extras is not None else (),
        stored_value=stored_of(extras, doc) if extras is not None else (),
        withdrawn=withdrawn_of(extras, doc) if extras is not None else (),
    )
