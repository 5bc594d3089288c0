"""sacctmgr: what slurmdbd knows of nodes that were out of service.

Source: sacctmgr(1), section LIST/SHOW EVENT FORMAT OPTIONS, and ``src/sacctmgr/event_functions.c``, 20.11 to 26.05. A
record is ``n1|1795930404|Unknown|514|root(0)|REASON``. sacctmgr has no delimiter of our choice, and JSON from 23.02 on;
so the reason stands last, and whatever follows that is no beginning of a record, is its next line. Only who may set a
reason (an operator, a health check) could forge a record in it, and could as well set the node's state.

The time asked for is a window's begin: an outage that lasts, or ended since, is in the answer, however old it is.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from headgate.model.node_outage import NodeOutage, node_state_of_number

_FIELDS: Final = "nodename,start,end,stateraw,user,reason"
_RECORD: Final = re.compile(
    r"(?P<node>[A-Za-z0-9_.\-]{0,256})\|(?P<start>\d{1,12})\|(?P<end>\d{1,12}|Unknown)\|"
    r"(?P<state>\d{0,10})\|(?P<user>[^|\s]{0,256})\|(?P<reason>.*)",
    re.ASCII,
)
_USER: Final = re.compile(r"(?P<name>.*?)\((?P<uid>\d+)\)", re.ASCII)
_NO_ACCOUNTING: Final = "not running a supported accounting_storage plugin"


@dataclass(frozen=True, slots=True)
class NodeEvents:
    """What one sacctmgr said: the outages in the order of their begin, and how many records could not be read."""

    outages: list[NodeOutage]
    refused: int = 0


def command(since: float) -> list[str]:
    """Return the arguments that ask for all outages of this cluster's nodes that last, or ended since a time."""
    start = dt.datetime.fromtimestamp(max(0, int(since)), tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return ["sacctmgr", "--noheader", "--parsable2", "show", "event", f"start={start}", f"format={_FIELDS}"]


def environment() -> dict[str, str]:
    """Return the variables the arguments rely on: their times are in UTC."""
    return {"TZ": "UTC0"}


def parse(text: str) -> NodeEvents:
    """Read sacctmgr's answer. Records about the cluster, not a node, are left out; unreadable ones are counted."""
    records: list[tuple[re.Match[str], list[str]]] = []
    refused = 0
    for line in text.removesuffix("\n").split("\n"):
        match = _RECORD.fullmatch(line)
        if match is not None:
            records.append((match, [match["reason"]]))
        elif records:
            records[-1][1].append(line)
        elif line.strip():
            refused += 1
    outages: list[NodeOutage] = []
    for match, lines in records:
        if not match["node"]:
            continue  # "Cluster Registered TRES"
        outage = _outage(match, "\n".join(lines))
        if outage is None:
            refused += 1
        else:
            outages.append(outage)
    return NodeEvents(sorted(outages, key=lambda outage: (outage.start, outage.node)), refused)


def says_no_accounting(message: str) -> bool:
    """Say whether sacctmgr complains that this cluster has no slurmdbd at all."""
    return _NO_ACCOUNTING in message


def _outage(match: re.Match[str], reason: str) -> NodeOutage | None:
    state = node_state_of_number(int(match["state"] or "0"))
    if state is None:
        return None
    end = None if match["end"] == "Unknown" else int(match["end"])
    user = _USER.fullmatch(match["user"])
    named = (user["name"] or user["uid"]) if user else match["user"]
    return NodeOutage(match["node"], state, int(match["start"]), end, reason, named)
