"""Whether builds would work: each thing they need is tried, and what is wrong is said with what to do about it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from headgate.builds.checkout.git import Git, GitError, protocol_of
from headgate.builds.deploy.check import examine
from headgate.builds.deploy.deployer import target_of
from headgate.builds.deploy.parcel import Target
from headgate.builds.forge.interface import Forge, ForgeError
from headgate.builds.jobs.options import options_of
from headgate.builds.jobs.place import BuildCluster, JobFiles
from headgate.builds.trash import TrashBin
from headgate.config.builds import BuildSettings
from headgate.errors import ConfigError, HeadgateError
from headgate.executor.interface import Option, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.finding import Finding, tried, well, wrong
from headgate.model.pull_request import Repository

NONE: Final[Mapping[str, BuildCluster]] = MappingProxyType({})
_SCRIPT = b"#!/bin/bash\nexit 0\n"
_ADVICE = {
    "user": "see allow_users, min_uid and deny_groups in executor.ini",
    "root": "name builds.jobs.directory among the roots in executor.ini",
    "forbidden": "let the build account write there",
    "peer": "run this as the account that executor.ini names: runuser -u headgate -- headgate build doctor",
    "not-found": "make builds.jobs.directory, and give it to the build account",
}
_EXECUTOR = "see docs/howto/executor.md"


async def diagnose(
    settings: BuildSettings,
    cluster: BuildCluster,
    forges: Mapping[str, Forge],
    repositories: Sequence[Repository],
    further: Mapping[str, BuildCluster] = NONE,
    *,
    submit: bool = True,
) -> AsyncIterator[Finding]:
    """Try everything, one after the other. ``repositories``: whose clone is tried; ``further``: see ``Workshop``.

    ``submit``: also submit a job for each target, which Slurm's users see until it is cancelled.
    """
    yield await _account(cluster)
    directory = await _directory(cluster)
    yield directory
    if directory.good and submit:
        for name, target in settings.targets.items():
            yield await _sbatch(settings, further.get(target.cluster, cluster), name)
    yield _mirrors(settings.jobs.mirrors)
    for name, forge in forges.items():
        for found in await forge.examine(needed(settings)):
            yield replace(found, area=f"{name}: {found.area}")
    for repository in repositories:
        yield await _clone(settings, forges, repository)
    if settings.jobs.trash is not None and settings.jobs.directory is not None:
        problem = await _trash(cluster, settings.jobs.directory, settings.jobs.trash)
        yield tried("trash bin", not problem, problem or "directories can be moved there")
    for finding in await examine(settings.deploy, settings.instance, _target(settings)):
        yield finding


def needed(settings: BuildSettings) -> dict[str, str]:
    """Return what the App on a forge has to be allowed by these settings: permission -> ``read`` or ``write``."""
    lists = [settings.permissions, *settings.repositories.values()]
    named = [who for one in lists for who in (*one.command, *one.build, *one.deploy, *one.cancel)]
    return {
        "issues": "write",
        "pull_requests": "write",
        **({"members": "read"} if any(who.startswith("team:") for who in named) else {}),
        **({"statuses": "write"} if settings.commit_states else {}),
    }


async def _account(cluster: BuildCluster) -> Finding:
    try:
        found = await cluster.files.ping(cluster.user)
    except RefusedError as error:
        return wrong("build account", error.message, _ADVICE.get(error.error, _EXECUTOR))
    except ExecutorError as error:
        return wrong("build account", error.message, _EXECUTOR)
    says = f"{cluster.user} has the uid {found.uid}"
    if found.uid == os.geteuid():
        return wrong("build account", f"{says}, which is this account's own", "make an account for builds alone")
    return well("build account", says)


async def _directory(cluster: BuildCluster) -> Finding:
    """Write and read a file as the build user."""
    area, name = "job directories", f".headgate-doctor-{os.getpid()}"
    place, files = Place(cluster.root, f"{name}/probe"), JobFiles(cluster.files, cluster.user)
    try:
        await files.write(place, b"probe")
        read = await files.read(place, 16)
        await cluster.files.remove_tree(cluster.user, Place(cluster.root, name))
    except RefusedError as error:
        return wrong(area, error.message, _ADVICE.get(error.error, _EXECUTOR))
    except ExecutorError as error:
        return wrong(area, error.message, _EXECUTOR)
    if read != b"probe":
        return wrong(area, "what was written cannot be read again", "see how the file system is mounted")
    return well(area, f"{cluster.user} can write in {cluster.root}")


async def _sbatch(settings: BuildSettings, cluster: BuildCluster, name: str) -> Finding:
    """Submit a job that does nothing, held, as a build for this target would be; and cancel it at once."""
    what, place = f"sbatch for {name}", Place(cluster.root, f".headgate-doctor-{os.getpid()}")
    try:
        options: dict[str, Option] = {
            **options_of(settings.jobs.slurm_options),
            **options_of(settings.targets[name].slurm_options),
        }
        options.setdefault("time", settings.jobs.time)
        options |= {"job_name": f"{settings.jobs.name}-doctor"[:64], "hold": True}
        job = await _submitted(cluster, place, options)
    except ConfigError as error:
        return wrong(what, error.message)
    except RefusedError as error:
        return wrong(what, f"Slurm said: {error.message}", "mend the options in [builds]")
    except ExecutorError as error:
        return wrong(what, error.message)
    return well(what, f"Slurm took job {job}, which was held and is cancelled")


async def _submitted(cluster: BuildCluster, place: Place, options: Mapping[str, Option]) -> str:
    """Submit, cancel, and remove the directory; return Slurm's number. Raises RefusedError, ExecutorError."""
    user = cluster.user
    try:
        answer = await cluster.jobs.submit(
            user, place, _SCRIPT, options=options, cluster=cluster.alias, save_as="job.sh"
        )
        await cluster.jobs.cancel(user, answer.job, cluster=cluster.alias)
    finally:
        await cluster.files.remove_tree(user, place)
    return answer.job


def _mirrors(directory: Path) -> Finding:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        made = Path(tempfile.mkdtemp(prefix="headgate-doctor-", dir=directory))
        shutil.rmtree(made)
    except OSError as error:
        return wrong("mirrors", f"{directory} cannot be written by this account: {error.strerror}", "give it to that")
    return well("mirrors", f"{directory} can be written")


async def _clone(settings: BuildSettings, forges: Mapping[str, Forge], repository: Repository) -> Finding:
    what = f"clone of {repository}"
    forge = forges.get(repository.forge)
    if forge is None:
        return wrong(what, f"there is no forge {repository.forge}", "name it FORGE:OWNER/NAME")
    try:
        source = await forge.clone_source(repository)
        git = Git(
            settings.jobs.mirrors,
            settings.jobs.clone_timeout,
            environment=source.environment,
            protocol=protocol_of(source.url),
        )
        await git.run("ls-remote", "--quiet", "--heads", source.url)
    except (ForgeError, GitError) as error:
        return wrong(what, error.message)
    return well(what, "can be fetched")


async def _trash(cluster: BuildCluster, directory: Path, trash: Path) -> str:
    try:
        return await TrashBin(cluster.files, cluster.user, directory, trash).problem()
    except HeadgateError as error:
        return error.message


def _target(settings: BuildSettings) -> Target | None:
    try:
        return target_of(settings.deploy)
    except ConfigError:
        return None
