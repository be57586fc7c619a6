"""sd_notify: a datagram to the service manager; nothing happens where there is none."""

from __future__ import annotations

import os
import socket

__all__ = ["notify"]


def notify(message: str) -> None:
    """Says READY=1, WATCHDOG=1, STOPPING=1 or STATUS=... to systemd."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
            connection.connect(target)
            connection.sendall(message.encode())
    except OSError:
        return  # the manager is gone; working on matters more than telling it
