"""The engine's sentences, one class a language; a new language is a subclass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from v5_core.money import format_scaled

__all__ = ["Words", "words_of"]


class Words:
    """English, and the base of the others: what a subclass leaves out is said in English."""

    language = "en"
    decimal_point = "."
    point, points_ = "point", "points"

    def number(self, text: str) -> str:
        """A decimal string as people of this language write it."""
        return text if self.decimal_point == "." else text.replace(".", self.decimal_point)

    def money(self, amount: int) -> str:
        """Minor units, never negative here, with two decimals; the currency is clear from the basket."""
        return f"{amount // 100}{self.cents[amount % 100]}"

    def points(self, points: int) -> str:
        """Points with their noun."""
        noun = self.point if points in (1000, -1000) else self.points_
        if points % 1000 == 0:
            return f"{points // 1000} {noun}"
        return f"{self.number(format_scaled(points, 3, trim=True))} {noun}"

    def quantity(self, quantity: int) -> str:
        """A quantity in thousandths."""
        return self.number(format_scaled(quantity, 3, trim=True))

    def __init__(self) -> None:
        self._rates: dict[int, str] = {}
        # ",00" to ",99": most of what a quote says is money.
        self.cents = tuple([f"{self.decimal_point}{cents:02d}" for cents in range(100)])

    def rate(self, rate: int) -> str:
        """A rate in hundredths of a percent (there are few, and each is said often)."""
        text = self._rates.get(rate)
        if text is None:
            text = self._rates[rate] = f"{self.number(format_scaled(rate, 2, trim=True))} %"
        return text

    def offer(self, title: str, rate: str) -> str:
        """How the arithmetic of an offer begins; "base = amount" follows."""
        return f"{title}: {rate} of "

    def line_by_line(self, text: str) -> str:
        """Each line was rounded by itself."""
        return f"{text} (rounded line by line)"

    def capped(self, text: str, limit: str) -> str:
        """An offer reached its maximum."""
        return f"{text} (maximum {limit})"

    def earned_amount(self, title: str, each: str, per: str, base: str, points: str) -> str:
        """Points per amount."""
        return f"{title}: {each} per {per}, on {base} = {points}"

    def earned_quantity(self, title: str, each: str, per: str, quantity: str, points: str) -> str:
        """Points per multiple of a quantity."""
        return f"{title}: {each} per {per} units, for {quantity} = {points}"

    def boosted(self, text: str, boosts: Sequence[str]) -> str:
        """The earning was multiplied."""
        return f"{text} (with {', '.join(boosts)})"

    def on_net(self, base: str) -> str:
        """The base is without VAT."""
        return f"{base} without VAT"

    def redeemed(self, points: str, amount: str) -> str:
        """Points used as money."""
        return f"{points} used as {amount}"

    def taken(self, rule: str, points: str) -> str:
        """A return takes points back."""
        return f"Return: {points} of {rule} taken back in proportion"

    def given(self, points: str) -> str:
        """A return gives spent points back."""
        return f"Return: {points} that had been used are given back"

    def not_matched(self, amount: str) -> str:
        """More came back than was sold."""
        return f"Return: {amount} match nothing of the original sale and change no points"

    def will_earn(self, points: str) -> str:
        """For the cashier."""
        return f"This sale earns {points}"

    def would_earn(self, points: str) -> str:
        """For who has no card."""
        return f"With a card this sale would have earned {points}"

    def would_save(self, amount: str) -> str:
        """For who has no card."""
        return f"With a card you would have saved {amount}"

    def add_more(self, missing: str, title: str) -> str:
        """What to add to get more."""
        return f"{missing} more gives: {title}"

    def within_reach(self, title: str, points: str) -> str:
        """A reward can be had."""
        return f"Within reach: {title} ({points})"

    def fewer_points(self, asked: str, granted: str) -> str:
        """Not all points asked for can be used."""
        return f"{asked} asked for, {granted} can be used"

    def blocked(self) -> str:
        """The customer is blocked."""
        return "This customer is blocked: no points and no members' offers"


class _Portuguese(Words):
    language = "pt"
    decimal_point = ","
    point, points_ = "ponto", "pontos"

    def offer(self, title: str, rate: str) -> str:
        return f"{title}: {rate} de "

    def line_by_line(self, text: str) -> str:
        return f"{text} (arredondado linha a linha)"

    def capped(self, text: str, limit: str) -> str:
        return f"{text} (máximo {limit})"

    def earned_amount(self, title: str, each: str, per: str, base: str, points: str) -> str:
        return f"{title}: {each} por {per}, sobre {base} = {points}"

    def earned_quantity(self, title: str, each: str, per: str, quantity: str, points: str) -> str:
        return f"{title}: {each} por cada {per} unidades, em {quantity} = {points}"

    def boosted(self, text: str, boosts: Sequence[str]) -> str:
        return f"{text} (com {', '.join(boosts)})"

    def on_net(self, base: str) -> str:
        return f"{base} sem IVA"

    def redeemed(self, points: str, amount: str) -> str:
        return f"{points} usados como {amount}"

    def taken(self, rule: str, points: str) -> str:
        return f"Devolução: {points} de {rule} retirados em proporção"

    def given(self, points: str) -> str:
        return f"Devolução: {points} que tinham sido usados são devolvidos"

    def not_matched(self, amount: str) -> str:
        return f"Devolução: {amount} não correspondem à venda original e não alteram pontos"

    def will_earn(self, points: str) -> str:
        return f"Esta venda ganha {points}"

    def would_earn(self, points: str) -> str:
        return f"Com cartão, esta venda teria ganho {points}"

    def would_save(self, amount: str) -> str:
        return f"Com cartão teria poupado {amount}"

    def add_more(self, missing: str, title: str) -> str:
        return f"Faltam {missing} para: {title}"

    def within_reach(self, title: str, points: str) -> str:
        return f"Ao alcance: {title} ({points})"

    def fewer_points(self, asked: str, granted: str) -> str:
        return f"Pedidos {asked}, podem ser usados {granted}"

    def blocked(self) -> str:
        return "Cliente bloqueado: sem pontos e sem ofertas de membro"


_ALL: Final[dict[str, Words]] = {"en": Words(), "pt": _Portuguese()}


def words_of(language: str) -> Words:
    """The sentences of a language ("pt", "pt-PT"); English when there are none."""
    return _ALL.get(language[:2].lower(), _ALL["en"])
