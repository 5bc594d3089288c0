"""What builds work with: the settings, the forges, the mirrors, and the cluster their jobs run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from headgate.builds.checkout.mirror import Mirrors
from headgate.builds.forge.interface import Forge
from headgate.builds.jobs.place import BuildCluster, JobFiles
from headgate.config.builds import BuildSettings
from headgate.config.repos_cfg import RepositoryConfig
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
    """All of it. ``environment``: variables that jobs get."""

    settings: BuildSettings
    store: Store
    forges: Mapping[str, Forge]
    mirrors: Mirrors
    cluster: BuildCluster
    clock: Callable[[], float]
    repos: Repos = field(default_factory=Repos)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> JobFiles:
        """The files of job directories, as the build user."""
        return JobFiles(self.cluster.files, self.cluster.user)

    def head_ref(self, repository: Repository, number: int) -> str:
        """Return where a forge keeps the head of a pull request."""
        own = self.settings.forges.get(repository.forge)
        return _HEADS["github" if own is None else own.kind].format(number)
