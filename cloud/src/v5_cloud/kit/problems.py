"""Errors as RFC 9457 problems: one shape for REST, SOAP faults and pages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from pydantic import ValidationError as ModelError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from v5_core.errors import AuthError, FieldError, MalformedError, RetryableError, V5Error

__all__ = ["PROBLEMS", "Problem", "ProblemField", "field_errors", "install", "problem_of"]

_log = logging.getLogger(__name__)


class ProblemField(BaseModel):
    """One wrong field."""

    model_config = ConfigDict(extra="forbid")

    field: str
    code: str
    message: str


class Problem(BaseModel):
    """What went wrong, for people (`title`, `detail`) and for programs (`code`, `errors`)."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemField] = []
    server_time: datetime | None = None


_TITLES: Final = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Changed in the meantime",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid input",
    428: "Revision missing",
    429: "Too many requests",
    500: "Internal error",
    503: "Try again later",
}
_BODY: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": _TITLES[status], "content": _BODY} for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503)
}


def problem_of(error: V5Error, *, now: datetime | None = None) -> Problem:
    """The problem of an error that V5 raised. Inner errors show no detail."""
    status = error.status
    detail = error.message if status < 500 or isinstance(error, RetryableError) else "The service met an error; it has been logged."
    return Problem(
        type=f"urn:v5:problem:{error.error_code}",
        title=_TITLES.get(status, "Error"),
        status=status,
        detail=detail,
        code=error.error_code,
        errors=[ProblemField(field=one.field, code=one.code, message=one.message) for one in error.errors],
        server_time=now if error.error_code == "clock_skew" else None,
    )


def field_errors(errors: Sequence[Any], body: Any = None) -> tuple[FieldError, ...]:
    """Pydantic's list in our form, without the values (they may be personal).

    Args:
        errors: As pydantic gives them.
        body: The JSON that was read: then a place is the path in it, as a JSON reader counts.
    """
    found = []
    for one in errors:
        place = _path([part for part in one["loc"] if part != "body"], body)
        found.append(FieldError(".".join(place) or "body", str(one["type"]), str(one["msg"]).removeprefix("Value error, ")))
    return tuple(found)


def _path(place: Sequence[Any], body: Any) -> list[str]:
    path, here = [], body
    for part in place:
        if isinstance(here, dict) and part not in here and part == here.get("kind"):
            continue  # pydantic names the variant that it chose, which is no field of the JSON
        path.append(str(part))
        if isinstance(here, dict):
            here = here.get(part)
        else:
            here = here[part] if isinstance(here, list) and isinstance(part, int) and part < len(here) else None
    return path


def response(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """The problem as an HTTP answer."""
    body = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, problem.status, headers, media_type="application/problem+json")


def _simple(status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    fields = [ProblemField(field=one.field, code=one.code, message=one.message) for one in errors]
    return Problem(
        type=f"urn:v5:problem:{code}", title=_TITLES.get(status, "Error"), status=status, detail=detail, code=code, errors=fields
    )


async def _v5(request: Request, error: Exception) -> Response:
    if not isinstance(error, V5Error):
        raise error
    headers = {}
    if isinstance(error, RetryableError) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, AuthError):
        headers["WWW-Authenticate"] = 'Bearer realm="v5"'
    if error.status >= 500 and not isinstance(error, RetryableError):
        _log.error("%s %s: %s", request.method, request.url.path, error.message, exc_info=error)
    return response(problem_of(error, now=request.app.state.v5.clock()), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError | ModelError):
        raise error
    errors = error.errors()
    if any(one["type"] == "json_invalid" or (one["type"] == "missing" and one["loc"] == ("body",)) for one in errors):
        return response(problem_of(MalformedError("The body is not JSON.")))
    wrong = field_errors(errors, getattr(error, "body", None))
    return response(_simple(422, "validation", "The input is wrong; `errors` names each field.", wrong))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    codes = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type", 429: "too_many"}
    code = codes.get(error.status_code, "http")
    detail = error.detail if isinstance(error.detail, str) and error.detail else _TITLES.get(error.status_code, "Error")
    return response(_simple(error.status_code, code, detail), dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return response(_simple(500, "internal", "The service met an error; it has been logged."))


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem."""
    app.add_exception_handler(V5Error, _v5)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)
