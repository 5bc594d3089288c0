"""Settings from the environment go into the tree of the file."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.config.environment import overlay, read_value


def test_a_variable_sets_a_key_and_is_remembered() -> None:
    tree: dict[str, Any] = {"notify": {"lease": 3}}
    variables, problems = overlay(tree, {"HEADGATE__NOTIFY__LEASE": "5", "HEADGATE_CONFIG": "x", "PATH": "y"})
    assert tree == {"notify": {"lease": "5"}}
    assert variables == {("notify", "lease"): "HEADGATE__NOTIFY__LEASE"}
    assert problems == []


def test_a_connectors_name_is_matched_with_the_files() -> None:
    tree: dict[str, Any] = {"connectors": {"Mail-To": {}}}
    overlay(tree, {"HEADGATE__CONNECTORS__MAIL_TO__HOST": "a", "HEADGATE__CONNECTORS__NEW__KIND": "mailto"})
    assert tree["connectors"] == {"Mail-To": {"host": "a"}, "new": {"kind": "mailto"}}


@pytest.mark.parametrize("name", ["HEADGATE__", "HEADGATE__A____B", "HEADGATE__STORE__", "HEADGATE__A=B"])
def test_a_name_without_its_parts_is_a_problem(name: str) -> None:
    _, problems = overlay({}, {name: "x"})
    assert [(problem.file, problem.key) for problem in problems] == [("environment", name)]


def test_a_value_that_is_no_table_cannot_be_entered() -> None:
    tree: dict[str, Any] = {"store": 3}
    _, problems = overlay(tree, {"HEADGATE__STORE__URL": "x"})
    assert [problem.text for problem in problems] == ["goes into a key that is not a table"]
    assert tree == {"store": 3}


def test_two_variables_that_differ_only_in_case_are_a_problem() -> None:
    _, problems = overlay({}, {"HEADGATE__NOTIFY__LEASE": "1", "HEADGATE__notify__lease": "2"})
    assert [problem.text for problem in problems] == ["says the same as HEADGATE__NOTIFY__LEASE"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", "5"),
        ('["mail", "http"]', ["mail", "http"]),
        ("{ short = 60 }", {"short": 60}),
        ("[::1]:8470", "[::1]:8470"),
        ("", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_lists_and_tables_are_read_and_everything_else_stays_a_text(text: str, value: Any) -> None:
    assert read_value(text) == value
