"""Envelopes and faults around the codec."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib import resources
from typing import Any, Final

import pydantic
from lxml import etree

from v5_core import hooks as models
from v5_core.errors import FieldError, MalformedError, V5Error, ValidationError
from v5_core.hooks import Hooks
from v5_core.model import Wire
from v5_core.soap import _codec

__all__ = ["CONTENT_TYPE", "MAX_BYTES", "OPERATIONS", "decode", "encode", "fault", "handle", "operations", "wsdl"]

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
MAX_BYTES: Final = 256 * 1024
OPERATIONS: Final[Mapping[str, tuple[type[Wire], type[Wire]]]] = {
    "identify": (models.IdentifyRequest, models.IdentifyResponse),
    "enrol": (models.EnrolRequest, models.EnrolResponse),
    "quote": (models.QuoteRequest, models.QuoteResponse),
    "hold": (models.HoldRequest, models.HoldResponse),
    "commit": (models.CommitRequest, models.CommitResponse),
    "cancel": (models.CancelRequest, models.CancelResponse),
    "return": (models.ReturnRequest, models.ReturnResponse),
}

Operation = Callable[[Any], Wire]

_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_ADDRESS: Final = "{http://schemas.xmlsoap.org/wsdl/soap/}address"
_SCHEMA: Final = "{http://www.w3.org/2001/XMLSchema}schema"
_INTERNAL: Final = "the operation failed; nothing is known to be wrong with the request"
_log = logging.getLogger(__name__)


class _EnvelopeError(Exception):
    """The envelope asks for something that SOAP names itself (VersionMismatch, MustUnderstand)."""

    def __init__(self, faultcode: str, message: str) -> None:
        super().__init__(message)
        self.faultcode = faultcode
        self.message = message


def operations(hooks: Hooks) -> dict[str, Operation]:
    """The port's methods under their names in the WSDL."""
    return {
        "identify": hooks.identify,
        "enrol": hooks.enrol,
        "quote": hooks.quote,
        "hold": hooks.hold,
        "commit": hooks.commit,
        "cancel": hooks.cancel,
        "return": hooks.return_,
    }


def wsdl(address: str) -> bytes:
    """The contract, with the address under which the caller reaches the service."""
    document = etree.fromstring(_source(), _codec.parser())
    for element in document.iter(_ADDRESS):
        element.set("location", address)
    return etree.tostring(document.getroottree(), xml_declaration=True, encoding="UTF-8")


def handle(body: bytes, operations: Mapping[str, Operation]) -> tuple[int, bytes]:
    """Answers one request; never raises.

    Args:
        body: The request as received.
        operations: Functions by operation name, as `operations` gives them.

    Returns:
        The HTTP status (200, or 500 for a fault as SOAP 1.1 over HTTP demands) and the reply.
    """
    name = ""
    try:
        name, request = decode(body)
        function = operations.get(name)
        if function is None:
            raise ValidationError(f"the operation {name} is not offered here", code="unknown_operation")
        return HTTPStatus.OK.value, encode(name, function(request))
    except (V5Error, _EnvelopeError) as error:
        return fault(error)
    except Exception as error:  # noqa: BLE001 - the caller gets a fault whatever breaks; its text may hold personal data
        _log.error("soap operation %r failed: %s", name, _where(error))
        return fault(error)


def decode(body: bytes) -> tuple[str, Wire]:
    """The operation's name and its checked request.

    Raises:
        ValidationError: `too_large`, `malformed`, `unknown_operation`, or `validation` with the fields that are wrong.
    """
    if len(body) > MAX_BYTES:
        raise ValidationError(f"a request may have {MAX_BYTES} bytes", code="too_large")
    message = _message(_codec.parse(body))
    name = etree.QName(message).localname
    if etree.QName(message).namespace != _codec.NAMESPACE or name not in OPERATIONS:
        raise ValidationError("the body's element is not an operation of urn:v5:hooks:1", code="unknown_operation")
    model = OPERATIONS[name][0]
    clean = _codec.tidy(message, model)
    wrong = _codec.faults(_schema(), clean, model)
    if wrong:
        raise ValidationError("the request does not fit the contract: see errors", errors=wrong)
    try:
        return name, model.model_validate(_codec.to_data(clean, model))
    except pydantic.ValidationError as error:
        raise ValidationError("the request does not fit the contract: see errors", errors=_fields(error)) from None


