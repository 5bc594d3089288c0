"""Nodes, by PySlurm's keys."""

from __future__ import annotations

import pwd
import re
from collections.abc import Mapping
from typing import Final

from headgate.model.change import Facts, Value
from headgate.model.node import Node
from headgate.slurm.pyslurm import values
from headgate.slurm.pyslurm.jobs import Key

Record = dict[str, Value | Facts]
_FIELDS: Final[Mapping[str, Key]] = {
    "alloc_cpus": Key("CPUAlloc", values.number),
    "alloc_mem": Key("AllocMem", values.number),
    "arch": Key("Arch"),
    "boards": Key("Boards", values.number),
    "boot_time": Key("BootTime", values.epoch),
    "core_spec_cnt": Key("CoreSpecCount", lambda found: values.number(found) or 0),
    "cores": Key("CoresPerSocket", values.number),
    "cores_per_socket": Key("CoresPerSocket", values.number),
    "cpu_spec_list": Key("CPUSpecList", values.items),
    "cpus": Key("CPUTot", values.number),
    "features": Key("AvailableFeatures", values.items),
    "features_active": Key("ActiveFeatures", values.items),
    "free_mem": Key("FreeMem", values.number),
    "last_busy": Key("LastBusyTime", values.epoch),
    "mcs_label": Key("MCS_label"),
    "mem_spec_limit": Key("MemSpecLimit", lambda found: values.number(found) or 0),
    "node_addr": Key("NodeAddr"),
    "node_hostname": Key("NodeHostName"),
    "owner": Key("Owner"),
    "partitions": Key("Partitions", values.items),
    "real_memory": Key("RealMemory", values.number),
    "slurmd_start_time": Key("SlurmdStartTime", values.epoch),
    "sockets": Key("Sockets", values.number),
    "threads": Key("ThreadsPerCore", values.number),
    "tmp_disk": Key("TmpDisk", values.number),
    "tres_fmt_str": Key("CfgTRES"),
    "version": Key("Version"),
    "weight": Key("Weight", values.number),
}
_GRES: Final = re.compile(r",(?![^(]*\))")


def record(node: Node) -> Record:
    """Return a node's record. ``comment``, ``reason_user`` and ``reservation`` are ours."""
    made: Record = {key: one.read(node.fields.get(one.field, "")) for key, one in _FIELDS.items()}
    return made | {
        "name": node.name,
        "state": node.state.text,
        "comment": node.comment or None,
        "cpu_load": None if node.cpu_load is None else round(node.cpu_load * 100),
        "energy": {
            "current_watts": values.number(node.fields.get("CurrentWatts", "")) or 0,
            "ave_watts": values.number(node.fields.get("AveWatts", "")) or 0,
        },
        "err_cpus": 0,
        "extra": node.extra or None,
        "gres": _gres(node.fields.get("Gres", "")),
        "gres_drain": _gres(node.fields.get("GresDrain", "")),
        "gres_used": _gres(node.fields.get("GresUsed", "")),
        "os": node.os or None,
        "power_mgmt": {"cap_watts": values.number(node.fields.get("CapWatts", ""))},
        "reason": node.reason or None,
        "reason_time": None if node.reason_time is None else int(node.reason_time),
        "reason_uid": _uid(node.reason_user),
        "reason_user": node.reason_user or None,
        "reservation": node.reservation or None,
    }


def _gres(text: str) -> Value:
    return [item for item in _GRES.split(text) if item] if values.text(text) else []


def _uid(user: str) -> int | None:
    """Return an account's number; None if this host does not know it."""
    if user.isascii() and user.isdigit():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid if user else None
    except (KeyError, ValueError):
        return None
