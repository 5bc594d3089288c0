"""From an event to what was done: guards, steps, retries, crashes, and rules that trigger themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.actions.caller import on_command_line
from headgate.model.event import EventKind
from headgate.model.execution import ExecutionState, TryState
from headgate.rules.approval import Decision, DecisionError, decide
from headgate.store import audit, rules
from headgate.store.store import Store
from tests.rules.site import START, Site

NOTE = """\
trigger: {type: job.suspended}
criteria: {trigger.reason: {type: startswith, pattern: "bad"}}
action: {ref: test.note, parameters: {text: "{{ trigger.reason }} at {{ trigger.subject }}", number: "{{ trigger.n }}"}}
"""
PLAIN = "trigger: {type: job.suspended}\naction: {ref: test.note, parameters: {text: hello}}\n"
AT_NODE = "trigger: {type: job.suspended}\naction: {ref: test.drain, parameters: {nodes: '{{ trigger.node }}'}}\n"


@pytest.fixture
async def site(store: Store, tmp_path: Path) -> AsyncIterator[Site]:
    directory = tmp_path / "rules.d"
    directory.mkdir()
    made = Site(store, directory)
    await made.engine.turn()
    yield made
    if made.gate is not None:
        made.gate.set()
    await made.engine.rest()


async def restart(site: Site) -> None:
    """Have the process end at once, and another one begin."""
    await site.engine._under_way.cancel()
    site.new_engine()


async def decided(site: Site, decision: Decision, number: int, user: str = "ada") -> None:
    """Have somebody on the command line decide about an execution."""
    await site.store.write(lambda c: decide(c, number, decision, on_command_line(user), site.now))


async def begin_step(site: Site, calls: int = 1) -> None:
    """Have the engine begin steps that do not end."""
    while len(site.calls) < calls:
        await site.engine.turn()
        await asyncio.sleep(0.01)


async def test_an_event_that_matches_has_its_action_done_once(site: Site) -> None:
    site.rule(NOTE)
    await site.event(reason="bad disk", n="5")
    await site.event(reason="good", n="6")
    await site.turn()
    await site.turn()
    assert [(name, asked.text, asked.number) for name, asked, _ in site.calls] == [
        ("test.note", "bad disk at job 7", 5)
    ]
    [execution] = await site.all()
    assert (execution.state, execution.rule, execution.subject) == (ExecutionState.DONE, "default.r", "job 7")
    assert execution.results == {
        "action": {"ok": True, "result": {"noted": "bad disk at job 7"}, "error": "", "times": 1}
    }
    assert site.calls[0][2].caller.via == "rule default.r"
    assert site.calls[0][2].key == f"execution-{execution.id}-action-0"


async def test_what_happened_before_rules_were_first_followed_is_left_alone(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path)
    site.rule(PLAIN)
    await site.event()
    await site.turn()
    assert site.calls == []
    await site.event()
    await site.turn()
    assert site.named() == ["test.note"]


async def test_events_of_the_time_in_between_are_followed_after_a_restart(site: Site) -> None:
    site.rule(PLAIN)
    await site.turn()
    for _ in range(3):
        await site.event()
    await restart(site)
    await site.turn()
    await restart(site)
    await site.turn()
    assert site.named() == ["test.note"] * 3


async def test_a_rule_file_that_changes_is_read_again_and_a_wrong_one_keeps_none_from_running(site: Site) -> None:
    site.rule(PLAIN)
    site.rule("trigger: {}\n", "wrong")
    await site.event()
    await site.turn()
    site.rule(PLAIN.replace("hello", "hello again"))
    await site.event()
    await site.turn()
    assert [asked.text for _, asked, _ in site.calls] == ["hello", "hello again"]


async def test_a_rule_is_switched_off_and_on_beside_its_file(site: Site) -> None:
    site.rule(PLAIN)
    for enabled in (False, True):
        await site.store.write(lambda c, on=enabled: rules.switch(c, "default.r", enabled=on, by="ada", now=site.now))  # type: ignore[misc]
        await site.event()
        await site.turn()
    assert site.named() == ["test.note"]


async def test_a_backstop_takes_what_no_other_rule_took(site: Site) -> None:
    site.rule(NOTE)
    site.rule(PLAIN + "type: {ref: backstop}\n", "rest")
    await site.event(reason="bad", n=1)
    await site.event(reason="other")
    await site.turn()
    assert [one.rule for one in await site.all()] == ["default.r", "default.rest"]


async def test_parameters_that_cannot_be_filled_in_fail_the_execution_and_say_why(site: Site) -> None:
    site.rule(NOTE)
    await site.event(reason="bad")
    await site.turn()
    [execution] = await site.all()
    assert execution.state is ExecutionState.FAILED
    assert execution.reason == "the parameters of action: a name is not there: 'dict object' has no attribute 'n'"
    assert site.calls == []


async def test_a_state_has_to_last(site: Site) -> None:
    site.rule(PLAIN + "headgate: {for: 30m}\n")
    await site.event(subject="job 1")
    await site.event(subject="job 2")
    await site.turn(1000)
    await site.event(subject="job 1")
    await site.event(EventKind.JOB_RESUMED, subject="job 2")
    await site.turn(799)
    assert await site.states_of() == ["holding", "cancelled"]
    await site.turn(1)
    assert await site.states_of() == ["done", "cancelled"]
    assert (await site.all())[1].reason == "it did not last: job.resumed"


async def test_a_state_that_lasted_while_nobody_looked_is_not_believed_before_what_was_missed_is_found(
    site: Site,
) -> None:
    site.settle = 60
    site.rule(PLAIN + "headgate: {for: 30m}\n")
    await site.event(subject="job 1")
    await site.event(subject="job 2")
    await site.turn()
    site.now += 7200
    await restart(site)
    await site.turn()
    assert await site.states_of() == ["holding", "holding"]
    await site.event(EventKind.JOB_RESUMED, subject="job 2", at=START + 60)
    await site.turn(61)
    assert await site.states_of() == ["done", "cancelled"]


async def test_a_rule_matches_only_what_is_repeated(site: Site) -> None:
    site.rule(NOTE.replace('"{{ trigger.n }}"', "1") + "headgate: {repeated: 3/1h}\n")
    for _ in range(2):
        await site.event(reason="bad")
        await site.event(reason="good")
    await site.event(reason="bad", subject="job 8")
    await site.turn(3700)
    for expected in (0, 0, 1, 1, 1, 2):
        await site.event(reason="bad")
        await site.turn(60)
        assert len(site.calls) == expected


async def test_over_its_rate_a_rule_does_nothing_and_says_so(site: Site) -> None:
    site.rule(PLAIN + "headgate: {rate: 2/1h}\n")
    for _ in range(4):
        await site.event()
    await site.event(subject="job 8")
    await site.turn()
    assert await site.states_of() == ["done", "done", "skipped", "skipped", "done"]
    assert (await site.all())[2].reason == "more than 2 in 3600 s"
    await site.event()
    await site.turn(3601)
    assert (await site.states_of())[-1] == "done"


async def test_a_rate_may_be_counted_for_another_value_of_the_event(site: Site) -> None:
    site.rule(PLAIN + "headgate: {rate: 1/1h, per: trigger.rack}\n")
    for subject, rack in (("job 1", "a"), ("job 2", "a"), ("job 3", "b")):
        await site.event(subject=subject, rack=rack)
    await site.turn()
    assert await site.states_of() == ["done", "skipped", "done"]


async def test_so_many_executions_run_at_a_time(site: Site) -> None:
    site.gate = asyncio.Event()
    site.rule("trigger: {type: job.suspended}\naction: {ref: test.slow}\nheadgate: {concurrency: 2}\n")
    for _ in range(4):
        await site.event()
    await begin_step(site, 2)
    for _ in range(5):
        await site.engine.turn()
    assert await site.states_of() == ["running", "running", "waiting", "waiting"]
    assert (await site.all())[2].reason == "2 others of this rule are not over"
    site.gate.set()
    await site.engine.rest()
    await site.turn(6)
    assert await site.states_of() == ["done"] * 4


async def test_no_more_nodes_are_drained_than_may_be_however_many_events_come_at_once(site: Site) -> None:
    site.states = dict.fromkeys([f"n{number}" for number in range(1, 11)], "IDLE")
    site.rule(AT_NODE + "headgate: {drained-at-most: {percent: 25}}\n")
    for number in range(1, 6):
        await site.event(node=f"n{number}", subject=f"job {number}")
    await site.turn()
    assert await site.states_of() == ["done", "done", "waiting", "waiting", "waiting"]
    assert (await site.all())[2].reason == "2 of 10 nodes of all are out of service, and 2 may be at a time"
    site.states["n1"] = "IDLE"
    await site.turn(31)
    assert await site.states_of() == ["done", "done", "done", "waiting", "waiting"]


async def test_a_node_is_left_alone_until_it_is_empty(site: Site) -> None:
    site.states = {"n1": "MIXED", "n2": "IDLE"}
    site.rule(AT_NODE + "headgate: {only-when-empty: true}\n")
    for node in ("n1", "n2", "n9"):
        await site.event(node=node, subject=f"node {node}")
    await site.turn()
    assert [(one.state.value, one.reason) for one in await site.all()] == [
        ("waiting", "n1 still has work"),
        ("done", ""),
        ("failed", "there is no node n9"),
    ]
    site.states["n1"] = "IDLE+COMPLETING"
    await site.turn(31)
    assert (await site.states_of())[0] == "waiting"
    site.states["n1"] = "IDLE"
    await site.turn(31)
    assert (await site.states_of())[0] == "done"


async def test_in_quiet_hours_a_rule_waits_or_leaves_it(site: Site) -> None:
    quiet = "{hours: ['07:00-09:30'], zone: UTC"  # the clock stands at 08:00
    site.rule(PLAIN + f"headgate: {{quiet: {quiet}}}}}\n", "waits")
    site.rule(PLAIN + f"headgate: {{quiet: {quiet}, then: skip}}}}\n", "leaves")
    await site.event()
    await site.turn()
    assert [(one.rule, one.state.value) for one in await site.all()] == [
        ("default.leaves", "skipped"),
        ("default.waits", "waiting"),
    ]
    await site.turn(5399)
    assert site.calls == []
    await site.turn(1)
    assert site.named() == ["test.note"]


async def test_what_wants_approval_is_asked_for_and_waits_for_it(site: Site) -> None:
    site.rule(PLAIN + "headgate: {approval: {ask: ['slack:#ops'], within: 1h}}\n")
    for _ in range(3):
        await site.event()
    await site.turn()
    assert await site.states_of() == ["approval"] * 3
    assert site.calls == []
    told = await site.notices()
    assert sorted(one.key for one in told) == [f"notice:approval-{number}" for number in (1, 2, 3)]
    message = told[0].data["message"]
    assert isinstance(message, dict)
    assert told[0].data["to"] == ["slack:#ops"]
    assert message["title"] == f"default.r wants approval (execution {message['execution']})"
    asked = "wants the approval of the role operator: test.note text=hello"
    assert message["summary"] == f"Execution {message['execution']} {asked}"
    await restart(site)
    await site.turn()
    assert len(await site.notices()) == 3
    first, second, _ = await site.all()
    await decided(site, Decision.APPROVE, first.id, "ada")
    await decided(site, Decision.CANCEL, second.id, "bob")
    await site.turn()
    assert await site.states_of() == ["done", "cancelled", "approval"]
    assert (await site.all())[0].approved_by == "ada"
    await site.turn(3601)
    assert await site.states_of() == ["done", "cancelled", "cancelled"]
    assert (await site.all())[2].reason == "nobody approved it in time"
    with pytest.raises(DecisionError, match="waits for nobody's approval: ada approved it, and it is done"):
        await decided(site, Decision.APPROVE, first.id, "ada")
    entries = await site.store.read(lambda c: audit.find(c, audit.AuditFilter(), limit=100))
    decisions = [(one.user, one.action) for one in entries if one.action.startswith("execution.")]
    assert decisions == [("ada", "execution.approve"), ("bob", "execution.cancel")]


STEPS = """\
trigger: {type: job.suspended}
action: {ref: test.fail}
headgate:
  delay: 10s
  retry: {count: 2, delay: 1m, factor: 2}
  on-failure: mend
  steps:
    - {name: mend, ref: test.note, parameters: {text: "{{ steps.action.error }}"}, delay: 5m, on-success: tell}
    - {name: skipped, ref: test.bug}
    - {name: tell, ref: test.note, parameters: {text: "{{ steps.mend.result.noted }}!"}}
