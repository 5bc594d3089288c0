"""Secrets from places of their own.

A setting ``password`` that is a secret may also be given as ``password_file`` (a path, relative to the configuration
file), ``password_env`` (the name of an environment variable) or ``password_credential`` (the name of a systemd
credential, systemd.exec(5): a file in ``$CREDENTIALS_DIRECTORY``).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from headgate.config.document import Tree
from headgate.config.locations import KeyPath
from headgate.config.schema import holds_secret, inner_model, is_one_secret, variants

SUFFIXES: Final = ("_file", "_env", "_credential")
_MAX_BYTES: Final = 64 * 1024
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]*")


class _UnusableError(Exception):
    """A secret cannot be had; the text says why."""


@dataclass(slots=True)
class Resolved:
    """What became of the secrets of a tree."""

    mistakes: list[tuple[KeyPath, str]] = field(default_factory=list)
    warnings: list[tuple[KeyPath, str]] = field(default_factory=list)
    via: dict[KeyPath, tuple[KeyPath, str]] = field(default_factory=dict)
    """For a secret that came from elsewhere: the key that said from where, and where, in words."""
    inline: list[KeyPath] = field(default_factory=list)
    """Secrets that stand in the configuration itself."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where secrets may be fetched from: the environment, and the directory that relative paths start from."""

    env: Mapping[str, str]
    directory: Path


def resolve(
    tree: Tree, model: type[BaseModel], places: Places, *, path: KeyPath = (), stronger: Callable[[KeyPath], bool]
) -> Resolved:
    """Fetch the secrets that a tree names, and put each in the place of the key that named it.

    ``stronger`` says whether a path came from the environment: between a secret in the file and one in the environment,
    the latter wins; two of equal strength are a mistake.
    """
    resolved = Resolved()
    for table, inner, at in _tables(tree, model, path):
        for name, info in inner.model_fields.items():
            if is_one_secret(info.annotation):
                _settle(table, (*at, name), resolved, places, stronger)
            elif holds_secret(info.annotation) and name in table:
                resolved.inline.append((*at, name))
    return resolved


def _tables(tree: Tree, model: type[BaseModel], path: KeyPath) -> Iterator[tuple[Tree, type[BaseModel], KeyPath]]:
    """Yield every table of the tree that has a model, with its model and path."""
    yield tree, model, path
    for name, info in model.model_fields.items():
        found, value = inner_model(info.annotation), tree.get(name)
        if found is None or value is None:
            continue
        holding, inner = found
        members: list[tuple[KeyPath, Any]] = [((name,), value)]
        if holding == "tables by name" and isinstance(value, dict):
            members = [((name, key), member) for key, member in value.items()]
        elif holding == "tables in a list" and isinstance(value, list):
            members = [((name, index), member) for index, member in enumerate(value)]
        several = variants(info.annotation)
        for place, member in members:
            own = several.of(member) if several else inner
            if isinstance(member, dict) and own is not None:
                yield from _tables(member, own, (*path, *place))


def _settle(
    table: Tree, path: KeyPath, resolved: Resolved, places: Places, stronger: Callable[[KeyPath], bool]
) -> None:
    name = str(path[-1])
    given = [key for key in (name, *(name + suffix for suffix in SUFFIXES)) if key in table]
    strong = [key for key in given if stronger((*path[:-1], key))]
    chosen = strong or given
    if not chosen:
        return
    if len(chosen) > 1:
        resolved.mistakes.append(((*path[:-1], chosen[1]), f"says again what {chosen[0]} says; give one of them"))
    key = chosen[0]
    value = table[key]
    for other in given:
        del table[other]
    if key == name:
        table[name] = value
        if not str(value).startswith("sqlite:"):  # the one secret setting whose usual value holds no secret
            resolved.inline.append(path)
        return
    at = (*path[:-1], key)
    try:
        table[name], where = _fetch(
            key.removeprefix(name), value, places, lambda text: resolved.warnings.append((at, text))
        )
    except _UnusableError as error:
        resolved.mistakes.append((at, str(error)))
        return
    resolved.via[path] = (at, where)


def _fetch(suffix: str, value: Any, places: Places, warn: Callable[[str], None]) -> tuple[str, str]:
    """Return the secret and, in words, where it came from."""
    if not isinstance(value, str) or not value.isprintable() or not value:
        raise _UnusableError("should be a text")
    if suffix == "_env":
        if not places.env.get(value):
            raise _UnusableError(f"names the environment variable {value!r}, which is not set")
        return places.env[value], f"environment variable {value}"
    if suffix == "_credential":
        directory = places.env.get("CREDENTIALS_DIRECTORY")
        if not _CREDENTIAL.fullmatch(value):
            raise _UnusableError("should be the name of a systemd credential, without slashes")
        if not directory:
            raise _UnusableError("needs systemd: CREDENTIALS_DIRECTORY is not set")
        return _read(Path(directory, value), warn), f"credential {value}"
    file = places.directory / value
    return _read(file, warn), f"file {file}"


def _read(path: Path, warn: Callable[[str], None]) -> str:
    """Return a file's text without the newline at its end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise _UnusableError(f"names {path}, which cannot be read: {error.strerror}") from error
    with open(descriptor, "rb") as file:  # noqa: PTH123 (a descriptor: opened so that a pipe cannot hold us up)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _UnusableError(f"names {path}, which is not a regular file")
        raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise _UnusableError(f"names {path}, which is larger than {_MAX_BYTES} bytes")
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise _UnusableError(f"names {path}, which is not UTF-8 text") from error
    if not text:
        raise _UnusableError(f"names {path}, which is empty")
    if status.st_mode & stat.S_IROTH:
        warn(f"names {path}, which everybody on this machine can read (chmod o= {path})")
    return text
