r"""scontrol: all nodes in one call.

Source: scontrol(1), ``slurm_sprint_node_table`` in ``src/api/node_info.c`` (from 25.11 in ``src/scontrol``), 20.11 to
26.05. A record is::

    NodeName=n1 Arch=x86_64 CoresPerSocket=1
       CPUAlloc=0 CPUTot=16 CPULoad=0.10
       …
       State=IDLE+DRAIN ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A
       …
       Reason=first line [root@1795930394]
              second line
       Comment=…
       Extra=…
    (blank)

Why not another form: sinfo tells neither boot times nor slurmd's, and of compound states one word; JSON comes with
23.02; with ``--oneliner`` the lines of a reason cannot be told apart.

What may hold anything is the reason, the comment and the extra text, all written by operators, health checks or Slurm
itself. They stand after nearly all other fields, so the first value of a field is the true one. Further lines of a
reason are set in deeper than any field, so they are no fields. A comment or an extra text with a line that begins with
``NodeName=`` makes a second claim about a node. Nodes with more than one, and nodes whose record such a claim may have
cut short, are *doubtful* and asked for one by one.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from headgate.model.node import Node, NodeState, read_node_state
from headgate.model.tres import read_tres

_CLAIM: Final = re.compile(r"^NodeName=([A-Za-z0-9_.\-]{1,256})(?= |$)", re.MULTILINE | re.ASCII)
_FIELD: Final = re.compile(r"   ([A-Za-z_]+)=(.*)", re.DOTALL)
_NEXT: Final = re.compile(r" +(?=[A-Za-z_]+=)")
_REASON: Final = re.compile(
    r"(?P<reason>.*) \[(?P<user>[^\s@\[\]]{1,256})@(?P<time>\d{1,12}|[^\s\]]{1,40})\]", re.DOTALL
)
_WHOLE: Final = frozenset(
    {
        "ActiveFeatures", "AllocTRES", "AvailableFeatures", "CfgTRES", "Comment", "Extra", "Gres", "GresDrain",
        "GresUsed", "OS", "Partitions", "Reason", "ReservationName",
    }
)  # fmt: skip
"""Fields that have a line of their own, whatever their value looks like."""
_FREE: Final = frozenset({"Comment", "Extra"})
_AFTER_FREE: Final = frozenset({"Extra", "InstanceId", "ReservationName"})
"""Fields that may begin a line after a comment or an extra text."""
_SET_IN: Final = 10
"""Blanks before the second and later lines of a reason."""
_NONE: Final = frozenset({"(null)", "N/A", "n/a", "n/s", "None", "Unknown"})
_MIB: Final = 20
_NO_LOAD: Final = 42_000_000
"""Slurm writes a load it does not know as 4294967294 hundredths."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """What one scontrol said: the nodes, the names in doubt, and how many records could not be read."""

    nodes: list[Node]
    doubtful: frozenset[str] = frozenset()
    refused: int = 0


def command() -> list[str]:
    """Return the arguments that show all nodes of this cluster, also those in hidden partitions."""
    return ["scontrol", "--all", "--local", "--details", "show", "node"]


def one_command(name: str) -> list[str]:
    """Return the arguments that show one node. Raises ValueError for what is no node's name."""
    if not is_name(name):
        raise ValueError(f"{name!r} is no node")
    return [*command(), name]


def is_name(text: str) -> bool:
    """Say whether a text can be a node's name."""
    return re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,255}", text, re.ASCII) is not None


def parse(text: str) -> Nodes:
    """Read the answer about all nodes; a record that cannot be read is counted and left out."""
    starts = [(match.start(), match[1]) for match in _CLAIM.finditer(text)]
    ends = [*(start for start, _ in starts[1:]), len(text)]
    claims = {name: text[start:end] for (start, name), end in zip(starts, ends, strict=False)}
    doubtful = _doubtful([name for _, name in starts])
    read = [_node(name, record) for name, record in claims.items() if name not in doubtful]
    return Nodes([node for node in read if node], frozenset(doubtful), sum(node is None for node in read))


def parse_one(text: str) -> Node | None:
    """Read the answer about one node: all of it is about that; None if it holds no node."""
    match = _CLAIM.match(text)
    return None if match is None else _node(match[1], text)


