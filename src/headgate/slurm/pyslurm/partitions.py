"""Partitions, by names in PySlurm's manner: scontrol's, in small letters with underscores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from headgate.model.change import Facts, Value
from headgate.slurm.pyslurm import values
from headgate.slurm.pyslurm.configuration import key_of

_LISTS: Final = frozenset({"allow_accounts", "allow_groups", "allow_qos", "deny_accounts", "deny_qos"})


def record(fields: Mapping[str, str]) -> Facts:
    """Return a partition's record."""
    return {_key(name): _value(_key(name), text) for name, text in fields.items()}


def _key(name: str) -> str:
    return {"PartitionName": "name", "QoS": "qos", "TRES": "tres_fmt_str", "TotalCPUs": "total_cpus"}.get(
        name
    ) or key_of(name)


def _value(key: str, text: str) -> Value:
    if key in _LISTS and text != "ALL":
        return values.items(text)
    if re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        return int(text)
    return {"YES": True, "NO": False}.get(text, values.text(text))
