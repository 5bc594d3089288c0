from __future__ import annotations

import pytest

from headgate.slurm.commands.node_updates import NodeKey, NodeOrder, addressed, reboot_words, update_words


def test_nodes_are_folded_into_their_place() -> None:
    words = update_words(order=NodeOrder.DRAIN, infos={NodeKey.REASON: 'the "disk"', NodeKey.WEIGHT: "3"})
    assert addressed(words, ["n2", "n1", "gpu3"]) == [
        "scontrol", "update", "NodeName=gpu3,n[1-2]", "State=DRAIN", 'Reason="the "disk""', "Weight=3",
    ]  # fmt: skip


def test_value_is_no_place_for_nodes() -> None:
    words = update_words(infos={NodeKey.COMMENT: "NodeName="})
    assert addressed(words, ["n1"]) == ["scontrol", "update", "NodeName=n1", "Comment=NodeName="]


def test_reboot() -> None:
    assert addressed(reboot_words(), ["n1"]) == ["scontrol", "reboot", "n1"]
    words = reboot_words(asap=True, next_state="RESUME", reason="new kernel")
    assert addressed(words, ["n1", "n2"]) == [
        "scontrol", "reboot", "ASAP", "nextstate=RESUME", "reason=new kernel", "n[1-2]",
    ]  # fmt: skip


def test_no_nodes_and_no_such_values() -> None:
    with pytest.raises(ValueError, match="no nodes"):
        addressed(update_words(order=NodeOrder.RESUME), [])
    with pytest.raises(ValueError, match="line end"):
        update_words(infos={NodeKey.COMMENT: "a\nb"})
    with pytest.raises(ValueError, match="reason"):
        update_words(order=NodeOrder.DOWN, infos={NodeKey.REASON: " "})
