"""SMS through a gateway that takes JSON over HTTP; which of its fields is which is a setting.

    POST <url>  {"to": "+351912345678", "text": "...", "from": "Aurora"}      Authorization: Bearer <token>

2xx is taken; 401, 403, 408, 425, 429 and 503 say that nothing was done and are tried later; any other 4xx is a refusal. After another 5xx,
or no answer, it is not known: the message is sent again only to a gateway that keeps `Idempotency-Key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import requests

from v5_cloud.messages.port import CarrierDownError, MessageRefusedError, MessageUnconfirmedError, Outgoing

__all__ = ["SMS_FIELDS", "HttpSms"]

SMS_FIELDS: Final[Mapping[str, str]] = MappingProxyType({"to": "to", "text": "text", "sender": "from"})
_NOT_DONE: Final = frozenset({401, 403, 408, 425, 429, 503})


class HttpSms:
    """A gateway.

    Args:
        url: Its address for one message.
        token: Sent as `Authorization: Bearer`.
        sender: Shown as from whom; "" leaves that to the gateway.
        fields: What the gateway calls `to`, `text` and `sender`.
        idempotent: It keeps `Idempotency-Key`: what is not known may be sent again.
        timeout: Seconds for one attempt.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        sender: str = "",
        fields: Mapping[str, str] = SMS_FIELDS,
        idempotent: bool = False,
        timeout: float = 10.0,
    ) -> None:
        self._url, self._sender, self._timeout, self._idempotent = url, sender, timeout, idempotent
        self._fields = {**SMS_FIELDS, **fields}
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    def send(self, message: Outgoing) -> None:
        """See the port."""
        body = {self._fields["to"]: message.recipient, self._fields["text"]: message.text}
        if self._sender:
            body[self._fields["sender"]] = self._sender
        try:
            with requests.Session() as session:
                session.trust_env = False
                headers = {**self._headers, "idempotency-key": message.key}
                answer = session.post(self._url, json=body, headers=headers, timeout=self._timeout, allow_redirects=False)
                status = answer.status_code
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise CarrierDownError("The SMS gateway cannot be reached.") from error
        except requests.RequestException as error:
            raise self._unknown(error) from error
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if status in _NOT_DONE:
            raise CarrierDownError(f"The SMS gateway answered {status}.")
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise MessageRefusedError(f"The SMS gateway refused the message ({status}).")
        raise self._unknown(None)

    def _unknown(self, error: requests.RequestException | None) -> CarrierDownError | MessageUnconfirmedError:
        # A connection that never came about carried nothing.
        reason = getattr(error.args[0], "reason", None) if error is not None and error.args else None
        if self._idempotent or type(reason).__name__ == "NewConnectionError":
            return CarrierDownError("The SMS gateway does not answer.")
        return MessageUnconfirmedError("The SMS gateway did not say whether it took the message.")
