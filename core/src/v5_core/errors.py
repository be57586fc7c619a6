"""Every error V5 raises on purpose.

    V5Error                     code, message for people, fields that are wrong
    ├── ValidationError         the input is wrong: names the field or the row            (422)
    │   └── MalformedError      not JSON, not XML, not an envelope                       (400)
    ├── NotFoundError           no such thing for this tenant                             (404)
    │   └── UnknownCustomerError    nobody is known by the reference
    ├── ConflictError           a state that no longer allows it                          (409)
    │   ├── RequestReusedError  same request id, another body
    │   └── BlockedError        the customer is blocked
    ├── PermissionDeniedError   known, but not allowed                                   (403)
    ├── ConfigError             the settings are wrong: a person must change them
    ├── AuthError               credentials refused: a person must renew them            (401)
    │   └── EnrolmentCodeError  the one-off code was used, is too old, or never was
    ├── RetryableError          try again later; `retry_after` in seconds when known     (503)
    ├── RecordRejectedError     one record is bad: quarantine `ref`, go on with the rest
    ├── ContractViolationError  a plugin broke the contract (raised by kit and runner only)
    └── FatalError              stop this source and call a person

The type says what the runtime must do; `code` is stable and documented; the message never holds a secret or a personal datum.
A fault has the same code and status whoever finds it: agent or cloud, REST or SOAP. What both can find is a class here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "AuthError",
    "BlockedError",
    "ConfigError",
    "ConflictError",
    "ContractViolationError",
    "EnrolmentCodeError",
    "FatalError",
    "FieldError",
    "MalformedError",
    "NotFoundError",
    "PermissionDeniedError",
    "RecordRejectedError",
    "RequestReusedError",
    "RetryableError",
    "UnknownCustomerError",
    "V5Error",
    "ValidationError",
]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where it is (dotted path or row), a stable code, and what to do."""

    field: str
    code: str
    message: str


class V5Error(Exception):
    """Root of all errors that V5 raises on purpose.

    Args:
        message: For people; no secret, no personal datum.
        code: Stable, lower-case, dotted; defaults to the class's own.
        errors: The fields that are wrong, when there are any.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, code: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = code or self.code
        self.errors = errors


class ValidationError(V5Error):
    """The input is wrong; `errors` names each field."""

    code = "validation"
    status = 422


class MalformedError(ValidationError):
    """The bytes are not what they should be at all: no JSON, no XML, no envelope."""

    code = "malformed"
    status = 400


class NotFoundError(V5Error):
    """No such thing for this tenant (also said of another tenant's things)."""

    code = "not_found"
    status = 404


class UnknownCustomerError(NotFoundError):
    """Nobody is known by the reference."""

    code = "unknown_customer"


class ConflictError(V5Error):
    """A state that no longer allows the operation."""

    code = "conflict"
    status = 409


class RequestReusedError(ConflictError):
    """The request id was used before, with another body."""

    code = "idempotency_conflict"

    def __init__(self) -> None:
        super().__init__("this request_id was used before with another body: take a new one for a new request")


class BlockedError(ConflictError):
    """The customer is blocked: no points, no offers."""

    code = "blocked"

    def __init__(self) -> None:
        super().__init__("the customer is blocked")


class PermissionDeniedError(V5Error):
    """The caller is known and may not do this."""

    code = "forbidden"
    status = 403


class ConfigError(V5Error):
    """Settings are wrong; retrying cannot help."""

    code = "config"
    status = 500


class AuthError(V5Error):
    """Credentials or signature refused."""

    code = "unauthorized"
    status = 401


class EnrolmentCodeError(AuthError):
    """The one-off code was used, is too old, or never was."""

    code = "enrolment_code"


class RetryableError(V5Error):
    """A passing trouble; try again after `retry_after` seconds when it is known."""

    code = "retry"
    status = 503

    def __init__(self, message: str, *, retry_after: float | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class RecordRejectedError(V5Error):
    """One record cannot be used; the rest goes on."""

    code = "record_rejected"
    status = 422

    def __init__(self, message: str, *, ref: str, code: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message, code=code, errors=errors)
        self.ref = ref


class ContractViolationError(V5Error):
    """A plugin did what the contract forbids."""

    code = "contract_violation"


class FatalError(V5Error):
    """Stop this source; a person must look."""

    code = "fatal"
