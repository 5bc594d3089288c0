"""A build account's job directories, and requests about them."""

from __future__ import annotations

import gzip
import os
import pwd
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headgate.builds.deploy.deployer import Deployer
from headgate.builds.deploy.parcel import Target
from headgate.builds.deploy.request import BuiltJob, DeployRequest, Step
from headgate.config.builds import DeploySettings
from headgate.executor.interface import FileActor, Place
from headgate.model.pull_request import Repository

COMMIT = "1" * 40
OTHER_COMMIT = "2" * 40
REPOSITORY = Repository("github", "EESSI/software-layer")
REPOSITORY_ID = "eessi.io-2023.06-software"
ARTEFACT = "eessi-2023.06-software-linux-x86_64-amd-zen2-1690000000.tar.gz"
LEGACY = "2023.06/software/linux/x86_64/amd/zen2/1690000000"
NAMESPACE = "my-bot"
PULL_REQUEST = "2026.11/EESSI/software-layer/pr_12"


def tarball(text: str = "content") -> bytes:
    """Return something that begins as a gzip file does."""
    return gzip.compress(text.encode(), mtime=0)


def job(number: str = "4711", *artefacts: str, **facts: Any) -> BuiltJob:
    """Return a job that succeeded and passed its tests; no directory is made."""
    made = BuiltJob(
        job=number,
        place=Place("/jobs", f"{PULL_REQUEST}/{number}"),
        pull_request=Place("/jobs", PULL_REQUEST),
        repository_id=REPOSITORY_ID,
        commit=COMMIT,
        comment_id=77,
        succeeded=True,
        tests_passed=True,
        artefacts=artefacts or (ARTEFACT,),
    )
    return replace(made, **facts)


def request(*jobs: BuiltJob, **facts: Any) -> DeployRequest:
    return replace(DeployRequest(REPOSITORY, 12, COMMIT, jobs), **facts)


@dataclass
class Site:
    """Where the build account's jobs are, and Headgate's own directory beside it."""

    actor: FileActor
    user: str
    jobs: Path
    own: Path
    steps: list[Step] = field(default_factory=list)

    def directory(self, number: str = "4711") -> Path:
        return self.jobs / PULL_REQUEST / number

    def job(
        self, number: str = "4711", files: Mapping[str, bytes] | None = None, *artefacts: str, **facts: Any
    ) -> BuiltJob:
        """Make a job's directory with these files; they are its artefacts, if none are named."""
        files = {ARTEFACT: tarball()} if files is None else files
        for name, content in files.items():
            path = self.directory(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.directory(number).mkdir(parents=True, exist_ok=True)
        self.give(self.jobs)
        here = Place(str(self.jobs), f"{PULL_REQUEST}/{number}")
        above = Place(str(self.jobs), PULL_REQUEST)
        return job(number, *(artefacts or tuple(files)), place=here, pull_request=above, **facts)

    def give(self, path: Path) -> None:
        """Give everything in a directory to the build account."""
        account = pwd.getpwnam(self.user)
        for found in (path, *path.rglob("*")):
            os.chown(found, account.pw_uid, account.pw_gid, follow_symlinks=False)

    def settings(self, **given: Any) -> DeploySettings:
        usual: dict[str, Any] = {"policy": "all", "kind": "directory", "spool": self.own / "spool"}
        if given.get("kind", "directory") == "directory":
            (self.own / "out").mkdir(exist_ok=True)
            usual["directory"] = self.own / "out"
        return DeploySettings.model_validate(usual | given)

    def deployer(self, settings: DeploySettings, target: Target | None) -> Deployer:
        async def note(step: Step) -> None:
            self.steps.append(step)

        return Deployer(settings, NAMESPACE, self.actor, self.user, target, note)

    def uploaded(self) -> str:
        path = self.jobs / PULL_REQUEST / "uploaded.txt"
        return path.read_text() if path.exists() else ""

    def spooled(self) -> list[Path]:
        spool = self.own / "spool"
        return list(spool.iterdir()) if spool.exists() else []

    def remove(self) -> None:
        shutil.rmtree(self.jobs, ignore_errors=True)
