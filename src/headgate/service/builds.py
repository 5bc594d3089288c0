"""Builds as a part: it begins when Slurm has said which cluster it is, and works until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from headgate.builds import repos_cfg
from headgate.builds.checkout.mirror import Mirrors
from headgate.builds.engine import BuildEngine, EngineSettings
from headgate.builds.forge.interface import Forge
from headgate.builds.jobs.content import batch_script
from headgate.builds.jobs.options import options_of
from headgate.builds.jobs.place import BuildCluster
from headgate.builds.workshop import Repos, Workshop
from headgate.config.builds import BuildSettings
from headgate.config.settings import Settings
from headgate.errors import ConfigError, HeadgateError, SlurmRefusedError
from headgate.gateway.rest_jobs import RestJobs
from headgate.service.gateway import ClusterClient, account_of, actor_of, acts_as_users
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.rest.client import RestClient, checked_script
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_AGAIN: Final = 5.0
"""Seconds until Slurm is asked again which cluster it is."""
_MOST_FILES: Final = 200
_VARIABLE: Final = re.compile(r"(?!SLURM_|SBATCH_)[A-Za-z_][A-Za-z0-9_]*")
"""What the executor takes for a job's variable."""


def builds_parts(
    settings: Settings,
    store: Store,
    clusters: Sequence[ClusterClient],
    forges: Mapping[str, Forge],
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make the part that builds pull requests, if forges are configured; of several services, one runs it.

    ``forges``: whoever made them closes them. Raises ConfigError for what cannot work.
    """
    own = settings.builds
    if not own.forges or "builds" not in settings.service.parts:
        return
    if not (own.targets or own.jobs.user or own.jobs.directory):
        # Forges without anything to build on: their events are kept, and those of a week are done once there is.
        _log.error("builds.not_run", why="there are neither targets nor a build account nor a directory for jobs")
        return
    check(settings)
    used = clusters_of(own, clusters)

    def make() -> BuildsPart:
        return BuildsPart(settings, store, used, forges)

    running = Role(keeper, "builds", make)
    yield Part("builds", running.run, running.stop)


def check(settings: Settings) -> None:
    """Check what builds need. Raises ConfigError that names what is missing."""
    own = settings.builds.jobs
    if not acts_as_users(settings.executor):
        raise ConfigError("builds need [executor]: jobs are submitted as their build account, and never as Headgate")
    if not own.user:
        raise ConfigError("builds.jobs.user is needed: the Unix account that builds run as")
    if settings.executor.way != "self" and own.user == _account():
        raise ConfigError("builds.jobs.user is Headgate's own account: code of pull requests would have its secrets")
    if own.directory is None:
        raise ConfigError("builds.jobs.directory is needed: the directory of job directories")
    if not settings.builds.targets:
        raise ConfigError("builds.targets is empty: there is nothing to build on")
    _check_jobs(settings.builds)
    _check_for_slurmrestd(settings)


def _check_jobs(builds: BuildSettings) -> None:
    """Check what jobs are submitted with. Raises ConfigError."""
    own = builds.jobs
    for name in own.environment:
        if not _VARIABLE.fullmatch(name):
            raise ConfigError(f"builds.jobs.environment: {name[:64]!a} cannot be set for a job")
    if own.script is not None and not os.access(own.script, os.R_OK):
        raise ConfigError(f"builds.jobs.script: {own.script} cannot be read")
    for where, options in (
        ("builds.jobs.slurm_options", own.slurm_options),
        *((f"builds.targets.{name}.slurm_options", one.slurm_options) for name, one in builds.targets.items()),
    ):
        try:
            options_of(options)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error.message}") from error


def _check_for_slurmrestd(settings: Settings) -> None:
    """Check that slurmrestd would run the site's own job script as it is meant. Raises ConfigError."""
    own = settings.builds.jobs
    names = {own.cluster, *(target.cluster for target in settings.builds.targets.values())}
    if own.script is None or all(settings.clusters.get(name, settings.slurm).driver != "rest" for name in names):
        return
    try:
        checked_script(batch_script(own.script.read_bytes()))
    except OSError as error:
        raise ConfigError(f"builds.jobs.script: {own.script} cannot be read: {error.strerror}") from error
    except SlurmRefusedError as error:
        raise ConfigError(f"builds.jobs.script: {error.message}") from error


def clusters_of(builds: BuildSettings, clusters: Sequence[ClusterClient]) -> dict[str, ClusterClient]:
    """Return the clusters that builds run on, by what targets call them; empty for the one of ``[builds.jobs]``.

    Raises ConfigError.
    """
    known = {one.alias: one for one in clusters}
    named = {"builds.jobs.cluster": builds.jobs.cluster}
    named |= {f"builds.targets.{name}.cluster": one.cluster for name, one in builds.targets.items() if one.cluster}
    for where, cluster in named.items():
        if cluster not in known:
            raise ConfigError(f"{where} names {cluster}, which is none of [clusters]")
    further = [name for name in named.values() if name != builds.jobs.cluster]
    return {"": known[builds.jobs.cluster], **{name: known[name] for name in further}}


def repos_of(directory: Path | None) -> Repos:
    """Read ``repos.cfg``, and see which files lie beside it. Raises ConfigError."""
    found: dict[str, Path] = {}
    if directory is not None:
        try:
            paths = sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))
        except OSError as error:
            raise ConfigError(f"{directory} cannot be read: {error.strerror}") from error
        if len(paths) > _MOST_FILES:
            raise ConfigError(f"there are more than {_MOST_FILES} files in {directory}: all go to every job")
        found = {path.name: path for path in paths}
    return Repos(repos_cfg.read(directory), found)


