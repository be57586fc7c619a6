"""What a basket names beside its lines: codes, coupons, rewards to claim; and what became of each code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from v5_core.engine._compile import Compiled, Opened
from v5_core.engine._fast import builder
from v5_core.engine._refusal import refusal
from v5_core.engine._rules import fold_code
from v5_core.engine._situation import Situation
from v5_core.engine._types import Coupon, SaleState, Stored
from v5_core.hooks import ClaimResult, CodeResult
from v5_core.model import Claim
from v5_core.words import Words

__all__ = ["EMPTY_STATE", "Basket", "usable"]

EMPTY_STATE: Final = SaleState()
_result = builder(CodeResult)
_claim_result = builder(ClaimResult)


def usable(thing: Coupon | Stored, situation: Situation) -> str:
    """Why a coupon or stored value cannot be used here and now; "" when it can."""
    customer = situation.facts.customer if situation.facts is not None else None
    return refusal(thing, at=situation.at, store=situation.store, customer=customer, total=situation.total)


def _voucher_rule(compiled: Compiled, situation: Situation, folded: str) -> str:
    """The voucher rule that a code opens for this buyer now; "" when there is none."""
    facts, today = situation.facts, situation.local.date()
    known = compiled.voucher_codes.get(folded, ())
    active = compiled.active(situation.at, situation.currency, today) if known else []
    for programme, rule in known:
        member = facts is not None and not facts.blocked and not programme.card_types.isdisjoint(facts.card_types)
        usable_still = rule.valid_until is None or today + timedelta(days=rule.valid_after_days) <= rule.valid_until
        in_force = active[programme.index] and usable_still and rule.validity.covers(situation.at, today)
        anybody = not rule.members_only and (facts is None or not facts.blocked)
        if in_force and (facts is None if rule.kind == "anonymous" else member or anybody):
            return rule.id
    return ""


class Basket:
    """Codes and claims of one basket, looked up.

    Attributes:
        opened: What offers ask for at their gates; None when nothing is named.
        coupons: By "programme/offer", the coupon that opens it.
        vouchers: Percentage vouchers, in the order of their codes.
        problems: Why a code cannot be used, by the code as typed.
        promised: By the code as typed, the voucher rule that it opens: the sale makes a voucher if it meets the rule's other conditions.
    """

    __slots__ = ("_targets", "claims", "coupons", "opened", "problems", "promised", "typed", "used", "vouchers")

    def __init__(self, compiled: Compiled, situation: Situation, codes: Sequence[str], claims: Sequence[Claim], state: SaleState) -> None:
        self.opened: Opened | None = None
        self.coupons: dict[str, Coupon] = {}
        self.vouchers: list[Coupon] = []
        self.problems: dict[str, str] = {}
        self.promised: dict[str, str] = {}
        self.used: Mapping[str, int] = state.used
        self.claims: dict[str, list[Claim]] = {}
        self._targets: dict[str, list[str]] = {}
        self.typed: tuple[str, ...] = ()
        if codes or claims:
            self.typed = tuple(dict.fromkeys(codes))
            # By the reward's id; in an order of their own, so that the order in which they were typed changes nothing.
            for claim in sorted(claims, key=lambda one: (one.rule, one.product or "", one.quantity or 0, one.times)):
                self.claims.setdefault(claim.rule, []).append(claim)
            self._open(compiled, situation, state)

    def _open(self, compiled: Compiled, situation: Situation, state: SaleState) -> None:
        public: set[str] = set()
        for code in sorted(self.typed):
            coupon = state.coupons.get(code) or state.coupons.get(fold_code(code))
            if coupon is None:
                folded = fold_code(code)
                rules = compiled.codes.get(folded)
                if rules:
                    public.add(folded)
                    self._targets[code] = [f"{rule.programme.key}/{rule.rule_id}" for rule in rules]
                elif rule := _voucher_rule(compiled, situation, folded):
                    self.promised[code] = rule
                else:
                    self.problems[code] = "stored_value" if code in state.stored else "unknown"
                continue
            problem = usable(coupon, situation)
            if problem:
                self.problems[code] = problem
            elif coupon.rule:
                key = f"{coupon.programme}/{coupon.rule}"
                if self.coupons.setdefault(key, coupon).code == coupon.code:
                    self._targets[code] = [key]
                else:
                    self.problems[code] = "not_combined"
            else:
                if all(one.code != coupon.code for one in self.vouchers):
                    self.vouchers.append(coupon)
                self._targets[code] = [f"voucher/{coupon.code}"]
        self.vouchers.sort(key=lambda one: one.code)
        self.opened = {"code": frozenset(public), "coupon": frozenset(self.coupons), "claim": frozenset(self.claims)}

    def results(self, applied: Mapping[str, str], refused: Mapping[str, str], words: Words) -> tuple[CodeResult, ...]:
        """What became of each code.

        Args:
            applied: "programme/rule" of what applied, and the rule's id.
            refused: "programme/rule" of what did not, and why.
            words: The language.
        """
        found = []
        for code in self.typed:
            targets = self._targets.get(code, ())
            rule = next((applied[key] for key in targets if key in applied), self.promised.get(code, ""))
            problem = "" if rule else self.problems.get(code) or next((refused[key] for key in targets if key in refused), "condition")
            text = words.say(f"code_{problem}", code=code) if problem else ""
            found.append(_result({"code": code, "rule": rule, "problem": problem, "text": text}))
        return tuple(found)

    def claimed(self, compiled: Compiled, given: Mapping[str, int], refused: Mapping[str, str], words: Words) -> tuple[ClaimResult, ...]:
        """What became of each reward that was claimed.

        Args:
            compiled: The programmes, for what the rewards are called.
            given: How often each was taken.
            refused: "programme/rule" of what was not, or not as often as wanted, and why.
            words: The language.
        """
        found = []
        for rule, claims in self.claims.items():
            titles = {one.key: one.title for one in compiled.offers if one.rule_id == rule and one.cost}
            times, problem = given.get(rule, 0), next((refused[key] for key in titles if key in refused), "")
            if not times:
                problem = problem or ("condition" if titles else "unknown")
            elif times >= sum([claim.times for claim in claims]):
                problem = ""
            word = "claim_unknown" if problem == "unknown" else f"code_{problem}"
            text = words.say(word, code=next(iter(titles.values()), rule)) if problem else ""
            found.append(_claim_result({"rule": rule, "times": times, "problem": problem, "text": text}))
        return tuple(found)