def _doubtful(names: list[str]) -> set[str]:
    """Return the names that stand there more than once, and those in front of them."""
    counts = Counter(names)
    repeated = {name for name, count in counts.items() if count > 1}
    return repeated | {before for before, name in itertools.pairwise(names) if name in repeated}


def _node(name: str, record: str) -> Node | None:
    fields = _fields(record)
    state = read_node_state(fields.get("State", ""))
    return None if state is None else _made(name, state, fields)


def _fields(record: str) -> dict[str, str]:
    """Return a record's fields; the first value of each counts."""
    fields: dict[str, str] = {}
    last = ""
    first, *lines = record.removesuffix("\n").removesuffix("\n").split("\n")
    for line in [f"   {first}", *lines]:
        match = _FIELD.fullmatch(line)
        if match is None or match[1] in fields or (last in _FREE and match[1] not in _AFTER_FREE):
            if last == "Reason":
                fields[last] += f"\n{line[_SET_IN:]}" if line[:_SET_IN].isspace() else f"\n{line}"
            elif last in _FREE:
                fields[last] += f"\n{line}"
            continue
        last = match[1]
        if last in _WHOLE:
            fields[last] = match[2]
            continue
        for item in _NEXT.split(line.strip()):
            key, _, value = item.partition("=")
            fields.setdefault(key, value)
    return fields


def _made(name: str, state: NodeState, fields: dict[str, str]) -> Node:
    reason, user, when = _reason(fields.get("Reason", ""))
    return Node(
        name=name,
        state=state,
        reason=reason,
        reason_user=user,
        reason_time=when,
        boot_time=_time(fields.get("BootTime", "")),
        slurmd_start_time=_time(fields.get("SlurmdStartTime", "")),
        last_busy_time=_time(fields.get("LastBusyTime", "")),
        partitions=_list(fields.get("Partitions", "")),
        cpus=_number(fields.get("CPUTot", "")) or 0,
        cpus_allocated=_number(fields.get("CPUAlloc", "")) or 0,
        cpu_load=_load(fields.get("CPULoad", "")),
        memory=(_number(fields.get("RealMemory", "")) or 0) << _MIB,
        memory_allocated=(_number(fields.get("AllocMem", "")) or 0) << _MIB,
        memory_free=_memory(fields.get("FreeMem", "")),
        tres=read_tres(fields.get("CfgTRES", "")),
        tres_allocated=read_tres(fields.get("AllocTRES", "")),
        gres=_text(fields.get("Gres", "")),
        gres_used=_text(fields.get("GresUsed", "")),
        version=_text(fields.get("Version", "")),
        arch=_text(fields.get("Arch", "")),
        os=fields.get("OS", "").strip(),
        address=_text(fields.get("NodeAddr", "")),
        host=_text(fields.get("NodeHostName", "")),
        features=_list(fields.get("AvailableFeatures", "")),
        active_features=_list(fields.get("ActiveFeatures", "")),
        weight=_number(fields.get("Weight", "")) or 0,
        comment=_free(fields.get("Comment", "")),
        extra=_free(fields.get("Extra", "")),
        reservation=_text(fields.get("ReservationName", "")),
        next_state=_text(fields.get("NextState", "")),
        fields=fields,
    )


def _reason(text: str) -> tuple[str, str, float | None]:
    """Take ``[user@time]`` from the end of a reason's first line; return the reason, the user, the time."""
    first, newline, rest = text.partition("\n")
    match = _REASON.fullmatch(first)
    if match is None:
        return text, "", None
    return match["reason"] + newline + rest, match["user"], _time(match["time"])


def _text(text: str) -> str:
    stripped = text.strip()
    return "" if stripped in _NONE else stripped


def _free(text: str) -> str:
    return "" if text == "(null)" else text


def _list(text: str) -> tuple[str, ...]:
    return tuple(item for item in _text(text).split(",") if item)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def _time(text: str) -> float | None:
    number = _number(text)
    return float(number) if number else None


def _load(text: str) -> float | None:
    match = re.fullmatch(r"\d{1,9}\.\d{1,9}", text, re.ASCII)
    load = float(text) if match else None
    return None if load is None or load > _NO_LOAD else load


def _memory(text: str) -> int | None:
    number = _number(text)
    return None if number is None else number << _MIB
