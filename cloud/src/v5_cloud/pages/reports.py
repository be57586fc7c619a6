"""Where browsers report what the Content-Security-Policy refused."""

from __future__ import annotations

import json
import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response

__all__ = ["router"]

_log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)


@router.post("/csp-report")
async def report(request: Request) -> Response:
    """Notes which directive refused what; the last hundred are kept for the tests and the operator."""
    body = (await request.body())[:4000]
    try:
        said = json.loads(body).get("csp-report", {})
        kept = {key: str(said.get(key, ""))[:200] for key in ("document-uri", "effective-directive", "blocked-uri")}
    except (ValueError, AttributeError):
        kept = {"unreadable": str(len(body))}
    request.app.state.csp_reports.append(kept)
    _log.warning("refused by the Content-Security-Policy: %s", kept)
    return Response(status_code=204)
