from __future__ import annotations

import asyncio
import math

import pytest
from prometheus_client import REGISTRY

from headgate.actions.action import Call, NoParameters, action
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.actions.registry import Actions
from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.model.event import JSON
from headgate.model.role import Role
from headgate.store import audit
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.store.store import Store
from tests.actions.made import painter, walls


async def entries(store: Store) -> list[AuditEntry]:
    return await store.read(lambda connection: audit.find(connection, AuditFilter(), limit=10))


async def test_an_action_returns_its_result_as_json(store: Store) -> None:
    result = await walls(store).run("wall.look", {"wall": "south"}, painter(Role.VIEWER))
    assert result.as_json() == {
        "action": "wall.look",
        "ok": True,
        "dry_run": False,
        "error": None,
        "result": "south seen by portal",
    }


async def test_looking_is_not_in_the_audit_log(store: Store) -> None:
    await walls(store).run("wall.look", {}, painter())
    assert await entries(store) == []


async def test_the_audit_log_says_who_from_where_why_and_with_what(store: Store) -> None:
    given: dict[str, JSON] = {"walls": ["n", "s"], "coats": 2, "password": "sesame"}
    await walls(store).run("wall.paint", given, painter(), why="it is grey")
    (entry,) = await entries(store)
    assert (entry.user, entry.via, entry.action, entry.outcome) == ("ada", "api portal", "wall.paint", "done")
    assert entry.subject == 'walls=["n", "s"] coats=2 password=**********'
    assert entry.detail == "why: it is grey; from 192.0.2.1"


async def test_an_alias_is_the_same_action(store: Store) -> None:
    result = await walls(store).run("wall.colour", {"walls": ["n"]}, painter())
    assert result.action == "wall.paint"
    assert (await entries(store))[0].action == "wall.paint"


async def test_a_dry_run_changes_nothing_and_is_not_in_the_audit_log(store: Store) -> None:
    result = await walls(store).run("wall.paint", {"walls": ["n"]}, painter(), dry_run=True)
    assert (result.dry_run, result.result) == (True, {"n": False})
    assert await entries(store) == []


async def test_what_changes_nothing_has_no_dry_run(store: Store) -> None:
    assert not (await walls(store).run("wall.look", {}, painter(), dry_run=True)).dry_run


async def test_what_was_done_in_part_is_told_with_what_was_done(store: Store) -> None:
    result = await walls(store).run("wall.paint", {"walls": ["n", "broken"]}, painter())
    assert (result.ok, result.error, result.result) == (False, "1 of 2 walls is broken", {"n": True, "broken": False})
    (entry,) = await entries(store)
    assert (entry.outcome, entry.detail) == ("partly failed", "from 192.0.2.1; 1 of 2 walls is broken")


async def test_what_fails_is_raised_and_in_the_audit_log(store: Store) -> None:
    with pytest.raises(SlurmRefusedError):
        await walls(store).run("wall.paint", {"walls": ["none"]}, painter())
    (entry,) = await entries(store)
    assert (entry.outcome, entry.detail) == ("failed", "from 192.0.2.1; there is no wall")


async def test_a_defect_in_the_middle_is_in_the_audit_log(store: Store) -> None:
    with pytest.raises(RuntimeError):
        await walls(store).run("wall.paint", {"walls": ["bug"]}, painter())
    assert [entry.outcome for entry in await entries(store)] == ["interrupted"]


async def test_what_is_under_way_says_so_in_the_audit_log(store: Store) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    @action("wall.tear", role=Role.OPERATOR, mutating=True)
    async def tear(asked: NoParameters, call: Call) -> bool:
        """Tear a wall down."""
        del asked, call
        begun.set()
        await go_on.wait()
        return True

    actions = Actions(Context(store), Catalogue([tear]))
    running = asyncio.create_task(actions.run("wall.tear", {}, painter()))
    await asyncio.wait_for(begun.wait(), 60)
    assert [entry.outcome for entry in await entries(store)] == ["begun"]
    go_on.set()
    await running
    assert [entry.outcome for entry in await entries(store)] == ["done"]


async def test_what_is_cancelled_is_told_as_interrupted(store: Store) -> None:
    begun = asyncio.Event()

    @action("wall.tear", role=Role.OPERATOR, mutating=True)
    async def tear(asked: NoParameters, call: Call) -> bool:
        """Tear a wall down."""
        del asked, call
        begun.set()
        await asyncio.Event().wait()
        return True

    actions = Actions(Context(store), Catalogue([tear]))
    running = asyncio.create_task(actions.run("wall.tear", {}, painter()))
    await asyncio.wait_for(begun.wait(), 60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [entry.outcome for entry in await entries(store)] == ["interrupted"]


async def test_calls_are_counted_by_how_they_end(store: Store) -> None:
    def counted(outcome: str) -> float:
        return (
            REGISTRY.get_sample_value(
                "headgate_actions_total", {"action": "wall.paint", "caller": "app", "outcome": outcome}
            )
            or 0.0
        )

    before = {outcome: counted(outcome) for outcome in ("done", "tried", "partly failed", "refused")}
    await walls(store).run("wall.paint", {"walls": ["n"]}, painter())
    await walls(store).run("wall.paint", {"walls": ["n"]}, painter(), dry_run=True)
    await walls(store).run("wall.paint", {"walls": ["broken"]}, painter())
    with pytest.raises(NotPermittedError):
        await walls(store).run("wall.paint", {"walls": ["n"]}, painter(None))
    assert {outcome: counted(outcome) - was for outcome, was in before.items()} == dict.fromkeys(before, 1.0)


@pytest.mark.parametrize("role", [None, Role.VIEWER])
async def test_whose_role_does_not_go_that_far_is_refused_and_in_the_audit_log(store: Store, role: Role | None) -> None:
    with pytest.raises(NotPermittedError, match=r"wall\.paint takes the role operator"):
        await walls(store).run("wall.paint", {"walls": ["n"], "password": "sesame"}, painter(role))
    (entry,) = await entries(store)
    assert (entry.action, entry.outcome, entry.subject) == ("wall.paint", "refused", "")


async def test_an_unknown_action_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError):
        await walls(store).run("wall.tear", {}, painter())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "walls"),
        ({"walls": "north"}, "walls"),
        ({"walls": ["n"], "colour": "red"}, "colour"),
        ({"walls": ["n"], "coats": "2"}, "coats"),
        ({"walls": ["n"], "coats": True}, "coats"),
        ({"walls": ["n"], "coats": 4}, "coats"),
        ({"walls": ["n"], "thick": 1}, "thick"),
        ({"walls": ["n"], "dilution": math.nan}, "no JSON"),
        ({"walls": [b"n"]}, "no JSON"),
        ({"walls": ["\ud800"]}, "wall.paint"),
    ],
)
async def test_parameters_that_do_not_fit_are_refused_before_anything_is_done(
    store: Store, given: dict[str, JSON], said: str
) -> None:
    with pytest.raises(ParametersError, match=said):
        await walls(store).run("wall.paint", given, painter())
    assert await entries(store) == []


async def test_a_mistake_never_shows_what_was_given(store: Store) -> None:
    with pytest.raises(ParametersError) as raised:
        await walls(store).run("wall.paint", {"walls": ["n"], "password": ["sesame"]}, painter())
    assert "sesame" not in raised.value.message
