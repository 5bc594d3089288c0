from __future__ import annotations

from headgate.slurm.commands import nodes as commands
from headgate.slurm.pyslurm import nodes

TEXT = """\
NodeName=n1 Arch=x86_64 CoresPerSocket=4 
   CPUAlloc=3 CPUEfctv=16 CPUTot=16 CPULoad=2.20
   AvailableFeatures=a,b
   ActiveFeatures=(null)
   Gres=gpu:a100:2(S:0,1),nic:1
   GresDrain=N/A
   GresUsed=gpu:a100:1(IDX:0)
   NodeAddr=127.0.0.1 NodeHostName=vm Port=17001 Version=22.05.8
   OS=Linux 6.1 #1 
   RealMemory=16000 AllocMem=300 FreeMem=N/A Sockets=4 Boards=1
   State=MIXED+DRAIN ThreadsPerCore=1 TmpDisk=0 Weight=7 Owner=N/A MCS_label=N/A
   Partitions=main,short 
   BootTime=1795929834 SlurmdStartTime=None
   CfgTRES=cpu=16,mem=16000M
   AllocTRES=cpu=3
   CapWatts=n/a
   CurrentWatts=120 AveWatts=100
   Reason=disk [root@1795930394]

"""  # noqa: W291 - scontrol leaves blanks at the end of lines


def test_record_has_pyslurms_keys_and_types() -> None:
    node = commands.parse_one(TEXT)
    assert node is not None
    record = nodes.record(node)
    assert (record["alloc_cpus"], record["cpus"], record["cpu_load"], record["err_cpus"]) == (3, 16, 220, 0)
    assert (record["alloc_mem"], record["real_memory"], record["free_mem"]) == (300, 16000, None)
    assert (record["cores"], record["cores_per_socket"], record["sockets"], record["threads"]) == (4, 4, 4, 1)
    assert (record["features"], record["features_active"]) == (["a", "b"], [])
    assert record["gres"] == ["gpu:a100:2(S:0,1)", "nic:1"]
    assert (record["gres_drain"], record["gres_used"]) == ([], ["gpu:a100:1(IDX:0)"])
    assert (record["boot_time"], record["slurmd_start_time"]) == (1795929834, 0)
    assert (record["reason"], record["reason_time"], record["reason_uid"]) == ("disk", 1795930394, 0)
    assert (record["state"], record["version"], record["weight"]) == ("MIXED+DRAIN", "22.05.8", 7)
    assert (record["partitions"], record["owner"], record["mcs_label"]) == (["main", "short"], None, None)
    assert (record["core_spec_cnt"], record["cpu_spec_list"], record["mem_spec_limit"]) == (0, [], 0)
    assert record["energy"] == {"current_watts": 120, "ave_watts": 100}
    assert record["power_mgmt"] == {"cap_watts": None}
    assert (record["name"], record["os"], record["comment"]) == ("n1", "Linux 6.1 #1", None)


def test_all_that_the_packs_page_shows_is_there() -> None:
    node = commands.parse_one(TEXT)
    assert node is not None
    shown = {"alloc_cpus", "alloc_mem", "arch", "boards", "boot_time", "core_spec_cnt", "cores", "cores_per_socket",
             "cpu_load", "cpu_spec_list", "cpus", "version", "weight"}  # fmt: skip
    assert shown <= set(nodes.record(node))