def encode(name: str, reply: Wire) -> bytes:
    """The reply of an operation, checked against the contract before it leaves.

    Raises:
        ValueError: The reply does not fit the contract; a defect on our side.
    """
    envelope, body = _envelope()
    model = OPERATIONS[name][1]
    if not isinstance(reply, model):
        raise ValueError(f"{name} must answer {model.__name__}")
    element = _codec.to_element(f"{name}Response", reply.model_dump(mode="json"), model)
    wrong = _codec.faults(_schema(), element, model)
    if wrong:
        raise ValueError(f"the reply of {name} does not fit the contract in {', '.join(error.field for error in wrong)}")
    body.append(element)
    return _bytes(envelope)


def fault(error: Exception) -> tuple[int, bytes]:
    """Status and fault envelope of an error; only what V5 raised on purpose is told in words."""
    envelope, body = _envelope()
    element = etree.SubElement(body, f"{{{_SOAP}}}Fault")
    if isinstance(error, _EnvelopeError):
        _text(element, "faultcode", f"soap:{error.faultcode}")
        _text(element, "faultstring", error.message)
        return HTTPStatus.INTERNAL_SERVER_ERROR.value, _bytes(envelope)
    known = error if isinstance(error, V5Error) else V5Error(_INTERNAL, code="internal")
    side = "Client" if known.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Server"
    _text(element, "faultcode", f"soap:{side}")
    _text(element, "faultstring", known.message)
    detail = etree.SubElement(element, "detail")
    problem = etree.SubElement(detail, _codec.qualified("problem"), nsmap=_codec.DEFAULT)
    fields = {"code": known.error_code, "title": HTTPStatus(known.status).phrase, "detail": known.message, "status": str(known.status)}
    for field, value in fields.items():
        _text(problem, _codec.qualified(field), value)
    for wrong in known.errors:
        entry = etree.SubElement(problem, _codec.qualified("errors"))
        for field in ("field", "code", "message"):
            _text(entry, _codec.qualified(field), getattr(wrong, field))
    return HTTPStatus.INTERNAL_SERVER_ERROR.value, _bytes(envelope)


def _message(envelope: etree._Element) -> etree._Element:
    tag = etree.QName(envelope)
    if tag.localname != "Envelope":
        raise MalformedError("a SOAP envelope is expected")
    if tag.namespace != _SOAP:
        raise _EnvelopeError("VersionMismatch", "SOAP 1.1 is spoken here")
    header, body = envelope.find(f"{{{_SOAP}}}Header"), envelope.find(f"{{{_SOAP}}}Body")
    for entry in header if header is not None else ():
        if isinstance(entry.tag, str) and entry.get(f"{{{_SOAP}}}mustUnderstand") in {"1", "true"}:
            raise _EnvelopeError("MustUnderstand", f"the header {etree.QName(entry).localname} is not understood here")
    messages = [child for child in body if isinstance(child.tag, str)] if body is not None else []
    if len(messages) != 1:
        raise MalformedError("the envelope needs a Body with exactly one element")
    return messages[0]


def _fields(error: pydantic.ValidationError) -> tuple[FieldError, ...]:
    return tuple(
        FieldError(".".join(str(part) for part in entry["loc"]), entry["type"], entry["msg"])
        for entry in error.errors(include_url=False, include_input=False, include_context=False)
    )


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{place}"


def _envelope() -> tuple[etree._Element, etree._Element]:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    return envelope, etree.SubElement(envelope, f"{{{_SOAP}}}Body")


def _text(parent: etree._Element, tag: str, value: str) -> None:
    etree.SubElement(parent, tag).text = _codec.printable(value)


def _bytes(envelope: etree._Element) -> bytes:
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _source() -> bytes:
    return resources.files("v5_core.soap").joinpath("v5.wsdl").read_bytes()


@functools.cache
def _schema() -> _codec.Schema:
    document = etree.fromstring(_source(), _codec.parser())
    schema = document.find(f".//{_SCHEMA}")
    if schema is None:
        raise ValueError("the WSDL holds no schema")
    return _codec.Schema(schema)
