# ruff: noqa: ARG002, ASYNC240 - its methods are those of an actor
"""A cluster that is made up: directories on this disk, and a Slurm that does what a test tells it to.

What it is told to do is written into the journal as the watcher would; jobs leave the files a test gives them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from headgate.builds.jobs.place import BuildCluster
from headgate.events.journal import Journal
from headgate.executor.interface import Actor, Done, FileInfo, How, Listing, LocalFile, Option, Place, Submitted
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.job import Figures
from headgate.store.store import Store

NAME = "alpha"
USER = "builder"
RESULT = """\
[RESULT]
comment_description = <details><summary>:grin: SUCCESS</summary>built</details>
status = SUCCESS
artefacts =
    a.tar.gz
"""
TEST = "[TEST]\ncomment_description = :grin: SUCCESS\nstatus = SUCCESS\n"


@dataclass
class MadeUpJob:
    """A job of it."""

    number: int
    directory: Path
    options: Mapping[str, Option]
    environment: Mapping[str, str]
    script: bytes
    submitted: int
    held: bool
    state: str = "PENDING"
    released: int = 0
    cancelled: int = 0


@dataclass
class MadeUpCluster:
    """An actor and a Slurm in one. ``refusals``: by target's partition, what sbatch says in place of taking a job.

    ``lose_submit``: so many jobs are taken, and the answer is lost; ``down``: the executor cannot be reached.
    """

    root: Path
    jobs: dict[int, MadeUpJob] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    lose_submit: int = 0
    down: bool = False
    refuse_below: str = ""
    """What is in the path of files that cannot be written just now."""
    figures: list[Figures] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    name: str = NAME

    def cluster(self) -> BuildCluster:
        """Return it as builds know it."""
        actor = cast("Actor", self)  # it does what builds ask of one, and no more
        return BuildCluster(self.name, actor, actor, self.find, self.account, USER, str(self.root))

    # What an actor does

    async def open_read(self, user: str, place: Place) -> LocalFile:
        return self._open(user, place, os.O_RDONLY, 0)

    async def open_write(
        self, user: str, place: Place, *, how: How = "create", mode: int = 0o666, parents: bool = False
    ) -> LocalFile:
        path = Path(place.root, place.path)
        if self.refuse_below and self.refuse_below in str(path):
            raise RefusedError("full", "there is no room")
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        return self._open(user, place, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if how == "replace" else 0), mode)

    def _open(self, user: str, place: Place, flags: int, mode: int) -> LocalFile:
        self._called(user)
        try:
            opened = os.open(Path(place.root, place.path), flags | os.O_NOFOLLOW, mode)
        except FileNotFoundError:
            raise RefusedError("not-found", "there is no such file") from None
        except OSError as error:
            raise RefusedError("link", error.strerror or "") from None
        return LocalFile(opened, _info(Path(place.root, place.path)))

    async def stat(self, user: str, place: Place) -> FileInfo:
        self._called(user)
        return _info(Path(place.root, place.path))

    async def make_directory(self, user: str, place: Place, *, parents: bool = False, mode: int = 0o777) -> None:
        self._called(user)
        Path(place.root, place.path).mkdir(parents=parents, exist_ok=parents, mode=mode)

    async def rename(self, user: str, place: Place, to: str) -> None:
        self._called(user)
        Path(place.root, place.path).rename(Path(place.root, to))

    async def submit(
        self,
        user: str,
        directory: Place,
        script: bytes,
        *,
        options: Mapping[str, Option] | None = None,
        environment: Mapping[str, str] | None = None,
        cluster: str = "",
        save_as: str = "",
    ) -> Submitted:
        self._called(user)
        given = options or {}
        complaint = self.refusals.get(str(given.get("partition", "")))
        if complaint:
            raise RefusedError("slurm", complaint, code=1)
        where = Path(directory.root, directory.path)
        assert where.is_dir()
        number = 4711 + len(self.jobs)
        held = bool(given.get("hold"))
        self.jobs[number] = MadeUpJob(number, where, given, environment or {}, script, int(self.clock()), held)
        if self.lose_submit:
            self.lose_submit -= 1
            raise ExecutorError("the executor ended in the middle")
        return Submitted(job=str(number), message="")

    async def release(self, user: str, job: str, *, cluster: str = "") -> Done:
        self._called(user)
        one = self.jobs[int(job)]
        one.held, one.released = False, one.released + 1
        return Done(message="")

    async def cancel(self, user: str, job: str, *, cluster: str = "") -> Done:
        self._called(user)
        self.jobs[int(job)].cancelled += 1
        return Done(message="")

    async def find(self, user: str, directory: str, since: float) -> list[tuple[str, int]]:
        found = [one for one in self.jobs.values() if str(one.directory) == directory and one.submitted >= since]
        return [(str(one.number), one.submitted) for one in found]

    async def account(self, ids: Sequence[int], since: float) -> list[Figures]:
        return [one for one in self.figures if one.attempt.job_id in ids]

    async def list(self, user: str, place: Place, *, after: str = "", limit: int = 1000) -> Listing:
        self._called(user)
        if not Path(place.root, place.path).is_dir():
            raise RefusedError("not-found", "there is no such directory")
        return Listing(
            entries=tuple(_info(path) for path in sorted(Path(place.root, place.path).iterdir())), more=False
        )

    def _called(self, user: str) -> None:
        assert user == USER
        if self.down:
            raise ExecutorError("the executor cannot be reached")

    # What a test has it do

    async def starts(self, store: Store, number: int) -> None:
        """Have a job start."""
        self.jobs[number].state = "RUNNING"
        await self.tell(store, EventKind.JOB_STARTED, number, nodes="n1")

    async def ends(
        self,
        store: Store,
        number: int,
        state: str = "COMPLETED",
        *,
        result: str | None = RESULT,
        test: str | None = TEST,
        log: str = "",
        **data: JSON,
    ) -> None:
        """Have a job end, and leave files."""
        job = self.jobs[number]
        job.state = state
        for name, text in (
            (f"_bot_job{number}.result", result),
            (f"_bot_job{number}.test", test),
            (f"slurm-{number}.out", log),
        ):
            if text is not None:
                (job.directory / name).write_text(text)
        told: dict[str, JSON] = {"state": state, "exit_code": 0 if state == "COMPLETED" else 1, "signal": 0, **data}
        await self.tell(store, EventKind.JOB_ENDED, number, **told)

    async def tell(self, store: Store, kind: EventKind, number: int, **data: JSON) -> None:
        """Write an event of a job, once."""
        job = self.jobs[number]
        fact = Event(
            f"{kind.value}:{self.name}/{number}/{job.submitted}",
            kind,
            self.clock(),
            f"job {number}",
            Source.WATCHER,
            self.name,
            number,
            user=USER,
            data={"submitted": job.submitted, **data},
        )
        await store.write(lambda connection: Journal().append(connection, [fact]))

    def clear(self) -> None:
        """Forget all."""
        self.jobs.clear()
        shutil.rmtree(self.root)
        self.root.mkdir()


def _info(path: Path) -> FileInfo:
    found = path.lstat()
    return FileInfo(
        name=path.name,
        named=True,
        kind="directory" if path.is_dir() else "file",
        size=found.st_size,
        mode=found.st_mode & 0o777,
        uid=found.st_uid,
        gid=found.st_gid,
        modified_ns=found.st_mtime_ns,
        inode=found.st_ino,
    )


async def run_on(engine: object, *, rounds: int = 4) -> None:
    """Let an engine do what there is to do now."""
    for _ in range(rounds):
        while await engine.turn():  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        await engine.rest()  # type: ignore[attr-defined]
