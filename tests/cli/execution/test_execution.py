from __future__ import annotations

from pathlib import Path

import pytest

from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.model.execution import ExecutionState
from headgate.rules.rule import Plan, Step
from headgate.store import executions
from headgate.store.executions import NewExecution
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import HOSTILE, Site
from tests.service.running import toml

STATES = (ExecutionState.DONE, ExecutionState.APPROVAL, ExecutionState.ASKING, ExecutionState.RUNNING)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Four executions, the second of which wants approval."""
    url = f"sqlite:///{tmp_path}/headgate.db"
    store = Store(url)
    migrate(store)
    fact = Event("k1", EventKind.JOB_SUSPENDED, 1e9, "job 1", Source.WATCHER, "alpha", 1)
    store.write_now(lambda connection: Journal().append(connection, [fact]))
    plan = Plan(steps=(Step(name="action", ref="notify.send"),)).model_dump_json()
    for number, state in enumerate(STATES, 1):
        new = NewExecution(
            f"k{number}", "site.tell", 1, "job 1", "job 1", state, 2e9, "action", plan, {"a": 1}, "operator", HOSTILE
        )
        store.write_now(lambda connection, one=new: executions.add(connection, one, 1e9))  # type: ignore[misc]
    store.close()
    config = tmp_path / "headgate.toml"
    config.write_text(toml({"store": {"url": url}}))
    return Site(config, url)


def test_executions_are_listed(site: Site) -> None:
    assert [one["state"] for one in site.json("execution", "list")] == [state.value for state in STATES]
    assert [one["id"] for one in site.json("execution", "list", "--open")] == [2, 3, 4]
    assert [one["id"] for one in site.json("execution", "list", "--state", "done", "--rule", "site.tell")] == [1]
    assert site.text("execution", "list", "--rule", "other") == "No such executions.\n"
    assert "site.tell" in site.text("execution", "list")


def test_one_is_shown(site: Site) -> None:
    assert "approval" in site.text("execution", "show", "2")
    shown = site.json("execution", "show", "2")
    assert (shown["plan"]["steps"][0]["ref"], shown["tries"]) == ("notify.send", [])
    assert site.run("execution", "show", "9").exit_code == 1


def test_one_is_approved_and_one_refused_and_that_is_in_the_audit_log(site: Site) -> None:
    assert site.text("execution", "approve", "2") == "execution 2 is approved\n"
    assert site.text("execution", "refuse", "3") == "execution 3 is refused\n"
    assert [one["state"] for one in site.json("execution", "list")] == ["done", "waiting", "cancelled", "running"]
    assert [one["action"] for one in site.json("audit", "list")] == ["execution.approve", "execution.refuse"]


def test_one_that_waits_is_cancelled(site: Site) -> None:
    assert site.text("execution", "cancel", "2") == "execution 2 is cancelled\n"
    assert site.json("execution", "show", "2")["reason"].startswith("cancelled by ")


@pytest.mark.parametrize(
    ("verb", "number", "why"),
    [
        ("approve", "1", "execution 1 waits for nobody's approval: it is done"),
        ("cancel", "1", "execution 1 is over already: it is done"),
        ("cancel", "4", "execution 4 is in the middle of action: try again when that is over"),
        ("approve", "9", "there is no execution 9"),
    ],
)
def test_what_cannot_be_decided_is_said_so(site: Site, verb: str, number: str, why: str) -> None:
    result = site.run("execution", verb, number)
    assert result.exit_code == 1
    assert str(result.exception).startswith(why)
