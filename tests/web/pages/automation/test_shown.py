"""What pages say of rules."""

from __future__ import annotations

import pytest

from headgate.actions.catalogue import CATALOGUE
from headgate.rules.rule import Approval, Drained, Plan, Quiet, Rate, Retry, Rule, Step
from headgate.web.pages.automation.shown import HIDDEN, as_text, conditions_of, parameters_of, way_of

STEP = Step(name="action", ref="http.request")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"url": "u", "headers": {"A": "secret"}}, {"url": "u", "headers": {"A": HIDDEN}}),
        ({"headers": "{{ secret }}"}, {"headers": HIDDEN}),
        ({"body": "b", "unknown": ["x", {"y": 1}]}, {"body": "b", "unknown": [HIDDEN, {"y": HIDDEN}]}),
    ],
)
def test_secrets_of_steps_are_hidden(given: dict[str, object], shown: dict[str, object]) -> None:
    assert parameters_of(STEP.model_copy(update={"parameters": given}), CATALOGUE) == shown


def test_parameters_of_an_action_that_is_not_there_are_hidden() -> None:
    gone = Step(name="action", ref="no.such", parameters={"a": "b"})
    assert parameters_of(gone, CATALOGUE) == {"a": HIDDEN}


def test_all_conditions_are_said() -> None:
    plan = Plan(
        steps=(STEP,),
        quiet=Quiet(hours=((1320, 390),), days=frozenset({5, 6}), zone="Europe/Berlin", skip=True),
        concurrency=2,
        drained=Drained(percent=10, partition="gpu"),
        only_when_empty=True,
        approval=Approval(within=3600),
    )
    rule = Rule(
        "p.n", "n", "p", "node.down", plan, backstop=True, held=60, repeated=Rate(3, 86400), rate=Rate(1, 60), per="x"
    )
    assert dict(conditions_of(rule)) == {
        "Backstop": "matches only what no other rule matched",
        "Lasting": "the state has lasted 1 min",
        "Repeated": "with 3 in 1 d",
        "At most": "1 in 1 min",
        "Counted for each": "x",
        "At a time": "2 executions",
        "Out of service at most": "10 % of the nodes in gpu",
        "Only": "when its nodes have no job",
        "In quiet hours left out": "22:00 to 06:30; Saturday, Sunday; Europe/Berlin",
        "Approval": "by the role operator, within 1 h",
    }


def test_ways_between_steps_are_said() -> None:
    step = Step(name="a", ref="x.y", delay=90, retry=Retry(count=2), on_success="end", on_failure="b")
    assert way_of(step) == "after 1 min 30 s; tried again 2 times, every 1 min; on success: the end; on failure: b"
    assert way_of(STEP) == ""


def test_texts_are_bounded() -> None:
    assert len(as_text({"a": "x" * 100_000})) < 9000
