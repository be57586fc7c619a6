"""Calls into foreign code with a time limit: a plugin that hangs costs its own source, nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from v5_core.errors import RetryableError

__all__ = ["Bounded", "HangingError"]

T = TypeVar("T")


class HangingError(RetryableError):
    """The call did not come back in time, or one before it still has not."""

    code = "hanging"


class _Call(Generic[T]):
    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self.done = threading.Event()
        self.value: T | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.value = self._function()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, which decides by type
            self.error = error
        finally:
            self.done.set()


class Bounded:
    """One caller's place: while a call of it hangs, no second one is started (a thread cannot be killed, only outlived)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: _Call[object] | None = None

    def abandon(self) -> None:
        """The agent ends: whoever waits for a call waits no longer."""
        running = self._running
        if running is not None and not running.done.is_set():
            running.error = HangingError("the agent is ending")
            running.done.set()

    def call(self, function: Callable[[], T], timeout: float) -> T:
        """The function's result.

        Raises:
            HangingError: Not within `timeout` seconds; its result, should it come, is dropped.
            BaseException: Whatever the function raised, `Exception` at most (an exit from a plugin is taken for a failure).
        """
        if self._running is not None and not self._running.done.is_set():
            raise HangingError("the plugin still has not come back from an earlier call: restart the agent if this lasts")
        call: _Call[T] = _Call(function)
        self._running = call  # type: ignore[assignment]
        threading.Thread(target=call.run, name=f"plugin-{self._name}", daemon=True).start()
        if not call.done.wait(timeout):
            raise HangingError(f"the plugin did not come back within {timeout:g} s")
        if isinstance(call.error, Exception):
            raise call.error
        if call.error is not None:
            raise RetryableError(f"the plugin tried to end the agent ({type(call.error).__name__})")
        return call.value  # type: ignore[return-value]
