"""Our operators, and StackStorm's own where there is a checkout of it, answer one table of cases alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.rules import expressions, operators
from headgate.rules.criteria import Criterion, check
from headgate.rules.paths import PathError, value_at
from tests.rules.cases import CASES, KEYS, NOW, PAYLOAD, Case

MOMENT = datetime.fromtimestamp(NOW, UTC)
ST2 = os.environ.get("HEADGATE_ST2")


def payload_of(case: Case) -> dict[str, Any]:
    return {"other": 1} if case.missing else {"value": case.value, "other": 1}


def criterion_of(key: str, spec: dict[str, Any]) -> Criterion:
    if spec["type"] != "search":
        return Criterion(key, spec["type"], spec.get("pattern"))
    items = tuple(criterion_of(name, one) for name, one in spec["pattern"].items())
    return Criterion(key, "search", condition=spec["condition"], items=items)


def spec_of(case: Case) -> dict[str, Any]:
    return {"type": case.operator, "pattern": case.pattern, **case.extra}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operator_says_what_stackstorm_says(case: Case) -> None:
    assert (
        check(criterion_of("trigger.value", spec_of(case)), {"trigger": payload_of(case)}, MOMENT).matches
        is case.matches
    )


def test_every_operator_is_in_the_table() -> None:
    assert {case.operator for case in CASES} == {*operators.OPERATORS, operators.SEARCH}


@pytest.mark.parametrize(("key", "value"), KEYS)
def test_a_key_finds_what_it_finds_in_stackstorm(key: str, value: Any) -> None:
    assert value_at(key, {"trigger": PAYLOAD}) == value


@pytest.mark.parametrize("key", ["trigger.", "trigger[", "", "trigger.a b", "trigger.\u00e4", "x" * 1000])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(PathError):
        value_at(key, {"trigger": {}})


@pytest.mark.skipif(ST2 is None, reason="HEADGATE_ST2 names no checkout of StackStorm")
def test_the_real_stackstorm_answers_the_table_alike() -> None:
    assert ST2 is not None
    python = Path(ST2, "virtualenv", "bin", "python")
    theirs = [case for case in CASES if not case.ours]
    asked = [{"payload": payload_of(case), "criteria": {"trigger.value": spec_of(case)}} for case in theirs]
    asked += [
        {
            "payload": PAYLOAD,
            "criteria": {key: {"type": "nexists"} if value is None else {"type": "eq", "pattern": value}},
        }
        for key, value in KEYS
    ]
    ran = subprocess.run(
        [str(python) if python.exists() else sys.executable, str(Path(__file__).with_name("ask_stackstorm.py")), ST2],
        input=json.dumps({"now": NOW, "asked": asked}),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    answers = json.loads(ran.stdout.splitlines()[-1])
    expected = [case.matches for case in theirs] + [True] * len(KEYS)
    wrong = [
        (question, answer) for question, answer, right in zip(asked, answers, expected, strict=True) if answer != right
    ]
    assert wrong == []


def test_a_pattern_may_name_other_values_of_the_event() -> None:
    names: dict[str, Any] = {"trigger": {"a": 5, "b": 5, "c": "5"}, "st2kv": {"system": {"limit": 4}}}
    assert check(Criterion("trigger.a", "eq", "{{ trigger.b }}"), names, MOMENT).matches
    assert not check(Criterion("trigger.a", "eq", "{{ trigger.c }}"), names, MOMENT).matches
    assert check(Criterion("trigger.a", "gt", "{{ st2kv.system.limit }}"), names, MOMENT).matches
    missing = check(Criterion("trigger.a", "gt", "{{ st2kv.system.nothing }}"), names, MOMENT)
    assert (missing.matches, missing.why) == (
        False,
        "the pattern cannot be filled in: a name is not there: 'dict object' has no attribute 'nothing'",
    )


def test_what_an_event_holds_is_never_a_template() -> None:
    names: dict[str, Any] = {"trigger": {"a": "{{ 7 * 7 }}", "b": "{{ 7 * 7 }}"}}
    assert check(Criterion("trigger.a", "eq", "{{ trigger.b }}"), names, MOMENT).matches
    assert not check(Criterion("trigger.a", "eq", "49"), names, MOMENT).matches


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|a)+$", r"(a|aa)+b\1$", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
@pytest.mark.parametrize("operator", ["regex", "iregex", "matchregex"])
def test_no_expression_takes_for_ever(operator: str, pattern: str) -> None:
    checked = check(Criterion("trigger.a", operator, pattern), {"trigger": {"a": "a" * 5000 + "!"}}, MOMENT)
    assert not checked.matches
    assert checked.why in {"", f"the expression takes longer than {expressions.SECONDS} s on this text"}


def test_an_expression_that_takes_too_long_says_so() -> None:
    slow = r"([a-z]*)([a-z]*)\1\2[0-9]"
    checked = check(Criterion("trigger.a", "regex", slow), {"trigger": {"a": "a" * 3000}}, MOMENT)
    assert (checked.matches, checked.why) == (
        False,
        f"the expression takes longer than {expressions.SECONDS} s on this text",
    )


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=ANYTHING, pattern=ANYTHING, operator=st.sampled_from(sorted(operators.OPERATORS)))
def test_nothing_makes_an_operator_fail(value: Any, pattern: Any, operator: str) -> None:
    assert check(Criterion("trigger.a", operator, pattern), {"trigger": {"a": value}}, MOMENT).matches in {True, False}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(value=ANYTHING, pattern=ANYTHING)
def test_an_operator_and_its_opposite_never_both_match(value: Any, pattern: Any) -> None:
    for one, other in (("eq", "neq"), ("contains", "ncontains"), ("in", "nin"), ("gt", "lt"), ("exists", "nexists")):
        both = [
            check(Criterion("trigger.a", name, pattern), {"trigger": {"a": value}}, MOMENT).matches
            for name in (one, other)
        ]
        assert both != [True, True]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=30), part=st.text(max_size=3))
def test_texts_are_compared_as_python_compares_them(text: str, part: str) -> None:
    names: dict[str, Any] = {"trigger": {"a": text}}
    for operator, right in {
        "contains": part in text,
        "startswith": text.startswith(part),
        "iendswith": text.lower().endswith(part.lower()),
        "gt": text > part,
    }.items():
        pattern = part if "{" not in part else "x"
        if pattern == part:
            assert check(Criterion("trigger.a", operator, pattern), names, MOMENT).matches is right
