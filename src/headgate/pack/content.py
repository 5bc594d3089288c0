"""Everything that is in the pack, put together without any I/O but reading our own files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

from headgate.actions.catalogue import CATALOGUE, Catalogue
from headgate.pack import actions, manifest, readme, rules, sensor

_FILES: Final = Path(__file__).parent / "files"
_COPIED: Final[Mapping[str, tuple[str, ...]]] = {
    "headgate_api.py": ("actions/lib/headgate_api.py", "sensors/headgate_api.py"),
    "headgate_action.py": ("actions/lib/headgate_action.py",),
    "trigger_sensor.py": ("sensors/trigger_sensor.py",),
}
"""Where our files go: StackStorm shows actions their ``lib``, and a sensor its own directory."""


def content(catalogue: Catalogue = CATALOGUE, *, with_rules: bool = True) -> dict[str, str]:
    """Return the files of the pack: path -> text. Raises ValueError if two would be the same."""
    found: dict[str, str] = {}
    for path, text in chain(_files(catalogue), rules.files(catalogue) if with_rules else ()):
        if path in found:
            raise ValueError(f"two things of the pack are {path}")
        found[path] = text
    return dict(sorted(found.items()))


def _files(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    yield from manifest.files()
    yield "README.md", readme.text(catalogue)
    for name, places in _COPIED.items():
        text = (_FILES / name).read_text(encoding="utf-8")
        yield from ((place, text) for place in places)
    for action in catalogue:
        yield from actions.files(action)
    yield from sensor.files()
