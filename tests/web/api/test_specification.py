"""The specification holds together: every reference leads somewhere, every example fits, every error is described."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from headgate.web.api.application import make_api

SPECIFICATION: dict[str, Any] = make_api(lambda: None).openapi()
URI = "urn:headgate"
REGISTRY: Registry[Any] = Registry().with_resource(URI, DRAFT202012.create_resource(SPECIFICATION))


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in SPECIFICATION["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def with_examples() -> Iterator[tuple[str, int]]:
    for name, schema in SPECIFICATION["components"]["schemas"].items():
        examples = schema.get("examples", [schema["example"]] if "example" in schema else [])
        yield from ((name, number) for number in range(len(examples)))


@pytest.mark.parametrize(("name", "number"), list(with_examples()))
def test_every_example_fits_its_schema(name: str, number: int) -> None:
    schema = SPECIFICATION["components"]["schemas"][name]
    examples = schema.get("examples", [schema.get("example")])
    reference = {"$ref": f"{URI}#/components/schemas/{name}"}
    errors = list(Draft202012Validator(reference, registry=REGISTRY).iter_errors(examples[number]))
    assert errors == []


def test_what_is_asked_with_a_body_has_an_example() -> None:
    shown = {name for name, _ in with_examples()}
    assert {"JobRequest", "JobUpdate", "NewApp", "NewToken", "NewHook", "TaskGiven", "Problem"} <= shown


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(SPECIFICATION)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(SPECIFICATION["components"]["schemas"])


def test_every_operation_says_what_it_does_and_how_it_fails() -> None:
    for name, operation in operations():
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert {"400", "401", "403", "404", "429", "503"} <= set(operation["responses"]), name
        assert "422" not in operation["responses"], name


def test_no_two_operations_have_one_name() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))
