"""Decisions about executions: who may, what is too late, and what is written down."""

from __future__ import annotations

import asyncio

import pytest

from headgate.actions.refusals import NotPermittedError
from headgate.errors import NotFoundError
from headgate.model.execution import ExecutionState
from headgate.model.role import Role
from headgate.rules.approval import Decision, DecisionError, Decisions
from headgate.store import audit, executions
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.store.executions import Change
from headgate.store.store import Store
from tests.rules.waiting import UNTIL, caller, waiting

APPROVE, REFUSE, CANCEL = Decision


async def audited(store: Store) -> list[AuditEntry]:
    return await store.read(lambda connection: audit.find(connection, AuditFilter(), limit=100))


@pytest.mark.parametrize(
    ("decision", "state", "reason"),
    [
        (APPROVE, ExecutionState.WAITING, "approved by ada"),
        (REFUSE, ExecutionState.CANCELLED, "refused by ada"),
        (CANCEL, ExecutionState.CANCELLED, "cancelled by ada"),
    ],
)
@pytest.mark.parametrize("was", [ExecutionState.APPROVAL, ExecutionState.ASKING])
async def test_a_decision_is_taken_and_written_down(
    store: Store, was: ExecutionState, decision: Decision, state: ExecutionState, reason: str
) -> None:
    number = await waiting(store, was)
    execution = await Decisions(store).decide(number, decision, caller())
    assert (execution.state, execution.reason) == (state, reason)
    assert execution.approved_by == ("ada" if decision is APPROVE else None)
    assert (execution.finished_at is not None) is state.over
    [entry] = await audited(store)
    assert (entry.user, entry.via, entry.outcome) == ("ada", "api oidc", "done")
    assert (entry.action, entry.subject) == (f"execution.{decision.value}", f"execution {number} of site.drain")
    assert entry.detail == "action for node n4; from 192.0.2.1"


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize(
    ("needed", "role", "why"),
    [
        (Role.OPERATOR, Role.VIEWER, "to {0} execution {1} takes the role operator, and ada has it not"),
        (Role.ADMIN, Role.OPERATOR, "to {0} execution {1} takes the role admin, and ada has it not"),
        (Role.OPERATOR, None, "ada has no role; to decide about executions takes one"),
    ],
)
async def test_who_has_not_the_role_that_the_rule_says_is_refused_and_noted(
    store: Store, decision: Decision, needed: Role, role: Role | None, why: str
) -> None:
    number = await waiting(store, role=needed)
    with pytest.raises(NotPermittedError) as refused:
        await Decisions(store).decide(number, decision, caller(role=role))
    assert refused.value.message == why.format(decision.value, number)
    execution = await store.read(lambda connection: executions.get(connection, number))
    assert execution is not None
    assert execution.state is ExecutionState.APPROVAL
    [entry] = await audited(store)
    assert (entry.user, entry.outcome) == ("ada", "refused")
    assert entry.detail.startswith(refused.value.message)


async def test_who_has_no_role_does_not_learn_which_executions_there_are(store: Store) -> None:
    there = await waiting(store)
    said = set()
    for number in (there, there + 1):
        with pytest.raises(NotPermittedError) as refused:
            await Decisions(store).decide(number, APPROVE, caller(role=None))
        said.add(refused.value.message)
    assert len(said) == 1


async def test_what_is_not_there_is_said_so(store: Store) -> None:
    with pytest.raises(NotFoundError, match="there is no execution 77"):
        await Decisions(store).decide(77, APPROVE, caller())


async def test_after_its_time_it_can_be_refused_and_not_approved(store: Store) -> None:
    number, late = await waiting(store), Decisions(store, clock=lambda: UNTIL)
    with pytest.raises(DecisionError, match=f"too late for execution {number}: nobody approved it in time"):
        await late.decide(number, APPROVE, caller())
    assert (await late.decide(number, REFUSE, caller())).state is ExecutionState.CANCELLED


@pytest.mark.parametrize("first", [APPROVE, REFUSE])
@pytest.mark.parametrize("second", [APPROVE, REFUSE])
async def test_the_second_to_decide_is_told_who_was_the_first(store: Store, first: Decision, second: Decision) -> None:
    number = await waiting(store)
    await Decisions(store).decide(number, first, caller("ben"))
    how = "ben approved it, and it is waiting" if first is APPROVE else r"it is cancelled \(refused by ben\)"
    with pytest.raises(DecisionError, match=f"execution {number} waits for nobody's approval: {how}"):
        await Decisions(store).decide(number, second, caller())


async def test_of_many_who_decide_at_once_one_does(store: Store) -> None:
    number = await waiting(store)
    decisions = [Decisions(store).decide(number, one, caller(one.value)) for one in (APPROVE, REFUSE) * 5]
    found = await asyncio.gather(*decisions, return_exceptions=True)
    assert sum(1 for one in found if not isinstance(one, BaseException)) == 1
    assert sum(1 for one in found if isinstance(one, DecisionError)) == 9
    outcomes = [one.outcome for one in await audited(store)]
    assert sorted(outcomes) == ["done"] + ["refused"] * 9


async def test_a_step_that_is_being_done_is_not_cancelled(store: Store) -> None:
    number = await waiting(store)
    for was, state in ((ExecutionState.APPROVAL, ExecutionState.WAITING), (ExecutionState.WAITING, "running")):
        to = Change(ExecutionState(state))
        await store.write(lambda c, was=was, to=to: executions.change(c, number, was, to))  # type: ignore[misc]
    with pytest.raises(DecisionError, match="is in the middle of action"):
        await Decisions(store).decide(number, CANCEL, caller())
    with pytest.raises(DecisionError, match="waits for nobody's approval: it is running"):
        await Decisions(store).decide(number, REFUSE, caller())


async def test_a_reason_stands_with_the_execution_and_in_the_audit_log(store: Store) -> None:
    number = await waiting(store)
    execution = await Decisions(store).decide(number, REFUSE, caller(), why="not\nnow")
    assert execution.reason == "refused by ada: not now"
    [entry] = await audited(store)
    assert entry.detail == "action for node n4; why: not now; from 192.0.2.1"
