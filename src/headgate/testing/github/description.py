"""GitHub's published description of its API (npm @octokit/openapi): what may be asked, and what is answered. Pure.

Requests are judged more strictly than GitHub judges them: a parameter or a field that the description does not name is
always a mistake, so it is refused.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import jsonschema
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FILE: Final = Path("node_modules/@octokit/openapi/generated/api.github.com.json")
_PARAMETER: Final = re.compile(r"\{[^}]+\}")
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_MOST_FAULTS: Final = 5
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uri")
def _uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that may be asked. ``path`` has its parameters in braces, ``values`` says what they were."""

    method: str
    path: str
    values: Mapping[str, str]
    spoken: Mapping[str, Any]


class Description:
    """The description, read once."""

    def __init__(self, document: dict[str, Any]) -> None:
        """``document``: as it is published (OpenAPI 3.0)."""
        self._document = document
        self._schemas = _as_json_schema(document["components"]["schemas"])
        described = DRAFT202012.create_resource({"components": {"schemas": self._schemas}})
        self._registry: Registry[Any] = Registry().with_resource("urn:github", described)
        self._routes = [(_route(path), path) for path in document["paths"]]

    def operation(self, method: str, path: str) -> Operation | None:
        """Return what is asked for by a method and a path below the API's root, if anything is."""
        found = [(route.fullmatch(path), template) for route, template in self._routes]
        fitting = [(match, template) for match, template in found if match]
        for match, template in sorted(fitting, key=lambda one: one[1].count("{")):
            spoken = self._document["paths"][template].get(method.lower())
            if spoken is not None:
                return Operation(method.upper(), template, match.groupdict(), spoken)
        return None

    def faults_of_query(self, operation: Operation, query: Mapping[str, str]) -> list[str]:
        """Say what is wrong with the parameters of a request."""
        known = {one["name"]: one for one in self._parameters(operation) if one["in"] == "query"}
        faults = [f"{name} is no parameter of {operation.path}" for name in query if name not in known]
        for name, parameter in known.items():
            if name in query:
                value = _read(query[name], parameter["schema"].get("type"))
                faults += [f"{name}: {fault}" for fault in self._faults(value, _as_json_schema(parameter["schema"]))]
            elif parameter.get("required"):
                faults.append(f"{name} is missing")
        return faults

    def faults_of_body(self, operation: Operation, body: object) -> list[str]:
        """Say what is wrong with the body of a request; None is no body."""
        described = operation.spoken.get("requestBody")
        if described is None:
            return [] if body is None else [f"{operation.path} takes no body"]
        if body is None:
            return ["the body is missing"] if described.get("required") else []
        schema = _as_json_schema(described["content"]["application/json"]["schema"])
        if isinstance(body, dict) and "properties" in schema:
            unknown = [f"{name} is no field of {operation.path}" for name in body if name not in schema["properties"]]
            if unknown:
                return unknown
        return self._faults(body, schema)

    def faults_of_answer(self, operation: Operation, status: int, body: object) -> list[str]:
        """Say what is wrong with an answer: an error beyond the described ones may come, another success may not."""
        described = operation.spoken["responses"].get(str(status))
        if described is None:
            return [] if status >= 400 else [f"{operation.path} does not answer {status}"]  # noqa: PLR2004
        described = self._resolved(described)
        content = described.get("content", {}).get("application/json")
        if content is None:
            silent = body is None or status >= 400  # noqa: PLR2004 - an error always says why
            return [] if silent else [f"{operation.path} answers {status} without a body"]
        return self._faults(body, _as_json_schema(content["schema"]))

    def faults_of_webhook(self, event: str, action: str, payload: object) -> list[str]:
        """Say what is wrong with a webhook's payload."""
        name = "-".join(part for part in (event.replace("_", "-"), action.replace("_", "-")) if part)
        described = self._document["x-webhooks"].get(name)
        if described is None:
            return [f"there is no webhook {name}"]
        return self._faults(
            payload, _as_json_schema(described["post"]["requestBody"]["content"]["application/json"]["schema"])
        )

    def example(self, name: str) -> Any:
        """Return one of the description's examples, to be changed."""
        return copy.deepcopy(self._document["components"]["examples"][name]["value"])

    def _parameters(self, operation: Operation) -> Iterator[Mapping[str, Any]]:
        shared = self._document["paths"][operation.path].get("parameters", ())
        for one in (*shared, *operation.spoken.get("parameters", ())):
            yield self._resolved(one)

    def _resolved(self, one: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in one:
            found: Any = self._document
            for step in one["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            one = found
        return one

    def _faults(self, value: object, schema: Mapping[str, Any]) -> list[str]:
        validator = Draft202012Validator(
            {"$id": "urn:asked", **schema}, registry=self._registry, format_checker=_FORMATS
        )
        faults = []
        for error in validator.iter_errors(value):
            deepest = jsonschema.exceptions.best_match([error]) or error
            faults.append(f"{deepest.json_path}: {deepest.message[:300]}")
            if len(faults) == _MOST_FAULTS:
                break
        return faults


@functools.cache
def description(modules: Path) -> Description:
    """Return the description below a directory whose ``node_modules`` has ``@octokit/openapi``."""
    return Description(json.loads((modules / FILE).read_bytes()))


def _route(path: str) -> re.Pattern[str]:
    parts = [f"(?P<{part[1:-1]}>[^/]+)" if _PARAMETER.fullmatch(part) else re.escape(part) for part in path.split("/")]
    try:
        return re.compile("/".join(parts))
    except re.error:  # a few templates have parameters within a part, or twice; nothing of ours is there
        return re.compile(r"(?!)")


def _read(value: str, kind: object) -> object:
    if kind == "integer":
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return value


def _as_json_schema(node: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as one of JSON Schema 2020-12: ``nullable`` is what differs, and where refs go."""
    if isinstance(node, list):
        return [_as_json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {name: _as_json_schema(value) for name, value in node.items() if name not in {"nullable", "example"}}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = made["$ref"].replace("#/", "urn:github#/", 1)
    if node.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, made]}
    return made
