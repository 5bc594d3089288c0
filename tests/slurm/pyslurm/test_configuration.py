from __future__ import annotations

import pytest

from headgate.slurm.commands import configuration as commands
from headgate.slurm.pyslurm import configuration

TEXT = """\
Configuration data as of 1795931000
AccountingStorageTRES   = cpu,mem
EnforcePartLimits       = NO
Epilog                  = (null)
EpilogMsgTime           = 2000 usec
JobCompPass             = hunter2
KillWait                = 30 sec
MaxArraySize            = 1001
PowerPlugin             = 
ReturnToService         = 2
SchedulerParameters     = a=b,c
SlurmUser               = slurm(64030)
SlurmctldHost[0]        = one(192.0.2.1)
SlurmctldHost[1]        = two
SLURM_VERSION           = 22.05.8
SuspendTime             = INFINITE

Cgroup Support Configuration:
KillWait                = 5 sec
CgroupPlugin            = (null)

Slurmctld(primary) at one is UP
"""  # noqa: W291 - scontrol leaves a blank there


@pytest.fixture
def found() -> dict[str, str]:
    return commands.parse(TEXT)


def test_values_have_types(found: dict[str, str]) -> None:
    record = configuration.record(found)
    assert (record["kill_wait"], record["epilog_msg_time"], record["max_array_sz"]) == (30, 2000, 1001)
    assert (record["enforce_part_limits"], record["epilog"], record["power_plugin"]) == (False, None, None)
    assert (record["sched_params"], record["suspend_time"]) == ("a=b,c", "INFINITE")
    assert (record["slurm_user_name"], record["slurm_user_id"]) == ("slurm", 64030)
    assert record["slurmctld_host"] == ["one(192.0.2.1)", "two"]
    assert record["version"] == "22.05.8"


def test_passwords_are_left_out(found: dict[str, str]) -> None:
    assert "hunter2" not in repr(configuration.record(found))
    assert "JobCompPass" not in found


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("TopologyPlugin", "topology_plugin"),
        ("ReturnToService", "ret2service"),
        ("LaunchParameters", "launch_params"),
        ("AuthType", "authtype"),
        ("PluginDir", "plugindir"),
        ("MaxArraySize", "max_array_sz"),
        ("SlurmctldHost[3]", "slurmctld_host"),
        ("TmpFS", "tmp_fs"),
        ("GroupUpdateForce", "group_update_force"),
        ("DefMemPerCPU", "def_mem_per_cpu"),
    ],
)
def test_keys_are_pyslurms(name: str, key: str) -> None:
    assert configuration.key_of(name) == key


def test_no_two_names_have_one_key() -> None:
    assert len(set(configuration.OTHERS.values())) == len(configuration.OTHERS)


def test_slurm_user(found: dict[str, str]) -> None:
    assert commands.slurm_user(found) == ("slurm", 64030)
    assert commands.slurm_user({}) is None
