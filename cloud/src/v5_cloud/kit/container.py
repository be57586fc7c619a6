"""What a running service holds; reached by `container(request)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request

from v5_cloud.giftcards.port import ExternalGiftCards
from v5_cloud.giftcards.rest import RestGiftCards
from v5_cloud.kit.database import Database
from v5_cloud.kit.limits import Limiter
from v5_cloud.kit.settings import Settings
from v5_cloud.messages.mail import SmtpMail
from v5_cloud.messages.port import Carrier
from v5_cloud.messages.sms import HttpSms

__all__ = ["Container", "build", "carriers", "container", "held", "utc_now"]


def utc_now() -> datetime:
    """The wall clock; services take it from the container, so that tests can move it."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Container:
    """Settings, database, clock, limits, and small caches of what rarely changes."""

    settings: Settings
    database: Database
    limiter: Limiter
    clock: Callable[[], datetime] = utc_now
    cache: dict[tuple[str, ...], tuple[float, object]] = field(default_factory=dict)
    gift_cards: Mapping[str, ExternalGiftCards] = field(default_factory=dict)
    carriers: Mapping[str, Carrier] = field(default_factory=dict)


def build(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Container:
    """All parts of a service."""
    database = Database(settings)
    cards = {name: RestGiftCards(one.url, one.token.get_secret_value(), timeout=one.timeout) for name, one in settings.gift_cards.items()}
    return Container(settings, database, Limiter(database), clock, gift_cards=cards, carriers=carriers(settings))


def carriers(settings: Settings) -> dict[str, Carrier]:
    """Ways of sending messages, by channel; what is not set is not there."""
    found: dict[str, Carrier] = {}
    if (mail := settings.smtp) is not None:
        secret = mail.password.get_secret_value()
        found["email"] = SmtpMail(
            mail.host, mail.port, mail.sender, user=mail.user, password=secret, tls=mail.tls, timeout=mail.timeout
        )  # fmt: skip
    if (sms := settings.sms) is not None:
        names = {str(name): value for name, value in sms.fields.items()}
        token = sms.token.get_secret_value()
        found["sms"] = HttpSms(sms.url, token, sender=sms.sender, fields=names, idempotent=sms.idempotent, timeout=sms.timeout)
    return found


def container(request: Request) -> Container:
    """Dependency: the running service's container."""
    found = request.app.state.v5
    if not isinstance(found, Container):
        raise TypeError("the application was not made by create_app")
    return found


async def held(request: Request) -> Container:
    """The same dependency for the way of a sale: FastAPI sends a plain function to a thread, which costs more than the function."""
    return container(request)
