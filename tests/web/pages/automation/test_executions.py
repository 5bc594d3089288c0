"""Executions on the pages: found, shown step by step, and decided about."""

from __future__ import annotations

from sqlalchemy import Connection

from headgate.model.execution import ExecutionState, TryState
from headgate.model.role import Role
from headgate.store import audit, executions
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.rules.waiting import waiting
from tests.web.pages.pages_place import PagesPlace

HOSTILE = "<img src=x onerror=alert(1)>"


async def tried(store: Store, number: int, ref: str, parameters: object, result: object = None) -> None:
    def work(connection: Connection) -> None:
        one = executions.get(connection, number)
        assert one is not None
        begun = executions.begin_try(connection, one, ref=ref, parameters=parameters, touches=(), now=1e9)  # type: ignore[arg-type]
        assert begun is not None
        executions.end_try(connection, begun, TryState.FAILED, result=result, error=HOSTILE, now=1e9 + 2)  # type: ignore[arg-type]

    await store.write(work)


async def test_an_execution_is_shown_step_by_step_without_secrets(place: PagesPlace) -> None:
    number = await waiting(place.store, ExecutionState.WAITING)
    given = {"url": "https://a.example/", "headers": {"X-Key": "s3cret"}}
    await tried(place.store, number, "http.request", given, {"status": 500, "body": HOSTILE})
    cause = await waiting(place.store, ExecutionState.DONE, key="k2", rule="site.cause")
    later = await waiting(place.store, ExecutionState.DONE, key="k3", cause=cause)
    async with place.client("viewer") as viewer, place.client("operator") as oscar:
        seen, more = [(await one.get(f"/automation/executions/{number}")).text for one in (viewer, oscar)]
        chain = (await viewer.get(f"/automation/executions/{later}")).text
        assert (await viewer.get("/automation/executions/99")).status_code == 404
        assert (await viewer.get("/automation/executions/x")).status_code == 400
    assert "a.example" not in seen  # the action takes the role operator
    assert "https://a.example/" in more
    assert "s3cret" not in more
    assert "&lt;img src=x onerror" in more
    assert HOSTILE not in seen + more
    assert "node.down" in seen
    assert f"execution {cause}</a> of" in chain
    assert "site.cause" in chain


COUNTED: list[tuple[dict[str, str], int]] = [
    ({}, 3), ({"rule": "site.drain"}, 2), ({"state": "done"}, 1), ({"state": "open"}, 2), ({"about": "node n4"}, 3),
    ({"about": "node n"}, 0), ({"before": "2"}, 1),
]  # fmt: skip


async def test_executions_are_found_by(place: PagesPlace) -> None:
    await waiting(place.store)
    await waiting(place.store, ExecutionState.HOLDING, key="k2")
    await waiting(place.store, ExecutionState.DONE, key="k3", rule="site.other")
    async with place.client("viewer") as viewer:
        for query, count in COUNTED:
            text = (await viewer.get("/automation/executions", **query)).text
            assert text.count('<th scope="row">') == count, query
        assert (await viewer.get("/automation/executions", state="melted")).status_code == 400


async def test_older_executions_come_page_by_page(place: PagesPlace) -> None:
    for key in range(60):
        await waiting(place.store, ExecutionState.DONE, key=f"k{key}")
    async with place.client("viewer") as viewer:
        first = (await viewer.get("/automation/executions")).text
        second = (await viewer.get("/automation/executions", before="11")).text
    assert "before=11" in first
    assert second.count('<th scope="row">') == 10


async def test_approving_takes_the_rules_role_and_keeps_the_reason(place: PagesPlace) -> None:
    number = await waiting(place.store)
    high = await waiting(place.store, key="k2", role=Role.ADMIN)
    async with place.client("viewer") as viewer:
        assert 'value="approve"' not in (await viewer.get("/automation")).text
        answer = await viewer.post(f"/automation/executions/{number}/decide", {"decision": "approve"})
        assert answer.status_code == 403
    async with place.client("user") as person:
        answer = await person.post(f"/automation/executions/{number}/decide", {"decision": "approve"})
        assert answer.status_code == 403
    async with place.client("operator") as oscar:
        text = (await oscar.get("/automation")).text
        assert text.count('value="approve"') == 1
        assert "takes the role admin" in text
        path = f"/automation/executions/{number}/decide"
        assert (await oscar.post(path, {"decision": "melt"})).status_code == 400
        answer = await oscar.post(path, {"decision": "refuse", "why": HOSTILE, "back": "rules"})
        assert answer.headers["location"] == "/ui/automation"
        assert f"Execution {number} is refused." in (await oscar.get("/automation")).text
        assert (await oscar.post(f"/automation/executions/{high}/decide", {"decision": "approve"})).status_code == 403
        await oscar.post(path, {"decision": "approve"})
        text = (await oscar.get(f"/automation/executions/{number}")).text
        assert "waits for nobody&#39;s approval" in text
        assert f"refused by oscar: {HOSTILE}" not in text
        assert "refused by oscar: &lt;img" in text
    found = await place.store.read(lambda c: audit.find(c, AuditFilter(action="execution.refuse"), limit=10))
    assert [(one.user, one.via, one.outcome) for one in found] == [("oscar", "page", "done")]
    assert f"why: {HOSTILE}" in found[0].detail