@contextlib.asynccontextmanager
async def build_clusters(
    settings: Settings, clusters: Mapping[str, ClusterClient]
) -> AsyncIterator[dict[str, BuildCluster]]:
    """Make the ways to the clusters that builds run on, by what targets call them. Raises HeadgateError."""
    async with contextlib.AsyncExitStack() as ways:
        yield {name: await ways.enter_async_context(_build_cluster(settings, one)) for name, one in clusters.items()}


@contextlib.asynccontextmanager
async def _build_cluster(settings: Settings, cluster: ClusterClient) -> AsyncIterator[BuildCluster]:
    own = settings.builds.jobs
    async with actor_of(settings.executor, cluster.settings) as actor:
        yield BuildCluster(
            name=await cluster.client.cluster_name(),
            files=actor,
            jobs=RestJobs(cluster.client, actor) if isinstance(cluster.client, RestClient) else actor,
            find=cluster.client.find_by_directory,
            account=account_of(cluster.client),
            user=own.user,
            root=str(own.directory),
            alias="" if settings.executor.way == "self" else cluster.alias,
        )


class BuildsPart:
    """Runs builds."""

    def __init__(
        self, settings: Settings, store: Store, clusters: Mapping[str, ClusterClient], forges: Mapping[str, Forge]
    ) -> None:
        self._settings = settings
        self._store = store
        self._clusters = clusters
        self._forges = forges
        self._stop = asyncio.Event()
        self._engine: BuildEngine | None = None

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()
        if self._engine is not None:
            self._engine.stop()

    async def run(self) -> None:
        """Build until ``stop``. What keeps it from beginning stops nothing else; it is tried again."""
        told = ""
        while not self._stop.is_set():
            try:
                async with build_clusters(self._settings, self._clusters) as clusters:
                    await self._serve(clusters)
                    return
            except HeadgateError as error:
                if error.message != told:
                    _log.error("builds.failed", error=error.message, again_seconds=_AGAIN)
                told = error.message
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN):
                    await self._stop.wait()

    async def _serve(self, clusters: Mapping[str, BuildCluster]) -> None:
        try:
            own, cluster = self._settings.builds, clusters[""]
            workshop = Workshop(
                settings=own,
                store=self._store,
                forges=self._forges,
                mirrors=Mirrors(own.jobs.mirrors, timeout=own.jobs.clone_timeout),
                cluster=cluster,
                further={name: one for name, one in clusters.items() if name},
                clock=self._store.clock.now,
                repos=await asyncio.to_thread(repos_of, own.repos_dir),
                environment={name: os.environ[name] for name in own.jobs.environment if name in os.environ},
            )
            self._engine = BuildEngine(workshop, EngineSettings(concurrency=own.concurrency))
            names = sorted({one.name for one in clusters.values()})
            _log.info("builds.serving", clusters=names, forges=sorted(self._forges), user=cluster.user)
            if not self._stop.is_set():
                await self._engine.run()
        finally:
            self._engine = None


def _account() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
