"""Logs as JSON lines, rotating, without what identifies a person or opens a door."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

__all__ = ["LOG_FILE", "JsonFormatter", "redact", "set_up"]

LOG_FILE: Final = "agent.log"
_PATTERNS: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "[e-mail]"),
    (
        re.compile(r"(?i)\b(bearer|password|passwd|pwd|token|secret|api[_-]?key)(\s*[=:]\s*|\s+)(\"[^\"]*\"|'[^']*'|[^\s,;&]+)"),
        r"\1\2[secret]",
    ),
    (re.compile(r"://[^/\s:@]+:[^/\s@]+@"), "://[secret]@"),
    (re.compile(r"\bv1a,[A-Za-z0-9+/=]+"), "[signature]"),
    (
        re.compile(r"(?<![\w.-])(?!\d{1,3}(?:\.\d{1,3}){3}\b)\+?\d[\d ().-]{7,16}\d(?![\w.-])"),
        "[number]",
    ),  # phones, tax and card numbers alike
)


def redact(text: str) -> str:
    """The text without e-mails, secrets, phones, tax and card numbers."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line. A traceback keeps its places and loses its message, which may hold data."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = type(record.exc_info[1]).__name__
            frames = []
            trace = record.exc_info[2]
            while trace is not None:
                frames.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
                trace = trace.tb_next
            entry["at"] = " < ".join(reversed(frames[-8:]))
        return json.dumps(entry, ensure_ascii=False)


def set_up(folder: Path, *, level: int = logging.INFO, console: bool = True) -> None:
    """Ten files of ten megabytes, and the console (journald's under systemd)."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    handlers: list[logging.Handler] = [
        RotatingFileHandler(folder / LOG_FILE, maxBytes=10_000_000, backupCount=10, encoding="utf-8", delay=True)
    ]
    if console:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(JsonFormatter())
        root.addHandler(handler)
    root.setLevel(level)
    for noisy in ("apscheduler", "urllib3", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
