"""The alert rules and the dashboard: they are about figures that there are, and alerts fire when they should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.reference.metrics import metrics

EXAMPLES = Path(__file__).parents[2] / "examples"
RULES = EXAMPLES / "prometheus" / "headgate.yml"
TRIED = EXAMPLES / "prometheus" / "headgate_test.yml"
DASHBOARD = EXAMPLES / "grafana" / "headgate.json"
SUFFIXES = ("_bucket", "_sum", "_count")


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [rule["expr"] for rule in rules()] + [target["expr"] for panel in panels for target in panel["targets"]]


def known(name: str) -> bool:
    kinds = {one.name: one.kind for one in metrics()}
    base = next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name)
    return name in kinds or kinds.get(base) == "histogram"


def tried_by_promtool(directory: Path) -> tuple[int, str]:
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is missing: run ./dev setup"
    command = [promtool, "test", "rules", TRIED.name]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("expression", expressions())
def test_every_figure_and_label_asked_for_is_one_that_headgate_has(expression: str) -> None:
    labels = {one.name: set(one.labels) | {"job"} for one in metrics()}
    names = re.findall(r"\bheadgate_\w+", expression)
    assert names or "up{" in expression
    assert [name for name in names if not known(name)] == []
    for name, chosen in re.findall(r"\b(headgate_\w+)\{([^}]*)\}", expression):
        base = next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name)
        assert set(re.findall(r"(\w+)\s*=", chosen)) <= labels[base]


def test_every_alert_was_seen_to_fire_and_to_keep_quiet() -> None:
    tried: dict[str, list[bool]] = {}
    for one in yaml.safe_load(TRIED.read_text())["tests"]:
        for case in one["alert_rule_test"]:
            tried.setdefault(case["alertname"], []).append(bool(case["exp_alerts"]))
    assert {name for name, fired in tried.items() if True in fired} == {rule["alert"] for rule in rules()}
    assert {name for name, fired in tried.items() if False not in fired} <= {"HeadgateBotAway"}  # another bot is quiet


def test_the_rules_do_what_their_tests_say() -> None:
    status, said = tried_by_promtool(TRIED.parent)
    assert status == 0, said


def test_a_rule_that_never_fires_would_be_found(tmp_path: Path) -> None:
    (tmp_path / RULES.name).write_text(RULES.read_text().replace("== 0", "== 2"))
    shutil.copy(TRIED, tmp_path)
    assert tried_by_promtool(tmp_path)[0] != 0


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}


def test_the_dashboard_has_no_panel_on_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
