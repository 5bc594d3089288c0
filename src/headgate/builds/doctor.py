"""Whether builds would work: each thing they need is tried, and what is wrong is said with what to do about it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from headgate.builds.checkout.git import Git, GitError, protocol_of
from headgate.builds.deploy.check import examine
from headgate.builds.deploy.deployer import target_of
from headgate.builds.deploy.parcel import Target
from headgate.builds.finding import Finding
from headgate.builds.forge.interface import Forge, ForgeError
from headgate.builds.jobs.options import options_of
from headgate.builds.jobs.place import BuildCluster, JobFiles
from headgate.builds.trash import TrashBin
from headgate.config.builds import BuildSettings
from headgate.errors import ConfigError, HeadgateError
from headgate.executor.interface import Option, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.pull_request import Repository

_SCRIPT = b"#!/bin/bash\nexit 0\n"
_ADVICE = {
    "user": "the executor refuses this account: see allow_users, min_uid and deny_groups in executor.ini",
    "root": "the executor's roots do not hold builds.jobs.directory: name it in executor.ini",
    "forbidden": "the build account cannot write there",
    "not-found": "builds.jobs.directory is not there: make it, and give it to the build account",
}


async def diagnose(
    settings: BuildSettings, cluster: BuildCluster, forges: Mapping[str, Forge], repositories: list[Repository]
) -> AsyncIterator[Finding]:
    """Try everything, one after the other. ``repositories``: whose clone is tried."""
    yield await _account(cluster)
    wrong = await _directory(cluster)
    yield Finding("job directories", not wrong, wrong or f"{cluster.user} can write in {cluster.root}")
    if not wrong:
        for name in settings.targets:
            yield await _sbatch(settings, cluster, name)
    yield _mirrors(settings.jobs.mirrors)
    for name, forge in forges.items():
        for found in await forge.examine(needed(settings)):
            yield Finding(f"{name}: {found.what}", found.good, found.says)
    for repository in repositories:
        yield await _clone(settings, forges, repository)
    if settings.jobs.trash is not None and settings.jobs.directory is not None:
        problem = await _trash(cluster, settings.jobs.directory, settings.jobs.trash)
        yield Finding("trash bin", not problem, problem or "directories can be moved there")
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
        return Finding(
            "build account", False, f"{error.message}; {_ADVICE.get(error.error, 'see docs/howto/executor')}"
        )
    except ExecutorError as error:
        return Finding("build account", False, error.message)
    own = found.uid == os.geteuid()
    says = f"{cluster.user} has the uid {found.uid}"
    return Finding("build account", not own, f"{says}, which is this account's own" if own else says)


async def _directory(cluster: BuildCluster) -> str:
    """Write and read a file as the build user; return what is wrong."""
    name = f".headgate-doctor-{os.getpid()}"
    place, files = Place(cluster.root, f"{name}/probe"), JobFiles(cluster.files, cluster.user)
    try:
        await files.write(place, b"probe")
        read = await files.read(place, 16)
        await cluster.files.remove_tree(cluster.user, Place(cluster.root, name))
    except RefusedError as error:
        return f"{error.message}; {_ADVICE.get(error.error, 'see docs/howto/builds')}"
    except ExecutorError as error:
        return error.message
    return "" if read == b"probe" else "what was written cannot be read again"


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
        return Finding(what, False, error.message)
    except RefusedError as error:
        return Finding(what, False, f"Slurm said: {error.message}")
    except ExecutorError as error:
        return Finding(what, False, error.message)
    return Finding(what, True, f"Slurm took job {job}, which was held and is cancelled")


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
        return Finding("mirrors", False, f"{directory} cannot be written by this account: {error.strerror}")
    return Finding("mirrors", True, f"{directory} can be written")


async def _clone(settings: BuildSettings, forges: Mapping[str, Forge], repository: Repository) -> Finding:
    what = f"clone of {repository}"
    forge = forges.get(repository.forge)
    if forge is None:
        return Finding(what, False, f"there is no forge {repository.forge}")
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
        return Finding(what, False, error.message)
    return Finding(what, True, "can be fetched")


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