"""


async def test_steps_follow_each_other_with_delays_and_retries_over_restarts(site: Site) -> None:
    site.failing = 99
    site.rule(STEPS)
    await site.event()
    expected = {10: 1, 69: 1, 70: 2, 189: 2, 190: 3, 489: 3, 490: 5}
    for moment, calls in expected.items():
        await site.turn()
        await restart(site)
        site.now = START + moment
        await site.turn()
        assert len(site.calls) == calls, moment
    assert site.named() == ["test.fail"] * 3 + ["test.note"] * 2
    assert [asked.text for _, asked, _ in site.calls[3:]] == ["it failed", "it failed!"]
    [execution] = await site.all()
    assert execution.state is ExecutionState.DONE
    assert [(one.name, one.attempt, one.state.value) for one in await site.tries(execution.id)] == [
        ("action", 1, "failed"),
        ("action", 2, "failed"),
        ("action", 3, "failed"),
        ("mend", 1, "done"),
        ("tell", 1, "done"),
    ]
    assert len({call.key for _, _, call in site.calls[:3]}) == 1


async def test_a_step_that_succeeds_in_the_end_goes_the_way_of_success(site: Site) -> None:
    site.failing = 1
    site.rule(STEPS)
    await site.event()
    for _ in range(6):
        await site.turn(100)
    [execution] = await site.all()
    assert site.named() == ["test.fail", "test.fail", "test.note", "test.note"]
    assert execution.results["action"] == {"ok": True, "result": {}, "error": "", "times": 1}


async def test_steps_in_a_circle_come_to_an_end(site: Site) -> None:
    site.rule(PLAIN + "headgate: {on-success: back, steps: [{name: back, ref: test.note, on-success: action}]}\n")
    await site.event()
    await site.turn()
    [execution] = await site.all()
    assert (execution.state, len(site.calls)) == (ExecutionState.FAILED, 100)
    assert "circle" in execution.reason


async def test_a_defect_of_an_action_costs_one_step_and_shows_nothing(site: Site) -> None:
    site.rule("trigger: {type: job.suspended}\naction: {ref: test.bug}\n")
    await site.event()
    await site.turn()
    [execution] = await site.all()
    assert (execution.state, execution.reason) == (
        ExecutionState.FAILED,
        "action failed: the action has a defect: RuntimeError",
    )


@pytest.mark.parametrize(
    ("ref", "state", "calls"), [("test.slow", ExecutionState.DONE, 2), ("test.once", ExecutionState.ASKING, 1)]
)
async def test_a_crash_in_the_middle_of_a_step_repeats_it_or_asks(
    site: Site, ref: str, state: ExecutionState, calls: int
) -> None:
    site.gate = asyncio.Event()
    site.rule(f"trigger: {{type: job.suspended}}\naction: {{ref: {ref}}}\n")
    await site.event()
    await begin_step(site)
    await restart(site)
    site.gate.set()
    await site.turn()
    [execution] = await site.all()
    assert (execution.state, len(site.calls)) == (state, calls)
    tries = await site.tries(execution.id)
    assert tries[0].state is TryState.INTERRUPTED
    if state is ExecutionState.ASKING:
        assert "not done twice unasked" in execution.reason
        await decided(site, Decision.APPROVE, execution.id, "ada")
        await site.turn()
        assert await site.states_of() == ["done"]
        assert len(site.calls) == 2


@pytest.mark.parametrize("chain", [("r",), ("r", "s")])
async def test_a_rule_that_triggers_itself_is_stopped_and_named(site: Site, chain: tuple[str, ...]) -> None:
    kinds = ["job.suspended", "job.resumed"][: len(chain)]
    for name, kind, following in zip(chain, kinds, [*kinds[1:], kinds[0]], strict=True):
        action = f"{{ref: test.again, parameters: {{text: {following}, jobids: ['{{{{ trigger.id }}}}']}}}}"
        site.rule(f"trigger: {{type: {kind}}}\naction: {action}\n", name)
    await site.event(id=7)
    for _ in range(12):
        await site.turn(1)
    stopped = await site.store.read(rules.decisions)
    assert list(stopped) == ["default.r"]
    via = " -> ".join(f"default.{name}" for name in chain)
    assert stopped["default.r"].stopped == f"default.r triggers itself at job 7 ({via}): it was stopped"
    assert len(site.calls) == 3 * len(chain)
    await site.event(subject="job 8", id=8)
    await site.turn()
    assert len(site.calls) == 3 * len(chain)


async def test_a_thing_that_keeps_happening_by_itself_stops_no_rule(site: Site) -> None:
    site.rule("trigger: {type: job.suspended}\naction: {ref: test.note, parameters: {jobids: [7]}}\n", "acts")
    site.rule(PLAIN, "tells")
    for pause in (60, 60, 60, 60, 1, 1):
        await site.event()
        await site.turn()
        site.now += pause
    assert await site.states_of() == ["done"] * 12


async def test_a_rule_may_do_no_more_than_its_role(site: Site) -> None:
    site.rule(AT_NODE + "headgate: {role: viewer}\n")
    await site.event(node="n1")
    await site.turn()
    [execution] = await site.all()
    assert (execution.state, site.calls) == (ExecutionState.FAILED, [])
    assert "takes the role operator" in execution.reason


async def test_the_engine_runs_until_it_is_stopped(site: Site) -> None:
    site.rule(PLAIN)
    running = asyncio.create_task(site.engine.run())
    await site.event()
    while not site.calls:
        await asyncio.sleep(0.01)
    site.engine.stop()
    await running
    await site.engine.rest()
    assert await site.states_of() == ["done"]
