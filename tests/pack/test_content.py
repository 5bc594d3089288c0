"""What is in the pack, against StackStorm's schemas and the pack's own specification."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from headgate import __version__
from headgate.actions.catalogue import CATALOGUE
from headgate.pack.actions import ref
from headgate.pack.content import content
from headgate.pack.manifest import semver
from tests.pack.stackstorm_schemas import ACTION, PACK, PARAMETERS, RULE, SENSOR, check

FILES = content()
PROGRAMS = [path for path in FILES if path.endswith(".py")]
GIVEN_BY_STACKSTORM = {"st2common", "st2reactor"}


def tree(path: str) -> Any:
    return yaml.safe_load(FILES[path])


def of(directory: str) -> list[str]:
    return [path for path in FILES if path.startswith(f"{directory}/") and path.endswith(".yaml")]


def test_the_pack_is_one() -> None:
    check(tree("pack.yaml"), PACK)
    check(tree("config.schema.yaml"), PARAMETERS)
    assert tree("config.schema.yaml")["token"]["secret"]
    assert FILES.keys() >= {"README.md", "requirements.txt", "slurm.yaml.example"}


def test_the_example_says_what_the_schema_requires() -> None:
    schema, example = tree("config.schema.yaml"), tree("slurm.yaml.example")
    assert example.keys() <= schema.keys()
    assert example.keys() >= {name for name, one in schema.items() if one.get("required")}


@pytest.mark.parametrize("path", of("actions"))
def test_an_action_is_one(path: str) -> None:
    metadata = tree(path)
    check(metadata, ACTION)
    assert f"actions/{metadata['entry_point']}" in FILES
    classes = [one for one in ast.parse(FILES[path[:-4] + "py"]).body if isinstance(one, ast.ClassDef)]
    assert len(classes) == 1, "StackStorm takes the only class that is an action"


def test_every_action_of_headgate_is_in_the_pack() -> None:
    assert sorted(f"slurm.{tree(path)['name']}" for path in of("actions")) == sorted(map(ref, CATALOGUE))
    for action in CATALOGUE:
        assert f"`{ref(action)}`" in FILES["README.md"]


def test_the_sensor_is_one() -> None:
    [path] = of("sensors")
    metadata = tree(path)
    check(metadata, SENSOR)
    assert f"class {metadata['class_name']}(Sensor)" in FILES[f"sensors/{metadata['entry_point']}"]
    assert [one["name"] for one in metadata["trigger_types"]] == [
        "node.state", "sensor.trigger.up", "sensor.trigger.down", "sensor.trigger.triggered",
    ]  # fmt: skip


@pytest.mark.parametrize("path", of("rules"))
def test_a_rule_is_one(path: str) -> None:
    rule = tree(path)
    check(rule, RULE)
    [sensor] = of("sensors")
    assert rule["trigger"]["type"] in {f"slurm.{one['name']}" for one in tree(sensor)["trigger_types"]}
    assert rule["action"]["ref"] in set(map(ref, CATALOGUE))
    [action] = [one for one in of("actions") if f"slurm.{tree(one)['name']}" == rule["action"]["ref"]]
    assert rule["action"]["parameters"].keys() <= tree(action)["parameters"].keys()
    assert rule["enabled"] is False


@pytest.mark.parametrize("path", PROGRAMS)
def test_a_program_needs_only_python_38_and_its_standard_library(path: str) -> None:
    parsed = ast.parse(FILES[path], feature_version=(3, 8))
    names = {alias.name for node in ast.walk(parsed) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(parsed) if isinstance(node, ast.ImportFrom)}
    own = {Path(one).stem for one in PROGRAMS}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | GIVEN_BY_STACKSTORM | own
    assert not names & {"subprocess", "os.system"}, "no Slurm here"


def test_versions_are_semantic() -> None:
    assert semver("1.2.3") == "1.2.3"
    assert semver("0.1.0.dev0") == "0.1.0-dev0"
    assert semver("1.2.3rc1") == "1.2.3-rc1"
    assert tree("pack.yaml")["version"] == semver(__version__)
    with pytest.raises(ValueError, match="no version"):
        semver("next")
