"""The built files: their addresses, and how they are served."""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from v5_cloud.frontend.build import DIST
from v5_core.errors import ConfigError

__all__ = ["asset", "router"]

TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}

router = APIRouter()


@cache
def _files() -> dict[str, str]:
    manifest = DIST / "manifest.json"
    if not manifest.is_file():
        raise ConfigError("the front end is not built: run `python -m v5_cloud.frontend.build`", code="frontend.missing")
    files: dict[str, str] = json.loads(manifest.read_text())["files"]
    return files


def asset(name: str) -> str:
    """The address of a built file by its plain name ("app.css").

    Raises:
        ConfigError: The front end is not built.
    """
    return f"/static/{_files()[name]}"


@router.get("/static/{name}", include_in_schema=False)
def static(name: str, request: Request) -> Response:
    """A built file; hashed names never change, so that browsers may keep them for ever."""
    if name not in _files().values():
        return Response(status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    path = DIST / name
    if path.suffix != ".woff2":
        headers["Vary"] = "Accept-Encoding"
        accepted = {part.split(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
        for coding, suffix in (("br", ".br"), ("gzip", ".gz")):
            if coding in accepted:
                headers["Content-Encoding"] = coding
                path = path.with_name(name + suffix)
                break
    return FileResponse(path, media_type=TYPES[f".{name.rsplit('.', 1)[1]}"], headers=headers)
