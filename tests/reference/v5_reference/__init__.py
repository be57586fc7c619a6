"""A slow, obvious reading of docs/programmes.md, against which the engine and the ledger are held.

No index, no gate, no short way: units one by one, fractions, plain loops, everything replayed from the start. It is never shipped.

    quote(programmes, request, facts, local_time=..., state=...)    what a basket costs and gives
    settle(programmes, document, facts, zone=..., state=...)        what an issued document earns, and which line brought it
    book.Book                                                       an account of which every point is a thing of its own
    programmes, baskets                                             both at random, for hypothesis
"""

from v5_reference.sale import Answer, quote, settle

__all__ = ["Answer", "quote", "settle"]
