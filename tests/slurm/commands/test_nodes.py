from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.node import NodeBase, NodeFlag
from headgate.slurm.commands import nodes

HEAD = """\
NodeName={name} Arch=x86_64 CoresPerSocket=1 
   CPUAlloc=3 CPUEfctv=16 CPUTot=16 CPULoad=0.10
   AvailableFeatures=big,fast
   ActiveFeatures=fast
   Gres=gpu:2
   GresDrain=N/A
   GresUsed=gpu:1
   NodeAddr=127.0.0.1 NodeHostName=vm Port=17001 Version=22.05.8
   OS=Linux 6.1 State=DOWN 
   RealMemory=16000 AllocMem=300 FreeMem=N/A Sockets=16 Boards=1
   State={state} ThreadsPerCore=1 TmpDisk=0 Weight=7 Owner=N/A MCS_label=N/A
   Partitions=main,short 
   BootTime=1795929834 SlurmdStartTime=None
   LastBusyTime=1795930393
   CfgTRES=cpu=16,mem=16000M,billing=16,gres/gpu=2
   AllocTRES=cpu=3,mem=300M,gres/gpu=1
   CapWatts=n/a
   CurrentWatts=0 AveWatts=0
"""  # noqa: W291 - scontrol leaves blanks at the end of lines


def record(name: str = "n1", state: str = "MIXED", more: str = "") -> str:
    return HEAD.format(name=name, state=state) + more + "\n"


def test_fields_of_a_node() -> None:
    [node] = nodes.parse(record()).nodes
    assert (node.name, node.state.base, node.state.flags) == ("n1", NodeBase.MIXED, frozenset())
    assert (node.cpus, node.cpus_allocated, node.cpu_load) == (16, 3, 0.1)
    assert (node.memory, node.memory_allocated, node.memory_free) == (16000 << 20, 300 << 20, None)
    assert node.tres["gres/gpu"] == 2
    assert node.tres_allocated == {"cpu": 3, "mem": 300 << 20, "gres/gpu": 1}
    assert (node.gres, node.gres_used) == ("gpu:2", "gpu:1")
    assert (node.features, node.active_features) == (("big", "fast"), ("fast",))
    assert node.partitions == ("main", "short")
    assert (node.boot_time, node.slurmd_start_time, node.last_busy_time) == (1795929834.0, None, 1795930393.0)
    assert (node.version, node.host, node.address) == ("22.05.8", "vm", "127.0.0.1")
    assert node.os == "Linux 6.1 State=DOWN"
    assert node.weight == 7
    assert (node.reason, node.reason_user, node.reason_time, node.comment, node.extra) == ("", "", None, "", "")
    assert node.fields["CurrentWatts"] == "0"


def test_reason_has_its_lines_its_user_and_its_time() -> None:
    reason = "   Reason=disk [sda@raid] = bad [ops@1795930394]\n          State=IDLE \n          NodeName=n2 x\n"
    [node] = nodes.parse(record(state="IDLE+DRAIN", more=reason)).nodes
    assert node.reason == "disk [sda@raid] = bad\nState=IDLE \nNodeName=n2 x"
    assert (node.reason_user, node.reason_time) == ("ops", 1795930394.0)
    assert node.state.flags == {NodeFlag.DRAIN}


def test_reason_that_nobody_set_at_no_time() -> None:
    [node] = nodes.parse(record(more="   Reason=gres/gpu count too low\n")).nodes
    assert (node.reason, node.reason_user, node.reason_time) == ("gres/gpu count too low", "", None)


def test_comment_cannot_change_what_stands_before_it() -> None:
    more = "   Reason=real [root@1795930394]\n   Comment=a\n   State=DOWN\n   Reason=false [eve@1]\n\n   Extra=b\n"
    [node] = nodes.parse(record(more=more)).nodes
    assert (node.state.base, node.reason, node.reason_user) == (NodeBase.MIXED, "real", "root")
    assert node.comment == "a\n   State=DOWN\n   Reason=false [eve@1]\n"
    assert node.extra == "b"


def test_nodes_that_a_comment_speaks_of_are_doubtful() -> None:
    forged = "   Comment=x\nNodeName=n3 Arch=y\n   State=DOWN ThreadsPerCore=1\n"
    answer = nodes.parse(record("n1") + record("n2", more=forged) + record("n3") + record("n4"))
    assert [node.name for node in answer.nodes] == ["n1", "n4"]
    assert answer.doubtful == {"n2", "n3"}


def test_answer_about_one_node_is_about_that_one() -> None:
    forged = "   Comment=x\nNodeName=n3 Arch=y\n   State=DOWN ThreadsPerCore=1\n"
    node = nodes.parse_one(record("n2", more=forged))
    assert node is not None
    assert (node.name, node.state.base) == ("n2", NodeBase.MIXED)
    assert node.comment == "x\nNodeName=n3 Arch=y\n   State=DOWN ThreadsPerCore=1"


def test_record_without_a_state_is_counted_and_left_out() -> None:
    answer = nodes.parse("NodeName=n1 Arch=x\n   CPUTot=1\n\n" + record("n2"))
    assert [node.name for node in answer.nodes] == ["n2"]
    assert answer.refused == 1


def test_no_nodes() -> None:
    assert nodes.parse("No nodes in the system\n").nodes == []
    assert nodes.parse_one("Node n9 not found\n") is None


@pytest.mark.parametrize("name", ["", "n1,n2", "n[1-2]", "-a", "a b", "n1\n", "ALL="])
def test_one_node_is_named_by_one_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no node"):
        nodes.one_command(name)


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_free_text_changes_the_state_or_hides_a_node(comment: str, extra: str) -> None:
    text = record("n1", "IDLE+DRAIN", f"   Comment={comment}\n   Extra={extra}\n") + record("n2")
    answer = nodes.parse(text)
    found = {node.name: node for node in answer.nodes}
    assert {"n1", "n2"} <= set(found) | answer.doubtful
    if "n1" in found:
        assert found["n1"].state.text == "IDLE+DRAIN"
