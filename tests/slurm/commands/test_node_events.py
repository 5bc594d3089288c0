from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.node import NodeBase, NodeFlag, NodeState
from headgate.model.node_outage import NodeOutage
from headgate.slurm.commands.node_events import command, parse, says_no_accounting

DRAIN = NodeState(NodeBase.IDLE, frozenset({NodeFlag.DRAIN}))
DOWN = NodeState(NodeBase.DOWN)
REGISTERED = "|1795930393|Unknown|0||Cluster Registered TRES\n"
"""The record of the cluster itself, which comes first."""


def test_outages_are_asked_for_from_a_time_on_in_utc() -> None:
    assert command(1795930404.9) == [
        "sacctmgr",
        "--noheader",
        "--parsable2",
        "show",
        "event",
        "start=2026-11-29T05:33:24",
        "format=nodename,start,end,stateraw,user,reason",
    ]


def test_outages_come_in_the_order_of_their_begin() -> None:
    text = REGISTERED + "n2|1795930412|Unknown|514|root(0)|later\nn1|1795930404|1795930406|1|slurm(64030)|sooner\n"
    assert parse(text).outages == [
        NodeOutage("n1", DOWN, 1795930404, 1795930406, "sooner", "slurm"),
        NodeOutage("n2", DRAIN, 1795930412, None, "later", "root"),
    ]
    assert parse(text).refused == 0


def test_reason_may_hold_delimiters_and_further_lines() -> None:
    text = 'n1|1795930404|Unknown|514|root(0)|disk|x=1 "q"\n\nn2|was it\nn2|1795930412|Unknown|514|root(0)|\n'
    assert [outage.reason for outage in parse(text).outages] == ['disk|x=1 "q"\n\nn2|was it', ""]


def test_user_without_a_name_is_a_number() -> None:
    text = "n1|1795930404|Unknown|514|(4711)|x\nn1|1795930414|Unknown|514||x\n"
    assert [outage.user for outage in parse(text).outages] == ["4711", ""]


def test_nothing_is_no_outage() -> None:
    assert parse("").outages == []
    assert parse(REGISTERED).outages == []


def test_what_is_no_record_is_counted() -> None:
    answer = parse("sacctmgr: hm\nn1|1795930404|Unknown|15|root(0)|no such state\n")
    assert (answer.outages, answer.refused) == ([], 2)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parse(text)


NAMES = st.text("abn019.-_", min_size=1, max_size=8)
REASONS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(NAMES, st.integers(1, 2**31), st.none() | st.integers(1, 2**31), REASONS), max_size=5))
def test_what_sacctmgr_prints_is_read_back(rows: list[tuple[str, int, int | None, str]]) -> None:
    text = "".join(f"{name}|{start}|{end or 'Unknown'}|514|root(0)|{reason}\n" for name, start, end, reason in rows)
    expected = [NodeOutage(name, DRAIN, start, end, reason, "root") for name, start, end, reason in rows]
    found = parse(REGISTERED + text)
    assert sorted(found.outages, key=repr) == sorted(expected, key=repr)
    assert found.refused == 0


def test_cluster_without_accounting_is_known_by_its_words() -> None:
    assert says_no_accounting(
        "sacctmgr failed (exit code 1): You are not running a supported accounting_storage plugin"
    )
    assert not says_no_accounting("sacctmgr failed (exit code 1): Connection refused")
