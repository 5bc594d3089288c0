from __future__ import annotations

from typing import Any

import pytest

from headgate.cli.action.answer import show_result
from tests.cli.stored import HOSTILE, STEERING


def shown(capsys: pytest.CaptureFixture[str], result: Any) -> list[str]:
    show_result({"dry_run": False, "result": result})
    text = capsys.readouterr().out
    assert not [mark for mark in STEERING if mark in text]
    return text.splitlines()


def test_a_text_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "well") == ["well"]
    assert len(shown(capsys, HOSTILE)) == 1


def test_nothing_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, None) == []


def test_names_and_values_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, {"event": "x", "new": True}) == ["event  x", "new    True"]
    shown(capsys, {HOSTILE: HOSTILE})


def test_records_by_name_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, {"n1": {"changed": True, "error": None}, "n2": {"changed": False, "error": HOSTILE}})
    assert lines[0].split() == ["CHANGED", "ERROR"]
    assert lines[1].split() == ["n1", "True", "-"]


def test_anything_else_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, [1, 2]) == ["[", "  1,", "  2", "]"]
    assert shown(capsys, {}) == ["{}"]
    shown(capsys, {"223473": [{"name": HOSTILE}]})
