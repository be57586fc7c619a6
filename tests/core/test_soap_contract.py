"""The SOAP contract as published: the schema mirrors the models, what leaves keeps to it, and it changes only on purpose."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from v5_core import soap
from v5_core.hooks import CommitResponse, IdentifyResponse, ReceiptLine
from v5_core.model import Wire

NS = "urn:v5:hooks:1"
XS = "{http://www.w3.org/2001/XMLSchema}"
GOLDEN = Path(__file__).with_name("soap_contract.golden.wsdl")
IDENTIFY = f"""<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{NS}">
<s:Body><identify><store>L1</store><key>91</key></identify></s:Body></s:Envelope>""".encode()


def test_the_schema_mirrors_the_models() -> None:
    schema = etree.fromstring(soap.wsdl("http://localhost/")).find(f".//{XS}schema")
    assert schema is not None
    declared = {str(kind.get("name")): kind for kind in schema.iter(f"{XS}complexType") if kind.get("name")}

    def bare(annotation: Any) -> Any:
        while get_origin(annotation) in {Union, types.UnionType} or hasattr(annotation, "__metadata__"):
            annotation = next(part for part in get_args(annotation) if part is not type(None))
        return annotation

    def compare(model: type[Wire], seen: set[type[Wire]]) -> None:
        if model in seen:
            return
        seen.add(model)
        rows = {str(row.get("name")): row for row in declared[model.__name__].iter(f"{XS}element")}
        assert list(rows) == list(model.model_fields), model
        for name, field in model.model_fields.items():
            kind = bare(field.annotation)
            many = get_origin(kind) is tuple
            kind = bare(get_args(kind)[0]) if many else kind
            assert (rows[name].get("minOccurs") is None) == field.is_required(), (model, name)
            assert (rows[name].get("maxOccurs") == "unbounded") == many, (model, name)
            if isinstance(kind, type) and issubclass(kind, Wire):
                assert rows[name].get("type") == f"t:{kind.__name__}"
                compare(kind, seen)

    seen: set[type[Wire]] = set()
    for pair in soap.OPERATIONS.values():
        for model in pair:
            compare(model, seen)
    assert set(declared) == {model.__name__ for model in seen} | {"Shares", "FieldError", "Problem"}


def test_the_contract_changes_only_on_purpose() -> None:
    """After a deliberate change, copy what `soap.wsdl` gives to the golden file and say in the commit what callers must do."""
    given_out = soap.wsdl("https://v5.example.com/soap?a=1&b=2")
    assert b'location="https://v5.example.com/soap?a=1&amp;b=2"' in given_out
    assert given_out == GOLDEN.read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_of_ours_leaves_as_xml(text: str) -> None:
    reply = soap.encode("commit", CommitResponse(document="d", receipt=(ReceiptLine(text=text),)))
    assert etree.fromstring(reply).find(f".//{{{NS}}}receipt") is not None


def test_a_reply_that_breaks_the_contract_does_not_leave() -> None:
    status, reply = soap.handle(
        IDENTIFY,
        {"identify": lambda _: IdentifyResponse.model_construct(directives=("x" * 501,))},
    )
    assert (status, b"internal" in reply, b"xxx" in reply) == (500, True, False)
