"""Calls that block and cannot be broken off (name services, LDAP), bounded in time and in number."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """At most ``limit`` threads at a time.

    A call that is overdue is left alone: its thread keeps its place until it ends, so that a service that hangs holds
    a few threads and never more, and they do not keep the process from ending.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._places = asyncio.Semaphore(limit)

    async def run(self, call: Callable[[], T], seconds: float) -> T:
        """Call in a thread and return what it returns or raise what it raises.

        Raises TimeoutError if there is no place for it, or no answer, within ``seconds``; OSError if the system has no
        thread to give.
        """
        async with asyncio.timeout(seconds):
            await self._places.acquire()
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[T] = loop.create_future()
            answer.add_done_callback(_seen)

            def settle(result: T | None, error: BaseException | None) -> None:
                self._places.release()
                if answer.done():
                    return
                if error is not None:
                    answer.set_exception(error)
                else:
                    answer.set_result(result)  # type: ignore[arg-type]  # it is None only if T has it

            def work() -> None:
                result, error = None, None
                try:
                    result = call()
                except BaseException as caught:  # noqa: BLE001 - handed over whole to the one who asked
                    error = caught
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(settle, result, error)

            try:
                threading.Thread(target=work, name=self._name, daemon=True).start()
            except RuntimeError as error:
                self._places.release()
                raise OSError("no further thread can be started") from error
            return await asyncio.shield(answer)


def _seen(answer: asyncio.Future[T]) -> None:
    """Take note of an error that nobody waits for any more."""
    if not answer.cancelled():
        answer.exception()
