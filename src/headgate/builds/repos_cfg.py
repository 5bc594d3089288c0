"""The repositories that are built for, from ``repos.cfg`` and the files beside it.

What the file holds is read by ``headgate.config.repos_cfg``, so that ``headgate config check`` can name its mistakes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from headgate.config.ini_text import WrongIniError
from headgate.config.repos_cfg import RepositoryConfig, parse
from headgate.errors import ConfigError

NAME: Final = "repos.cfg"
_MOST: Final = 1024 * 1024
"""Bytes of the file."""


def read(directory: Path | None) -> dict[str, RepositoryConfig]:
    """Return the repositories by name; without a directory, those that need no entry. Raises ConfigError."""
    if directory is None:
        return parse("")
    path = directory / NAME
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _MOST:
        raise ConfigError(f"{path} is no list of repositories: it is larger than {_MOST} octets")
    try:
        return parse(raw.decode(), str(path))
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no list of repositories: it is not UTF-8 text") from None
    except WrongIniError as error:
        raise ConfigError(str(error)) from None


__all__ = ["NAME", "RepositoryConfig", "parse", "read"]
