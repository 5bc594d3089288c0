"""The site's job templates on disk: found, described, checked against their schema, filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jinja2 import Template
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from headgate.errors import NotFoundError
from headgate.gateway.templates.rendering import compiled, rendered
from headgate.gateway.templates.values import TemplateError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ANYTHING: Final[Mapping[str, Any]] = {"type": "object"}
_MOST: Final = 1024 * 1024
"""Bytes of a template, and of a schema."""


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """A job template. ``parameters`` is a JSON Schema; ``problem`` says why it cannot be used, if it cannot."""

    name: str
    title: str = ""
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: dict(_ANYTHING))
    problem: str | None = None


class TemplateStore:
    """The templates in a directory; files are looked at when they are needed. An app's own come before the site's.

    Methods read files, so the event loop calls them in a thread.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._compiled: dict[Path, tuple[tuple[int, int], Template]] = {}
        """By file, with its time of change (ns) and size then."""

    def names(self, app: str) -> list[TemplateInfo]:
        """Describe every template an app may use, by name. A broken one is among them, and says what is wrong."""
        found: set[str] = set()
        for directory in self._directories(app):
            if directory.is_dir():
                found.update(path.stem for path in directory.glob("*.j2") if _NAME.fullmatch(path.stem))
        return [self.describe(app, name) for name in sorted(found)]

    def describe(self, app: str, name: str) -> TemplateInfo:
        """Describe one template. Raises NotFoundError."""
        path = self._path(app, name)
        try:
            schema = self._schema(path)
            self._template(path)
        except TemplateError as error:
            return TemplateInfo(name, problem=error.message)
        return TemplateInfo(name, _text(schema, "title") or name, _text(schema, "description"), schema)

    def render(self, app: str, name: str, parameters: Mapping[str, Any]) -> str:
        """Return the batch script. Raises NotFoundError, and TemplateError for what does not fit."""
        path = self._path(app, name)
        schema = self._schema(path)
        complete = {**_defaults(schema), **parameters}
        try:
            first = next(iter(Draft202012Validator(schema, registry=Registry()).iter_errors(complete)), None)
        except (Unresolvable, RecursionError, re.error) as error:
            raise TemplateError(f"the template's schema cannot be applied: {type(error).__name__}") from error
        if first is not None:
            where = ".".join(str(part) for part in first.absolute_path) or "parameters"
            raise TemplateError(f"{where}: {first.message[:300]}")
        known = schema.get("properties")
        if isinstance(known, Mapping) and (unknown := set(parameters) - set(known)):
            raise TemplateError(f"the template has no parameter {min(unknown)[:64]!a}")
        return rendered(self._template(path), complete)

    def _directories(self, app: str) -> list[Path]:
        if self._directory is None:
            return []
        own = [self._directory / app] if _NAME.fullmatch(app) else []
        return [*own, self._directory]

    def _path(self, app: str, name: str) -> Path:
        for directory in self._directories(app) if _NAME.fullmatch(name) else ():
            path = directory / f"{name}.j2"
            if path.is_file() and self._within(path):
                return path
        raise NotFoundError(f"there is no job template {name[:64]!a}")

    def _within(self, path: Path) -> bool:
        """Whether a file lies in the templates' directory, also where links lead."""
        return self._directory is not None and path.resolve().is_relative_to(self._directory.resolve())

    def _template(self, path: Path) -> Template:
        try:
            found = path.stat()
            state = (found.st_mtime_ns, found.st_size)
            known = self._compiled.get(path)
            if known is None or known[0] != state:
                known = self._compiled[path] = (state, compiled(_read(path).decode()))
        except (OSError, UnicodeDecodeError) as error:
            raise TemplateError("the template cannot be read") from error
        return known[1]

    def _schema(self, template: Path) -> Mapping[str, Any]:
        path = template.with_suffix(".json")
        if not path.is_file():
            return dict(_ANYTHING)
        if not self._within(path):
            raise TemplateError("the template's schema is a link that leads out of the templates' directory")
        try:
            schema = json.loads(_read(path))
            if not isinstance(schema, dict):
                raise TemplateError("the template's schema is no JSON object")
            Draft202012Validator.check_schema(schema)
        except (OSError, ValueError) as error:
            raise TemplateError("the template's schema is no JSON") from error
        except SchemaError as error:
            raise TemplateError(f"the template's schema is none: {error.message[:200]}") from error
        return schema


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise TemplateError(f"{path.name} has more than {_MOST} bytes")
    return data


def _defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: one["default"] for name, one in properties.items() if isinstance(one, Mapping) and "default" in one}


def _text(schema: Mapping[str, Any], name: str) -> str:
    value = schema.get(name)
    return value if isinstance(value, str) else ""
