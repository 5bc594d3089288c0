from __future__ import annotations

import pytest

from headgate.model.node import Node, NodeBase, NodeState
from headgate.slurm.operating.own_reasons import Owner, OwnReasons, ReasonsInMemory, StoredReasons, this_account
from headgate.store.store import Store


def drained(user: str, reason: str = "disk") -> Node:
    return Node(name="n1", state=NodeState(NodeBase.IDLE), reason=reason, reason_user=user)


@pytest.mark.parametrize(
    ("owner", "user", "remembered", "owns"),
    [
        (Owner("headgate", shared=False), "headgate", None, True),
        (Owner("headgate", shared=False), "headgate", "another", True),
        (Owner("headgate", shared=False), "root", "disk", False),
        (Owner("root", shared=True), "root", None, False),
        (Owner("root", shared=True), "root", "another", False),
        (Owner("root", shared=True), "root", "disk", True),
        (Owner("root", shared=True), "ops", "disk", False),
    ],
)
def test_whose_a_reason_is(owner: Owner, user: str, remembered: str | None, owns: bool) -> None:
    assert owner.owns(drained(user), remembered) is owns


def test_account_of_slurm_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert this_account("slurm") == Owner("root", shared=True)
    monkeypatch.setattr("os.geteuid", lambda: 1)
    assert this_account("slurm") == Owner("daemon", shared=False)
    assert this_account("daemon") == Owner("daemon", shared=True)
    monkeypatch.setattr("os.geteuid", lambda: 987654)
    assert this_account("slurm") == Owner("987654", shared=False)


async def remembers(reasons: OwnReasons) -> None:
    assert await reasons.recall("main", ["n1"]) == {}
    await reasons.remember("main", ["n1", "n2"], "disk")
    await reasons.remember("main", ["n2"], "cpu")
    await reasons.remember("other", ["n1"], "power")
    assert await reasons.recall("main", ["n1", "n2", "n3"]) == {"n1": "disk", "n2": "cpu"}


async def test_reasons_in_memory() -> None:
    await remembers(ReasonsInMemory())


async def test_reasons_in_the_store(store: Store) -> None:
    await remembers(StoredReasons(store))
    assert await StoredReasons(store).recall("other", ["n1"]) == {"n1": "power"}
