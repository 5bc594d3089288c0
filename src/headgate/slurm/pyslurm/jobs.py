"""Jobs and their steps, by PySlurm's keys: which field of squeue each is, and as what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from headgate.model.change import Facts, Value
from headgate.slurm.pyslurm import values

Read = Callable[[str], Value]


@dataclass(frozen=True, slots=True)
class Key:
    """A key: squeue's ``--Format`` field and how its text is read."""

    field: str
    read: Read = values.text


def _array_id(found: str) -> Value:
    return None if found in ("N/A", "") else found


JOB: Final[Mapping[str, Key]] = {
    "account": Key("Account"),
    "accrue_time": Key("AccrueTime", values.local_time),
    "admin_comment": Key("admin_comment"),
    "alloc_node": Key("AllocNodes"),
    "alloc_sid": Key("AllocSID", values.number),
    "array_job_id": Key("ArrayJobID", values.number),
    "array_task_id": Key("ArrayTaskID", values.number),
    "array_task_str": Key("ArrayTaskID"),
    "assoc_id": Key("AssocID", values.number),
    "batch_flag": Key("BatchFlag", values.number),
    "batch_host": Key("BatchHost"),
    "boards_per_node": Key("BoardsPerNode", values.number),
    "burst_buffer": Key("BurstBuffer"),
    "burst_buffer_state": Key("BurstBufferState"),
    "cluster_features": Key("ClusterFeature"),
    "command": Key("Command"),
    "comment": Key("Comment"),
    "contiguous": Key("Contiguous", values.truth),
    "core_spec": Key("CoreSpec", values.number),
    "cores_per_socket": Key("Cores", values.number),
    "cpus_per_task": Key("cpus-per-task", values.number),
    "cpus_per_tres": Key("cpus-per-tres"),
    "dependency": Key("Dependency"),
    "derived_ec": Key("DerivedEC", values.exit_pair),
    "eligible_time": Key("EligibleTime", values.epoch),
    "end_time": Key("EndTime", values.epoch),
    "exit_code": Key("exit_code", values.exit_pair),
    "features": Key("Feature", values.items),
    "group_id": Key("GroupID", values.number),
    "het_job_id": Key("HetJobID", values.number),
    "het_job_id_set": Key("HetJobIDSet"),
    "het_job_offset": Key("HetJobOffset", values.number),
    "job_id": Key("JobID", values.number),
    "job_state": Key("State"),
    "last_sched_eval": Key("LastSchedEval", values.local_time),
    "licenses": Key("Licenses", values.items),
    "max_cpus": Key("MaxCPUs", values.number),
    "max_nodes": Key("MaxNodes", values.number),
    "mem_per_tres": Key("mem-per-tres"),
    "name": Key("Name"),
    "network": Key("Network"),
    "nice": Key("Nice", values.number),
    "nodes": Key("NodeList"),
    "ntasks_per_board": Key("NTPerBoard", values.number),
    "ntasks_per_core": Key("NTPerCore", values.number),
    "ntasks_per_node": Key("NTPerNode", values.number),
    "ntasks_per_socket": Key("NTPerSocket", values.number),
    "num_cpus": Key("NumCPUs", values.number),
    "num_nodes": Key("NumNodes", values.number),
    "num_tasks": Key("NumTasks", values.number),
    "partition": Key("Partition"),
    "pn_min_cpus": Key("MinCpus", values.number),
    "pn_min_memory": Key("MinMemory", values.megabytes),
    "pn_min_tmp_disk": Key("MinTmpDisk", values.megabytes),
    "preempt_time": Key("PreemptTime", values.local_time),
    "priority": Key("PriorityLong", values.number),
    "profile": Key("Profile"),
    "qos": Key("QOS"),
    "reboot": Key("Reboot", values.number),
    "req_nodes": Key("ReqNodes", values.items),
    "req_switch": Key("ReqSwitch", values.number),
    "requeue": Key("Requeue", values.truth),
    "resize_time": Key("ResizeTime", values.epoch),
    "restart_cnt": Key("RestartCnt", values.number),
    "resv_name": Key("Reservation"),
    "run_time": Key("TimeUsed", values.seconds),
    "run_time_str": Key("TimeUsed"),
    "sched_nodes": Key("SchedNodes"),
    "shared": Key("OverSubscribe"),
    "start_time": Key("StartTime", values.epoch),
    "state_reason": Key("Reason", str),
    "std_err": Key("STDERR"),
    "std_in": Key("STDIN"),
    "std_out": Key("STDOUT"),
    "submit_time": Key("SubmitTime", values.epoch),
    "system_comment": Key("system_comment"),
    "threads_per_core": Key("Threads", values.number),
    "time_limit": Key("TimeLimit", values.minutes),
    "time_limit_str": Key("TimeLimit"),
    "time_min": Key("MinTime", values.minutes),
    "tres_alloc_str": Key("tres-alloc"),
    "tres_bind": Key("tres-bind"),
    "tres_freq": Key("tres-freq"),
    "tres_per_job": Key("tres-per-job"),
    "tres_per_node": Key("tres-per-node"),
    "tres_per_socket": Key("tres-per-socket"),
    "tres_per_task": Key("tres-per-task"),
    "user_id": Key("UserID", values.number),
    "user_name": Key("UserName"),
    "wait4switch": Key("Wait4Switch", values.seconds),
    "wckey": Key("WCKey"),
    "work_dir": Key("WorkDir"),
}
"""``user_name`` is ours."""
STEP: Final[Mapping[str, Key]] = {
    "array_job_id": Key("ArrayJobID", values.number),
    "array_task_id": Key("ArrayTaskID", values.number),
    "cluster": Key("Cluster"),
    "cpus_per_tres": Key("cpus-per-tres"),
    "job_id": Key("JobID", values.number),
    "mem_per_tres": Key("mem-per-tres"),
    "name": Key("StepName"),
    "network": Key("Network"),
    "nodes": Key("Nodes"),
    "num_cpus": Key("NumCPUs", values.number),
    "num_tasks": Key("NumTasks", values.number),
    "partition": Key("Partition"),
    "run_time": Key("TimeUsed", values.seconds),
    "start_time": Key("StartTime", values.epoch),
    "state": Key("StepState"),
    "step_id_str": Key("StepID"),
    "time_limit": Key("TimeLimit", values.minutes),
    "time_limit_str": Key("TimeLimit"),
    "tres_bind": Key("tres-bind"),
    "tres_freq": Key("tres-freq"),
    "tres_per_node": Key("tres-per-node"),
    "tres_per_socket": Key("tres-per-socket"),
    "tres_per_step": Key("tres-per-step"),
    "tres_per_task": Key("tres-per-task"),
    "user_id": Key("UserID", values.number),
}
"""``job_id`` is ours."""
_ARRAY: Final = ("array_job_id", "array_task_id", "array_task_str")


