"""Where jobs of builds lie: ``YYYY.MM/OWNER/NAME/pr_N/event_ID/run_NNN/ARCHITECTURE[/ACCELERATOR]/REPOSITORY``.

The repository is in the path: the same number in two repositories is two directories. Parts come from people and from
forges, and each is checked before it becomes a path.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Final

from headgate.errors import HeadgateError
from headgate.model.pull_request import Repository

_PART: Final = re.compile(r"(?!\.)[A-Za-z0-9_.+=-]{1,100}")
_DELIVERY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class PathError(HeadgateError):
    """Something that would become a path must not."""


def run_path(repository: Repository, number: int, event: str, run: int, now: float) -> str:
    """Return the directory of one run. ``event``: see ``event_name``. Raises PathError."""
    month = time.strftime("%Y.%m", time.gmtime(now))
    owner = _checked(repository.path.split("/"), "the repository's name")
    return "/".join([month, *owner, f"pr_{number}", f"event_{event}", f"run_{run:03d}"])


def event_name(delivery: str, request_id: int) -> str:
    """Return what an event is called in paths: the forge's id of its delivery, or our number where there is none."""
    return delivery if _DELIVERY.fullmatch(delivery) else f"headgate-{request_id}"


def job_path(run: str, built_for: tuple[str, str], repo_id: str, target: str, taken: Sequence[str]) -> str:
    """Return the directory of one job of a run, which none of those ``taken`` is, nor lies in. Raises PathError.

    ``built_for``: architecture and accelerator. Two kinds of node that build for the same are told apart by name.
    """
    architecture, accelerator = built_for
    parts = [*_checked(architecture.split("/"), "an architecture")]
    if accelerator:
        parts += _checked(accelerator.split("/"), "an accelerator")
    [name] = _checked([repo_id], "the name of a repository in repos.cfg")
    path = "/".join([run, *parts, name])
    if path in taken:
        [kind] = _checked([target], "the name of a target")
        path = f"{path}.{kind}"
    if path in taken:
        raise PathError(f"two jobs of one command would share the directory {path}")
    return path


def _checked(parts: Sequence[str], what: str) -> list[str]:
    if not parts or not all(_PART.fullmatch(part) for part in parts):
        raise PathError(f"{what} has characters that cannot be in a path")
    return list(parts)
