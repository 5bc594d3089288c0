"""Start one Slurm command, wait for it within bounds, and hand back what it said.

The only module that starts Slurm's processes. A command gets an argument list and a minimal environment, no
standard input, a session of its own, a time-out after which its whole process group is killed, and a bound on what
it may print.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.errors import SlurmCommandError, SlurmOutputError
from headgate.telemetry.spans import span

STDERR_LIMIT: Final = 64 * 1024
"""Bytes of standard error that are kept; the rest is read and forgotten."""
STDOUT_LIMIT: Final = 512 * 1024 * 1024
"""Bytes a command may print before it is killed."""
_KILL_GRACE: Final = 5.0
"""Seconds a killed process gets to vanish before it is left to the system."""
_STDOUT: Final = 1
_STDERR: Final = 2


@dataclass(frozen=True, slots=True)
class Account:
    """Another account to run as; only root can."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said. ``code`` is its exit code, negative for the signal that ended it."""

    code: int
    stdout: str
    """Decoded as UTF-8, with U+FFFD where it is none."""
    stderr: str


async def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    timeout: float,  # noqa: ASYNC109 - the time-out kills a process group, which a caller's scope could not
    stdout_limit: int = STDOUT_LIMIT,
    account: Account | None = None,
) -> Answer:
    """Run ``argv`` with exactly ``env`` for at most ``timeout`` seconds, as ``account`` if one is given.

    A non-zero exit is an answer, not an error: the caller knows what it means for its command.

    Raises SlurmCommandError if the command cannot be started or does not end in time, SlurmOutputError if it prints
    more than ``stdout_limit`` bytes. Whatever happens, also when the task is cancelled, the process group is gone
    when this returns.
    """
    command = Path(argv[0]).name
    with span(command, "client", process__executable__name=command) as told:
        answer = await _run(argv, command, env=env, timeout=timeout, stdout_limit=stdout_limit, account=account)
        told.set(process__exit__code=answer.code)
        if answer.code:
            told.fail(f"exit {answer.code}")
    return answer


async def _run(
    argv: Sequence[str | Path],
    command: str,
    *,
    env: Mapping[str, str],
    timeout: float,  # noqa: ASYNC109 - see above
    stdout_limit: int,
    account: Account | None,
) -> Answer:
    try:
        transport, protocol = await _start(argv, env, stdout_limit, account)
    except OSError as error:
        raise SlurmCommandError(
            f"{argv[0]} cannot be started: {error.strerror or error}", transient=_may_pass(error)
        ) from error
    try:
        async with asyncio.timeout(timeout):
            await protocol.ended.wait()
    except TimeoutError:
        raise SlurmCommandError(f"{command} did not answer within {timeout:g} s") from None
    finally:
        await _clear_away(transport, protocol)
    if protocol.overflow:
        raise SlurmOutputError(f"{command} printed more than {stdout_limit} bytes", transient=False)
    return Answer(
        code=transport.get_returncode() or 0,
        stdout=protocol.stdout.decode("utf-8", "replace"),
        stderr=protocol.stderr.decode("utf-8", "replace"),
    )


async def _start(
    argv: Sequence[str | Path], env: Mapping[str, str], stdout_limit: int, account: Account | None
) -> tuple[asyncio.SubprocessTransport, _Gather]:
    """Start the process; if cancelled meanwhile, leave none.

    The process lives before asyncio has joined its pipes, and asyncio, cancelled in between, would kill the process
    alone and not its group. So the start is not cancelled but finished, and then undone.
    """
    loop = asyncio.get_running_loop()
    starting = asyncio.ensure_future(
        loop.subprocess_exec(
            lambda: _Gather(loop, stdout_limit),
            *(os.fspath(word) for word in argv),
            env=dict(env),
            cwd="/",
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await _clear_away(*await starting)
        raise


class _Gather(asyncio.SubprocessProtocol):
    """Collects what a process prints, within bounds; ``ended`` is set when it is gone and its pipes are closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stdout_limit: int) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.overflow = False
        self.ended = asyncio.Event()
        self.exited: asyncio.Future[None] = loop.create_future()
        self._limit = stdout_limit

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == _STDERR:
            self.stderr += data[: STDERR_LIMIT - len(self.stderr)]
        elif len(self.stdout) + len(data) > self._limit:
            self.overflow = True
            self.ended.set()
        else:
            self.stdout += data

    def process_exited(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        self.ended.set()


async def _clear_away(transport: asyncio.SubprocessTransport, protocol: _Gather) -> None:
    """Kill what is left of the process group, close the pipes, and take the process's exit status."""
    finished = protocol.exited.done() and protocol.ended.is_set() and not protocol.overflow
    if not finished:
        # The leader may be gone while a child of it holds the pipes: its group still has the leader's id.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
    transport.close()
    if not protocol.exited.done():
        # Shielded: a cancelled caller must not leave a zombie behind.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KILL_GRACE):
                await asyncio.shield(protocol.exited)


def _may_pass(error: OSError) -> bool:
    """Whether a failure to start may go away by itself: a missing or forbidden command does not."""
    return not isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError)
