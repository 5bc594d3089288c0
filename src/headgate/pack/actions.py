"""The pack's actions: metadata and a class for each of Headgate's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from headgate.actions.action import Action
from headgate.pack.documents import document
from headgate.pack.parameters import metadata_of, renamed

PACK: Final = "slurm"
"""The pack's ref: the first part of its actions' names."""
_HOSTLISTS: Final = ("nodes",)
"""Parameters that are lists of hostlists, wherever they are."""
_SHIM: Final = '''\
"""{name}: Headgate does it."""

from headgate_action import HeadgateAction


class {class_name}(HeadgateAction):
    """{summary}"""

    action = {name!r}
    renamed = {renamed!r}
    hostlists = {hostlists!r}
'''


def files(action: Action[Any, Any]) -> Iterator[tuple[str, str]]:
    """Return the files of an action: their paths in the pack, and what is in them."""
    stem = _short(action).replace(".", "_")
    words = {
        "name": action.name,
        "class_name": "".join(word.capitalize() for word in stem.split("_")),
        "summary": action.summary.replace("\\", "\\\\").replace('"', "'"),
        "renamed": renamed(action),
        "hostlists": tuple(name for name in _HOSTLISTS if name in action.parameters.model_fields),
    }
    yield f"actions/{stem}.py", _SHIM.format(**words)
    metadata = {
        "name": _short(action),
        "pack": PACK,
        "description": " ".join(action.description.split()),
        "runner_type": "python-script",
        "enabled": True,
        "entry_point": f"{stem}.py",
        "parameters": metadata_of(action),
    }
    yield f"actions/{stem}.yaml", document(metadata)


def ref(action: Action[Any, Any]) -> str:
    """Return how StackStorm calls an action: as Headgate does where it is one of Slurm's."""
    return f"{PACK}.{_short(action)}"


def _short(action: Action[Any, Any]) -> str:
    return action.name.removeprefix(f"{PACK}.")
