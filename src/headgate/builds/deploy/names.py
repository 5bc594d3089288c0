"""Names of artefacts, as jobs write them, and of the objects they become. Nothing here touches a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headgate.builds.deploy.request import DeployError
from headgate.config.builds import PREFIX_VARIABLE

MAX_PATH: Final = 1024
"""Characters a path below the job directory may have."""
MAX_SHOWN: Final = 100
"""Characters of a name that are shown."""
_COMPONENT: Final = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]{0,254}")
_STAMPED: Final = re.compile(r"(?P<payload>.+)-(?P<stamp>[0-9]{1,15})\.tar\.(?:gz|zst)")
_OURS: Final = (".sig", ".meta.txt")
"""How the files end that we put beside artefacts."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """An artefact whose name may be used.

    ``path``: below the job directory, without ``..``. ``payload``: the name without ``-TIMESTAMP.tar.*``, the same for
    all builds of one thing. ``timestamp``: seconds since the epoch as the job says, None if the name has none.
    """

    path: str
    name: str
    payload: str
    timestamp: int | None


def read(given: str, pattern: str) -> Artefact:
    """Return an artefact by what the job calls it. ``pattern``: what its whole name has to match.

    Raises DeployError for a name that leaves the job directory, or that the pattern or a file system would not have.
    """
    if len(given) > MAX_PATH:
        raise DeployError("its name is too long")
    components = given.split("/")
    if not all(_COMPONENT.fullmatch(component) for component in components):
        raise DeployError("its name is no plain path below the job directory")
    name = components[-1]
    if not re.fullmatch(pattern, name):
        raise DeployError("its name is not one that artefacts may have here")
    if name.endswith(_OURS):
        raise DeployError("its name is one of the files that stand beside artefacts")
    stamped = _STAMPED.fullmatch(name)
    return Artefact(given, name, payload(name), int(stamped["stamp"]) if stamped else None)


def payload(path: str) -> str:
    """Return the payload of an artefact that was read before."""
    name = path.rpartition("/")[2]
    stamped = _STAMPED.fullmatch(name)
    return stamped["payload"] if stamped else name


def shown(name: str) -> str:
    """Return a name as it can stand in a comment's table: nothing in it has a meaning there."""
    plain = re.sub(r"[^A-Za-z0-9._+/-]", "?", name[: MAX_SHOWN + 1])
    return plain if len(name) <= MAX_SHOWN else plain[:MAX_SHOWN] + "..."


def legacy_path(name: str) -> str:
    """Return what the predecessor makes of a name: ``eessi-2023.06-software-1.tar.gz`` is ``2023.06/software/1``."""
    path = re.sub(r"-+", "/", name)
    path = re.sub(r"^eessi.", "", path)
    return re.sub(r"\.tar\.(gz|zst)$", "", path)


def folder(prefix: str, *, repository: str, number: int, name: str) -> str:
    """Return where an object is put: a prefix with its variables filled in, or the legacy path if it is empty.

    Raises DeployError if that is no plain path.
    """
    values = {
        "github_repository": repository,
        "legacy_aws_path": legacy_path(name),
        "pull_request_number": str(number),
    }
    filled = PREFIX_VARIABLE.sub(lambda found: values[found[1] or found[2]], prefix or "${legacy_aws_path}")
    components = [component for component in filled.split("/") if component]
    if any(
        component in (".", "..") or not re.fullmatch(r"[\w.+=@-]+", component, re.ASCII) for component in components
    ):
        raise DeployError("the place it would go to has a name that is not allowed")
    return "/".join(components)


def key(folder_name: str, name: str) -> str:
    """Return an object's whole name."""
    return f"{folder_name}/{name}" if folder_name else name


def of_repository(given: str | dict[str, str], repository_id: str) -> str:
    """Return the bucket or prefix of a repository; empty if there is none for it."""
    return given.get(repository_id, "") if isinstance(given, dict) else given
