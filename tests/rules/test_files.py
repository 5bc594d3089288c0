"""Rule files: StackStorm's schema, our key, and what is said of a file that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.config.document import Document
from headgate.model.execution import ExecutionState
from headgate.rules import documents
from headgate.rules.criteria import Criterion
from headgate.rules.files import LIBRARY, load, load_file, read_rule
from headgate.rules.filters import FILTERS
from headgate.rules.operators import OPERATORS
from headgate.rules.rule import Approval, Drained, Rate, Retry, Rule
from headgate.rules.schema import Further, RuleTable

ST2 = """\
---
name: "notify_down"
pack: slurm
description: "Tell when a node
  is down."
trigger:
  type: slurm.node.state
  parameters: {}
criteria:
  trigger.state:
    type: equals
    pattern: down
  trigger.hostname#1: {type: startswith, pattern: gpu}
  trigger.hostname#2: {type: NEQ, pattern: gpu9}
action:
  ref: notify.send
  parameters:
    to: ["slack:#ops"]
    text: "{{ trigger.hostname }} is down"
tags:
  - name: kind
    value: notice
context: {owner: ops}
type: {ref: standard, parameters: {}}
"""
TOML = """\
name = "hold"
enabled = true
[trigger]
type = "node.down"
[criteria."trigger.reason"]
type = "search"
condition = "any"
pattern = { item = { type = "regex", pattern = "^x" } }
[action]
ref = "slurm.node.drain"
parameters = { nodes = "{{ trigger.node }}" }
[headgate]
for = "30m"
rate = "3/1h"
repeated = { count = 3, within = "2h" }
concurrency = 2
drained-at-most = { percent = 10, partition = "gpu" }
only-when-empty = true
quiet = { hours = ["22:00-06:00"], days = ["sat", "sun"], zone = "Europe/Berlin", then = "skip" }
approval = { role = "admin", ask = ["slack:#ops"], within = "4h" }
delay = "1m"
retry = { count = 2, delay = "10s", factor = 2 }
on-failure = "tell"
[[headgate.steps]]
name = "wait"
ref = "slurm.node.wait_drained"
on-success = "end"
[[headgate.steps]]
name = "tell"
ref = "notify.send"
delay = 5
"""


def rule_of(text: str, *, toml: bool = False) -> Rule:
    rule, problems = read(text, toml=toml)
    assert problems == []
    assert rule is not None
    return rule


def read(text: str, *, toml: bool = False) -> tuple[Rule | None, list[str]]:
    document = Document("rule")
    documents.parse(text, document, toml=toml)
    rule, problems = read_rule(document)
    return rule, [str(problem) for problem in problems]


def test_a_rule_of_stackstorms_is_read_as_it_stands() -> None:
    rule = rule_of(ST2)
    assert (rule.ref, rule.enabled, rule.trigger) == ("slurm.notify_down", False, "slurm.node.state")
    assert rule.description == "Tell when a node is down."
    assert rule.criteria == (
        Criterion("trigger.state", "equals", "down"),
        Criterion("trigger.hostname#1", "startswith", "gpu"),
        Criterion("trigger.hostname#2", "neq", "gpu9"),
    )
    assert [step.ref for step in rule.plan.steps] == ["notify.send"]
    assert rule.plan.steps[0].parameters["to"] == ["slack:#ops"]


def test_our_key_says_what_stackstorm_has_no_words_for() -> None:
    rule = rule_of(TOML, toml=True)
    plan = rule.plan
    assert (rule.ref, rule.held, rule.plan.until) == ("default.hold", 1800.0, ("node.up",))
    assert (rule.rate, rule.repeated) == (Rate(3, 3600.0), Rate(3, 7200.0))
    assert (plan.concurrency, plan.only_when_empty) == (2, True)
    assert plan.drained == Drained(percent=10, partition="gpu")
    assert plan.approval == Approval.model_validate({"role": "admin", "ask": ("slack:#ops",), "within": 14400})
    assert plan.quiet is not None
    assert (plan.quiet.hours, plan.quiet.days, plan.quiet.skip) == (((1320, 360),), frozenset({5, 6}), True)
    first, wait, tell = plan.steps
    assert (first.name, first.delay, first.retry) == ("action", 60.0, Retry(count=2, delay=10.0, factor=2.0))
    assert plan.after(first, succeeded=True) == wait
    assert plan.after(first, succeeded=False) == tell
    assert plan.after(wait, succeeded=True) is None
    assert plan.after(tell, succeeded=True) is None
    assert tell.delay == 5.0
    assert rule.criteria[0].items == (Criterion("item", "regex", "^x"),)


A_RATE = "should be a number in a span of time, such as 5/1h"
A_SPAN = "should be a span of time, such as 30s, 5m, 1h30m or 2d"
MINIMAL = "name: r\ntrigger: {type: node.down}\naction: {ref: notify.send}\n"


def test_a_rule_is_off_unless_it_says_otherwise() -> None:
    rule = rule_of(MINIMAL)
    assert (rule.ref, rule.enabled, rule.backstop, rule.held) == ("default.r", False, False, 0.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "rule:1: should be a table of keys and values"),
        ("- a\n", "rule:1: should be a table of keys and values"),
        ("name: [\n", "rule:2: is not YAML: expected the node content, but found '<stream end>'"),
        ("name: r\ntrigger: {type: node.down}\n", "rule: action: is required"),
        (MINIMAL + "enabled: perhaps\n", "rule:4: enabled: should be true or false"),
        (MINIMAL + "criterias: {}\n", "rule:4: criterias: unknown key; did you mean criteria?"),
        (MINIMAL + "name: twice\n", "rule:4: the key 'name' is there twice (criteria take tags: key#1, key#2)"),
        (MINIMAL + "tags:\n  - !!python/object:os.system x\n", "rule:5: tags[0]: should be a table"),
        (MINIMAL + "tags: !x 1\n", "rule:4: the tag !x has no meaning here"),
        (
            MINIMAL + "criteria:\n  trigger.a:\n    type: like\n    pattern: b\n",
            "rule:5: criteria.trigger.a: there is no such operator",
        ),
        (
            MINIMAL + "criteria:\n  trigger.a:\n    type: regex\n    pattern: (b\n",
            "rule:7: criteria.trigger.a.pattern: no regular expression: missing ) at position 2",
        ),
        (
            MINIMAL
            + "criteria:\n  trigger.a:\n    type: search\n    condition: any\n    pattern:\n      item.b: {type: x}\n",
            "rule:9: criteria.trigger.a.pattern.item.b: there is no such operator",
        ),
        (
            "name: r\ntrigger: {type: node.down}\naction:\n  ref: a.b\n  parameters:\n    text: '{{ trigger.'\n",
            "rule:6: action.parameters.text: no template: expected name or number",
        ),
        (MINIMAL + "headgate:\n  for: soon\n", f"rule:5: headgate.for: {A_SPAN}"),
        (MINIMAL + "headgate:\n  rate: x\n", f"rule:5: headgate.rate: {A_RATE}"),
        (MINIMAL + "headgate:\n  on-failure: x\n", "rule:5: headgate.on-failure: there is no step 'x'"),
        (
            MINIMAL + "headgate:\n  quiet: {hours: ['25:00-26:00']}\n",
            "rule:5: headgate.quiet.hours.0: should be hours of the day, such as 22:00-06:00",
        ),
        (
            MINIMAL + "headgate:\n  quiet: {zone: Mars}\n",
            "rule:5: headgate.quiet.zone: should be a time zone, such as Europe/Berlin",
        ),
        (MINIMAL + "headgate:\n  drained-at-most: {}\n", "rule:5: headgate.drained-at-most: needs nodes or percent"),
        (
            MINIMAL + "headgate:\n  steps:\n    - {name: action, ref: a.b}\n",
            "rule:6: headgate.steps.0.name: action cannot be the name of this step: it is taken",
        ),
        (
            MINIMAL.replace("node.down", "job.ended") + "headgate: {for: 5m}\n",
            "rule:4: headgate.for: nothing is known to end job.ended: say so with until",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text: str, complaint: str) -> None:
    rule, problems = read(text)
    assert rule is None
    assert problems == [complaint.replace("tags[0]", "tags.0")]


def test_aliases_are_followed_but_do_not_grow() -> None:
    rule = rule_of(MINIMAL.replace("{ref: notify.send}", "&a {ref: notify.send}") + "context: {again: *a}\n")
    assert rule.plan.steps[0].ref == "notify.send"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    _, problems = read(MINIMAL + "context:\n" + "".join(f"  {line}\n" for line in bomb.splitlines()))
    assert [problem.partition(": ")[2] for problem in problems] == ["holds too many values, or nests them too deeply"]


def test_one_bad_file_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MINIMAL)
    (tmp_path / "b.yml").write_text(MINIMAL.replace("name: r", "name: [r"))
    (tmp_path / "c.toml").write_text(TOML)
    (tmp_path / "d.yaml").write_text(MINIMAL)
    (tmp_path / "e.yaml").write_bytes(b"name: \xff\n")
    (tmp_path / ".f.yaml").write_text("no rule")
    (tmp_path / "notes.txt").write_text("no rule")
    loaded = load(tmp_path, library=None)
    assert list(loaded.rules) == ["default.hold", "default.r"]
    assert [str(problem).removeprefix(f"{tmp_path}/").partition(" ")[0] for problem in loaded.problems] == [
        "b.yml:2:", "d.yaml:1:", "e.yaml:1:"
    ]  # fmt: skip
    assert "default.r is in a.yaml already" in str(loaded.problems[1])


def test_a_directory_that_is_not_there_holds_no_rules(tmp_path: Path) -> None:
    assert load(tmp_path / "none", library=None) == load(None, library=None)


@pytest.mark.parametrize("path", sorted(LIBRARY.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_rule_of_the_library_is_right_and_off(path: Path) -> None:
    rule, problems = load_file(path, library=True)
    assert problems == []
    assert rule is not None
    assert (rule.enabled, rule.library) == (False, True)
    assert rule.description


DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("howto/rules.md", "reference/rules.md")
SHOWN = [
    text
    for page in PAGES
    for text in re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)
]


@pytest.mark.parametrize("text", SHOWN)
def test_a_rule_in_the_documentation_is_right(text: str) -> None:
    assert rule_of(text).enabled


def test_the_reference_names_every_operator_filter_and_key() -> None:
    page = (DOCS / "reference/rules.md").read_text()
    keys = {field.alias or name for name, field in Further.model_fields.items()}
    for name in (*OPERATORS, *FILTERS, *keys, *RuleTable.model_fields, *ExecutionState):
        if name not in {"id", "ref", "uid", "metadata_file", "trigger", "action", "type"}:
            assert f"`{name}`" in page, name


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(alphabet="name: trigger{}[]&*!|>-\n\"'#,@\x00x", max_size=80), toml=st.booleans())
def test_no_text_makes_reading_fail(text: str, toml: bool) -> None:
    rule, problems = read(text, toml=toml)
    assert rule is None
    assert problems
