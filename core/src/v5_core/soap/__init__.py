"""The sale-time operations as SOAP 1.1: bytes in, bytes out, the same in agent and cloud.

The contract is the file `v5.wsdl` beside this module; its schema checks requests and our own replies, `v5_core.hooks` then checks what
a schema cannot. A web framework only carries the bytes::

    status, reply = soap.handle(body, soap.operations(hooks))      # POST /soap, text/xml
    document = soap.wsdl("https://v5.example.com/soap")            # GET /soap?wsdl
"""

from v5_core.soap._service import CONTENT_TYPE, MAX_BYTES, OPERATIONS, decode, encode, fault, handle, operations, wsdl

__all__ = ["CONTENT_TYPE", "MAX_BYTES", "OPERATIONS", "decode", "encode", "fault", "handle", "operations", "wsdl"]
