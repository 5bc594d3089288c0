"""What an administrator should know of the settings of builds that is no mistake: what nobody may, what goes nowhere.

Only what is switched on is looked at: without a forge there are no builds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from headgate.config.builds import BuildSettings
from headgate.config.ini_text import WrongIniError
from headgate.config.repos_cfg import IMPLICIT, parse
from headgate.config.suggest import likely
from headgate.config.wrong import Mistake

_RIGHTS: Final = {
    "command": "give commands",
    "build": "have builds made",
    "deploy": "have builds deployed",
}
_MOST: Final = 1024 * 1024
"""Octets of repos.cfg."""


def remarks(builds: BuildSettings) -> list[Mistake]:
    """Return what can be seen without opening a file."""
    if not builds.forges:
        return []
    return [Mistake(("builds", *path), text) for path, text in _remarks(builds)]


def missing(builds: BuildSettings) -> list[Mistake]:
    """Return what the service does not start without, if it is to build."""
    if not builds.forges:
        return []
    found = []
    if not builds.targets:
        found.append(Mistake(("builds", "targets"), "there is none: nothing can be built"))
    if not builds.jobs.user:
        found.append(Mistake(("builds", "jobs", "user"), "is required where there are forges: the account of jobs"))
    if builds.jobs.directory is None:
        text = "is required where there are forges: the directory of jobs"
        found.append(Mistake(("builds", "jobs", "directory"), text))
    return found


def remarks_on_repositories(builds: BuildSettings) -> list[Mistake]:
    """Return what ``repos.cfg`` has to say of the targets; it is read for it."""
    if not builds.forges or builds.repos_dir is None:
        return []
    path = builds.repos_dir / "repos.cfg"
    try:
        with path.open("rb") as file:
            known = parse(file.read(_MOST).decode(), "repos.cfg")
    except OSError as error:
        return [Mistake(("builds", "repos_dir"), f"its repos.cfg cannot be read: {error.strerror}")]
    except UnicodeDecodeError:
        return [Mistake(("builds", "repos_dir"), "its repos.cfg is not UTF-8 text")]
    except WrongIniError as error:
        return [Mistake(("builds", "repos_dir"), str(error))]
    return list(_unknown(builds, known))


def _remarks(builds: BuildSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    for right, what in _RIGHTS.items():
        own = [getattr(one, right) for one in builds.repositories.values() if right in one.model_fields_set]
        if not getattr(builds.permissions, right) and not any(own):
            yield ("permissions", right), f"is empty, and so for every repository: nobody may {what}"
    if "author" in builds.permissions.deploy or any("author" in one.deploy for one in builds.repositories.values()):
        yield ("permissions", "deploy"), "holds author: whoever opens a pull request may have it deployed"
    if builds.repos_dir is None and any(set(target.repositories) - {*IMPLICIT} for target in builds.targets.values()):
        yield ("repos_dir",), "is missing: targets name repositories that nothing is known of"
    for number, allowed in enumerate(builds.job_arguments):
        if allowed.value == ".*":
            yield ("job_arguments",), f"number {number + 1} lets any value through; see that this is meant"


def _unknown(builds: BuildSettings, known: Collection[str]) -> Iterator[Mistake]:
    for name, target in builds.targets.items():
        for repository in target.repositories:
            if repository not in known:
                meant = likely(repository, known)
                text = f"repos.cfg has no [{repository}]: nothing is built for it"
                yield Mistake(("builds", "targets", name, "repositories"), text, meant)
    for repository in builds.deploy.signing:
        if repository not in known:
            text = f"repos.cfg has no [{repository}]: nothing of it is signed"
            yield Mistake(("builds", "deploy", "signing", repository), text, likely(repository, known))