def fields(table: Mapping[str, Key], keys: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of squeue that these keys need, each once."""
    wanted = {table[key].field: None for key in keys}
    if any(key in _ARRAY for key in keys):
        wanted["ArrayTaskID"] = None
    return tuple(wanted)


def record(table: Mapping[str, Key], found: Mapping[str, str], keys: Iterable[str] | None = None) -> Facts:
    """Return a record with these keys, or all, of squeue's fields."""
    wanted = list(table if keys is None else keys)
    made: Facts = {key: table[key].read(found[table[key].field]) for key in wanted}
    task = found.get("ArrayTaskID", "")
    if "array_job_id" in made and _array_id(task) is None:
        made["array_job_id"] = None  # squeue gives a job that is no array its own number
    if "array_task_str" in made and (task.isdigit() or _array_id(task) is None):
        made["array_task_str"] = None
    return made


def matches(made: Mapping[str, Value], criteria: Mapping[str, Value]) -> bool:
    """Say whether a record equals every criterion; a number may be given as text."""
    return all(_is_same(made[key], wanted) for key, wanted in criteria.items())


def _is_same(found: Value, wanted: Value) -> bool:
    if found == wanted and isinstance(found, bool) == isinstance(wanted, bool):
        return True
    if found is None or isinstance(found, list | bool) or not isinstance(wanted, str):
        return isinstance(found, bool) and isinstance(wanted, str) and str(found).lower() == wanted.lower()
    return str(found) == wanted
