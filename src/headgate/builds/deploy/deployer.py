"""The way of an artefact, stage by stage: chosen, copied, wrapped, sent, recorded."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from headgate.builds.deploy import names, script
from headgate.builds.deploy.directory import Directory
from headgate.builds.deploy.parcel import Target, Wrapping, wrap
from headgate.builds.deploy.policy import Candidate, choose
from headgate.builds.deploy.request import (
    BuiltJob,
    DeployError,
    DeployRequest,
    DeployRow,
    Outcome,
    Step,
    StepKind,
)
from headgate.builds.deploy.s3 import ObjectStore
from headgate.builds.deploy.spool import Copy, copy, room
from headgate.config.builds import DeploySettings
from headgate.errors import ConfigError
from headgate.executor.interface import FileActor, Place
from headgate.executor.refusal import ExecutorError, RefusedError

RECORD: Final = "uploaded.txt"
"""The file with a line ``JOB/ARTEFACT`` for all that was uploaded; for people, Headgate does not read it."""
Note = Callable[[Step], Awaitable[None]]


async def _unnoted(_: Step) -> None:
    """Write nothing down."""


def target_of(settings: DeploySettings) -> Target | None:
    """Return where parcels go; None if a script takes the artefacts. Raises ConfigError."""
    if settings.kind == "script":
        return None
    if settings.kind == "s3":
        return ObjectStore(settings)
    if settings.directory is None:
        raise ConfigError("[builds.deploy] has no directory")
    return Directory(settings.directory, overwrite=settings.overwrite)


@dataclass(frozen=True, slots=True)
class Deployer:
    """Deploys what was built. ``user``: the build account. ``instance``: the bot's name. ``note``: the audit log.

    ``target``: see `target_of`; who made it closes it.
    """

    settings: DeploySettings
    instance: str
    actor: FileActor
    user: str
    target: Target | None
    note: Note = _unnoted

    async def deploy(self, request: DeployRequest) -> list[DeployRow]:
        """Deploy what the policy says, one artefact after the other; return what became of each of all artefacts.

        One that fails holds up no other. It raises nothing for what a job, the object store or the script does.
        """
        choice = choose(request, self.settings)
        return [*[await self._deploy(request, one) for one in choice.going], *choice.left]

    async def _deploy(self, request: DeployRequest, one: Candidate) -> DeployRow:
        job, path = one.job, one.artefact.path
        if self.settings.kind != "directory" and not names.of_repository(self.settings.bucket, job.repository_id):
            why = f"no bucket specified for {names.shown(job.repository_id)}"
            return self._row(one, Outcome.NOT_UPLOADED, f" ({why})", reason=why)
        try:
            async with room(self.settings.spool) as here:
                copied = await copy(
                    self.actor, self.user, job.place, one.artefact, here, max_bytes=self.settings.max_bytes
                )
                await self._note(one, StepKind.COPIED, f"sha256 {copied.sha256}, {copied.size} bytes")
                await self._send(request, one, copied)
        except (DeployError, OSError) as error:
            why = error.message if isinstance(error, DeployError) else f"the spool failed: {error.strerror}"
            await self._note(one, StepKind.FAILED, why)
            return self._row(one, Outcome.NOT_UPLOADED, reason=why)
        await self._record(job, path)
        return self._row(one, Outcome.UPLOADED, sha256=copied.sha256)

    async def _send(self, request: DeployRequest, one: Candidate, copied: Copy) -> None:
        if self.target is None:
            argv = script.command(self.settings, request, one, self.instance, copied.path)
            await script.upload(self.settings, argv, script.environment(self.settings, os.environ, copied.path.parent))
            await self._note(one, StepKind.SENT, f"by {argv[0]}")
            return
        parcel = await wrap(Wrapping(self.settings, self.instance, self.target), request, one, copied)
        for piece in parcel.companions:
            if piece.key.endswith(".sig"):
                await self._note(one, StepKind.SIGNED, piece.key)
        there = await self.target.send(parcel)
        url = self.target.url(parcel.bucket, parcel.artefact.key)
        await self._note(one, StepKind.FOUND if there else StepKind.SENT, url)

    async def _record(self, job: BuiltJob, path: str) -> None:
        """Add a line to the file that people know, as the build account; it is no failure if that cannot be done."""
        directory = job.pull_request
        place = Place(directory.root, f"{directory.path}/{RECORD}".lstrip("/"))
        try:
            opened = await self.actor.open_write(self.user, place, how="append", mode=0o644)
            async with opened as file:
                await file.write(f"{job.job}/{path}\n".encode(), await file.size())
        except (RefusedError, ExecutorError) as error:
            await self.note(Step(job.job, path, StepKind.UNRECORDED, error.message))
        else:
            await self.note(Step(job.job, path, StepKind.RECORDED, RECORD))

    async def _note(self, one: Candidate, kind: StepKind, detail: str) -> None:
        await self.note(Step(one.job.job, one.artefact.path, kind, detail))

    def _row(
        self, one: Candidate, outcome: Outcome, more: str = "", *, reason: str = "", sha256: str = ""
    ) -> DeployRow:
        where = "directory" if self.settings.kind == "directory" else "S3 bucket"
        how = "succeeded" if outcome is Outcome.UPLOADED else "failed"
        text = f"transfer of `{one.artefact.path}` to {where} {how}{more}"
        job = one.job
        return DeployRow(job.job, job.repository_id, one.artefact.path, outcome, text, reason, sha256, job.number)
