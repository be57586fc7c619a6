"""E-mail through a mail server (SMTP, RFC 5321), with TLS as it offers it."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import Final, Literal

from v5_cloud.messages.port import CarrierDownError, MessageRefusedError, MessageUnconfirmedError, Outgoing

__all__ = ["SmtpMail", "Tls"]

Tls = Literal["starttls", "tls", "none"]
_PERMANENT: Final = 500


class SmtpMail:
    """A mail server. A connection is opened for each message: they are few, and nothing is kept that could have died.

    Args:
        host: Of the server.
        port: Of the server.
        sender: From whom, as `Aurora <loyalty@aurora.example>`.
        user: To sign in with; "" does not.
        password: Its password.
        tls: "starttls" (port 587), "tls" from the first byte on (465), or "none" (a server on this very machine).
        timeout: Seconds for each step.
    """

    def __init__(
        self, host: str, port: int, sender: str, *, user: str = "", password: str = "", tls: Tls = "starttls", timeout: float = 10.0
    ) -> None:
        self._host, self._port, self._timeout = host, port, timeout
        self._user, self._password, self._tls = user, password, tls
        name, address = parseaddr(sender)
        self._from = Address(display_name=name, addr_spec=address)

    def send(self, message: Outgoing) -> None:
        """See the port."""
        raw = self._written(message)
        try:
            with self._open() as server:
                _checked(server.mail(self._from.addr_spec))
                _accepted(server.rcpt(message.recipient))
                self._hand_over(server, raw)
        except (OSError, smtplib.SMTPException) as error:
            raise CarrierDownError(f"The mail server cannot be used ({type(error).__name__}).") from error

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._tls == "starttls":
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, raw: bytes) -> None:
        try:
            code, _ = server.data(raw)
        except smtplib.SMTPDataError as error:  # refused before the first byte
            _accepted((error.smtp_code, b""))
            raise
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            raise MessageUnconfirmedError("The mail server did not say whether it took the message.") from error
        _accepted((code, b""))

    def _written(self, message: Outgoing) -> bytes:
        try:
            mail = EmailMessage()
            mail["From"] = self._from
            mail["To"] = Address(addr_spec=message.recipient)
            mail["Subject"] = " ".join(message.title.split())
            mail["Date"] = formatdate(usegmt=True)
            # The same for every attempt: should one arrive twice all the same, mailboxes show it once.
            mail["Message-ID"] = f"<{message.key}@{self._from.domain}>"
            mail["Auto-Submitted"] = "auto-generated"
            mail.set_content(message.text, cte="quoted-printable")
            return mail.as_bytes(policy=SMTP)
        except (ValueError, IndexError) as error:  # an address that is none
            raise MessageRefusedError("The address cannot be written to.") from error


def _checked(answer: tuple[int, bytes]) -> None:
    if not 200 <= answer[0] < 300:
        raise CarrierDownError(f"The mail server answered {answer[0]}.")


def _accepted(answer: tuple[int, bytes]) -> None:
    if answer[0] >= _PERMANENT:
        raise MessageRefusedError(f"The mail server refused the message ({answer[0]}).")
    _checked(answer)
