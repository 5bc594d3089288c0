from __future__ import annotations

from headgate.slurm.commands import partitions as commands
from headgate.slurm.commands.partitions import PartitionKey
from headgate.slurm.pyslurm import partitions

TEXT = """\
PartitionName=short
   AllowGroups=ALL AllowAccounts=physics,chemistry AllowQos=ALL
   AllocNodes=ALL Default=NO QoS=N/A
   DefaultTime=NONE DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=YES
   MaxNodes=UNLIMITED MaxTime=00:10:00 MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED
   Nodes=n[1-4]
   State=UP TotalCPUs=64 TotalNodes=4 SelectTypeParameters=NONE
   TRES=cpu=64,mem=62.50G,node=4

"""


def test_record() -> None:
    record = partitions.record(commands.parse(TEXT)["short"])
    assert (record["name"], record["state"], record["max_time"], record["nodes"]) == (
        "short", "UP", "00:10:00", "n[1-4]",
    )  # fmt: skip
    assert (record["allow_groups"], record["allow_accounts"]) == ("ALL", ["physics", "chemistry"])
    assert (record["default"], record["hidden"], record["qos"]) == (False, True, None)
    assert (record["total_cpus"], record["max_nodes"], record["grace_time"]) == (64, "UNLIMITED", 0)
    assert record["tres_fmt_str"] == "cpu=64,mem=62.50G,node=4"


def test_what_can_be_changed_has_the_name_that_is_shown() -> None:
    shown = partitions.record(commands.parse(TEXT)["short"])
    named = {PartitionKey.MAX_TIME, PartitionKey.ALLOW_QOS, PartitionKey.QOS, PartitionKey.STATE, PartitionKey.HIDDEN}
    assert {key.name.lower() for key in named} <= set(shown)
