"""What builds work with: the settings, the forges, the mirrors, and the cluster their jobs run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from headgate.builds.checkout.mirror import Mirrors
from headgate.builds.forge.interface import Forge
from headgate.builds.jobs.place import BuildCluster, JobFiles
from headgate.config.builds import BuildSettings, TargetSettings
from headgate.config.repos_cfg import RepositoryConfig
from headgate.executor.refusal import RefusedError
from headgate.model.build import BuildJob
from headgate.model.pull_request import Repository
from headgate.store.store import Store

_HEADS: Final = {"github": "refs/pull/{}/head", "gitlab": "refs/merge-requests/{}/head"}


@dataclass(frozen=True, slots=True)
class Repos:
    """``repos.cfg``: what it says, and the files beside it that go to every job (path in ``cfg/`` -> file)."""

    sections: Mapping[str, RepositoryConfig] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workshop:
    """All of it. ``environment``: variables that jobs get.

    ``cluster``: where builds run of targets that name none, and by which all files are reached; ``further``: the other
    clusters that targets name, by their names in the settings.
    """

    settings: BuildSettings
    store: Store
    forges: Mapping[str, Forge]
    mirrors: Mirrors
    cluster: BuildCluster
    clock: Callable[[], float]
    repos: Repos = field(default_factory=Repos)
    environment: Mapping[str, str] = field(default_factory=dict)
    further: Mapping[str, BuildCluster] = field(default_factory=dict)

    @property
    def files(self) -> JobFiles:
        """The files of job directories, as the build user."""
        return JobFiles(self.cluster.files, self.cluster.user)

    def cluster_for(self, target: TargetSettings) -> BuildCluster:
        """Return where builds of a target run."""
        return self.further.get(target.cluster, self.cluster)

    def cluster_of(self, job: BuildJob) -> BuildCluster:
        """Return where a job is. Raises RefusedError where that is in the configuration no more."""
        for one in (self.cluster, *self.further.values()):
            if one.name == job.cluster:
                return one
        raise RefusedError("request", f"there is no cluster {job.cluster} in the configuration any more")

    def head_ref(self, repository: Repository, number: int) -> str:
        """Return where a forge keeps the head of a pull request."""
        own = self.settings.forges.get(repository.forge)
        return _HEADS["github" if own is None else own.kind].format(number)
