"""Everything that is wrong with a configuration, at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from headgate.config.load import ConnectorKinds, read
from headgate.config.problem import Problem


def check(
    path: Path | None = None,
    *,
    env: Mapping[str, str] | None = None,
    connector_settings: ConnectorKinds,
    known_kinds: Collection[str] = (),
) -> list[Problem]:
    """Return every mistake and warning, by file and line; an empty list means all is well. Raises nothing."""
    reading = read(path, env=env, connector_settings=connector_settings, known_kinds=known_kinds, files=True)
    return list(reading.problems)
