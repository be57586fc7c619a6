"""Stored value and vouchers, pure: what a gift card, wallet, voucher or credit note may do, and what rules bring forth.

    check_load(type_, balance=..., amount=...)       may it be sold or loaded with that?
    refusal(thing, at=..., store=..., ...)           why a coupon or a stored value cannot be used now, or ""
    covers(stored, to_pay, wanted)                   what it pays of a sale, and what that takes off it
    basis(programme, rule, document, facts, zone)    whether a rule is about a sale, and about how much of it
    meant(programme, rule, facts, at, zone)          the same of an event's rule and a customer
    draft(rule, measured, at=..., zone=...)          from a rule and what was measured to the voucher it gives, or None
    turnover(rule, rows, at=..., zone=...)           the same for a run over a period

Balances are accounts of `v5_core.ledger` in the currency; codes come from `v5_core.codes`.
"""

from v5_core.stored._sale import basis, meant
from v5_core.stored._value import MEANS, check_load, covers, refusal, valid_until
from v5_core.stored._vouchers import Draft, Measured, draft, missing, turnover

__all__ = ["MEANS", "Draft", "Measured", "basis", "check_load", "covers", "draft", "meant", "missing", "refusal", "turnover", "valid_until"]
