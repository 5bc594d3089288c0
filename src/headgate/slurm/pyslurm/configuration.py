"""Slurm's configuration, by PySlurm's keys.

Most keys are scontrol's in small letters with underscores: ``TopologyPlugin`` is ``topology_plugin``. The others stand
in one table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from headgate.model.change import Facts, Value

OTHERS: Final[Mapping[str, str]] = {
    "AccountingStorageExternalHost": "accounting_storage_ext_host",
    "AccountingStorageTRES": "accounting_storage_tres",
    "AccountingStoreFlags": "accounting_store_flags",
    "AuthInfo": "authinfo",
    "AuthType": "authtype",
    "BOOT_TIME": "boot_time",
    "BurstBufferType": "bb_type",
    "CommunicationParameters": "comm_params",
    "CpuFreqGovernors": "cpu_freq_govs",
    "DefMemPerCPU": "def_mem_per_cpu",
    "DependencyParameters": "dependency_params",
    "FairShareDampeningFactor": "fs_dampening_factor",
    "GresTypes": "gres_plugins",
    "GroupUpdateTime": "group_time",
    "HASH_VAL": "hash_val",
    "JobAcctGatherFrequency": "job_acct_gather_freq",
    "JobContainerType": "job_container_plugin",
    "LaunchParameters": "launch_params",
    "LogTimeFormat": "log_fmt",
    "MULTIPLE_SLURMD": "multiple_slurmd",
    "MaxArraySize": "max_array_sz",
    "MaxDBDMsgs": "max_dbd_msgs",
    "MaxJobCount": "max_job_cnt",
    "MaxMemPerCPU": "max_mem_per_cp",
    "MaxStepCount": "max_step_cnt",
    "MCSParameters": "mcs_parameters",
    "MCSPlugin": "mcs_plugin",
    "MessageTimeout": "msg_timeout",
    "NEXT_JOB_ID": "next_job_id",
    "PlugStackConfig": "plugstack",
    "PluginDir": "plugindir",
    "PrEpParameters": "prep_params",
    "PrEpPlugins": "prep_plugins",
    "PriorityDecayHalfLife": "priority_decay_hl",
    "PriorityParameters": "priority_params",
    "PrioritySiteFactorParameters": "priority_site_factor_params",
    "PriorityUsageResetPeriod": "priority_reset_period",
    "PriorityWeightFairShare": "priority_weight_fs",
    "PriorityWeightJobSize": "priority_weight_js",
    "PriorityWeightPartition": "priority_weight_part",
    "PriorityWeightQOS": "priority_weight_qos",
    "PriorityWeightTRES": "priority_weight_tres",
    "PropagateResourceLimits": "propagate_rlimits",
    "PropagateResourceLimitsExcept": "propagate_rlimits_except",
    "ReturnToService": "ret2service",
    "SLURM_CONF": "slurm_conf",
    "SLURM_VERSION": "version",
    "SchedulerParameters": "sched_params",
    "SchedulerTimeSlice": "sched_time_slice",
    "SchedulerType": "schedtype",
    "ScronParameters": "scron_params",
    "SelectTypeParameters": "select_type_param",
    "SlurmSchedLogFile": "sched_logfile",
    "SlurmSchedLogLevel": "sched_log_level",
    "SlurmUser": "slurm_user_name",
    "SlurmctldLogFile": "slurmctld_logfile",
    "SlurmctldPidFile": "slurmctld_pidfile",
    "SlurmdLogFile": "slurmd_logfile",
    "SlurmdPidFile": "slurmd_pidfile",
    "SlurmdSpoolDir": "slurmd_spooldir",
    "SlurmdUser": "slurmd_user_name",
    "SwitchParameters": "switch_param",
    "TCPTimeout": "tcp_timeout",
    "TLSParameters": "tls_parameters",
    "TLSType": "tls_type",
    "TmpFS": "tmp_fs",
    "TrackWCKey": "track_wckey",
    "UnkillableStepProgram": "unkillable_program",
    "UnkillableStepTimeout": "unkillable_timeout",
    "VSizeFactor": "vsize_factor",
    "X11Parameters": "x11_params",
}
"""scontrol's name -> PySlurm's, where small letters and underscores do not make it."""
_IDS: Final = {"slurm_user_name": "slurm_user_id", "slurmd_user_name": "slurmd_user_id"}
_BEFORE_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AMOUNT: Final = re.compile(r"(-?\d{1,15})(?: (?:sec|min|usec|percent|nodes/min|bytes))?", re.ASCII)
_USER: Final = re.compile(r"(?P<name>[^()]{1,256})\((?P<uid>\d{1,10})\)", re.ASCII)
_HOST: Final = re.compile(r"(?P<key>[A-Za-z]+)\[\d{1,3}\]")


def key_of(name: str) -> str:
    """Return PySlurm's key of what scontrol calls so."""
    numbered = _HOST.fullmatch(name)
    plain = numbered["key"] if numbered else name
    return OTHERS.get(plain) or _BEFORE_CAPITAL.sub("_", plain).lower()


def record(configuration: Mapping[str, str]) -> Facts:
    """Return the configuration by PySlurm's keys; of numbered ones (``SlurmctldHost[0]``) a list."""
    made: Facts = {}
    for name, text in configuration.items():
        key = key_of(name)
        user = _USER.fullmatch(text) if key in _IDS else None
        if user:
            made[key], made[_IDS[key]] = user["name"], int(user["uid"])
        elif _HOST.fullmatch(name):
            before = made.get(key)
            made[key] = [*(before if isinstance(before, list) else []), text]
        else:
            made[key] = _value(text)
    return made


def _value(text: str) -> Value:
    if text in ("(null)", ""):
        return None
    amount = _AMOUNT.fullmatch(text)
    if amount:
        return int(amount[1])
    return {"yes": True, "no": False}.get(text.lower(), text)
