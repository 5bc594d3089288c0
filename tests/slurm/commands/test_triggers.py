from __future__ import annotations

import pytest

from headgate.slurm.commands.triggers import (
    Trigger,
    TriggerEvent,
    TriggerPlan,
    check,
    clear_command,
    is_same,
    parse,
    read_event,
    set_command,
)

TEXT = """\
      1 node            * down                                     0 slurm          /bin/true
      2 node        n1,n3 drained                                  0 slurm    PERM  /bin/echo a b
      4 other      (null) burst_buffer                             0 slurm          /bin/echo
      6 node            * idle                                   -10 slurm          /bin/echo
     12 job        123456 fini,time                               30 a-long-name PERM  /bin/echo
second line of a program
"""


def test_triggers_are_read() -> None:
    found = parse(TEXT)
    assert [one.id for one in found] == [1, 2, 4, 6, 12]
    assert found[1] == Trigger(
        id=2, about="node", subject="n1,n3", event="drained", offset=0, user="slurm", permanent=True,
        program="/bin/echo a b",
    )  # fmt: skip
    assert (found[3].offset, found[3].permanent) == (-10, False)
    assert (found[4].user, found[4].event, found[4].permanent) == ("a-long-name", "fini,time", True)
    assert parse("") == []


def test_command_has_what_is_planned() -> None:
    plan = TriggerPlan(program="/bin/echo a", event=TriggerEvent.DRAINED, nodes=("n1", "n2"), offset=-5, permanent=True)
    assert set_command(plan) == [
        "strigger", "--set", "--drained", "--node=n[1-2]", "--offset=-5", "--flags=perm", "--program=/bin/echo a",
    ]  # fmt: skip
    assert set_command(TriggerPlan(program="/bin/echo", event=TriggerEvent.DOWN))[2:4] == ["--down", "--node"]
    assert set_command(TriggerPlan(program="/bin/echo", event=TriggerEvent.RECONFIG))[2:] == [
        "--reconfig", "--program=/bin/echo",
    ]  # fmt: skip
    assert clear_command(7) == ["strigger", "--clear", "--id=7"]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.IDLE, permanent=True), "for ever"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.FINI, job="7", permanent=True), "for ever"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.FINI), "number of a job"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.TIME, job="7_1"), "number of a job"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.FINI, job="7", offset=-3), "negative"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.DOWN, job="7"), "not about jobs"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.RECONFIG, nodes=("n1",)), "not about nodes"),
        (TriggerPlan(program="/bin/echo", event=TriggerEvent.UP, offset=40_000), "at most"),
        (TriggerPlan(program="echo", event=TriggerEvent.UP), "absolute path"),
        (TriggerPlan(program="/bin/echo\n1 node", event=TriggerEvent.UP), "one line"),
        (TriggerPlan(program="/bin/echo " + "x " * 62, event=TriggerEvent.UP), "61 words"),
    ],
)
def test_what_cannot_be_or_would_fire_for_ever(plan: TriggerPlan, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(plan)


def test_drain_is_another_word_for_drained() -> None:
    assert read_event("drain") is read_event("Drained") is TriggerEvent.DRAINED
    with pytest.raises(ValueError, match="'explode' is no event; there are burst_buffer, down"):
        read_event("explode")


def test_same_trigger_is_known_however_its_nodes_are_written() -> None:
    [_, drained, *_] = parse(TEXT)
    plan = TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DRAINED, nodes=("n3", "n1"), permanent=True)
    assert is_same(drained, plan, "slurm")
    assert not is_same(drained, plan, "root")
    other = TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DRAINED, permanent=True)
    assert not is_same(drained, other, "slurm")
