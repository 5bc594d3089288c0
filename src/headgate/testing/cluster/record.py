"""What is written down about a cluster: its ports, how it was made, and the processes that were started for it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.ports import Ports
from headgate.testing.cluster.process import Process, boot_id


@dataclass(frozen=True, slots=True)
class Record:
    """The content of cluster.json. ``boot``: the boot in which the processes were started."""

    slurm: str
    ports: Ports
    boot: str = ""
    daemons: dict[str, Process] = field(default_factory=dict)
    mail_prog: str | None = None
    extra_conf: dict[str, str] = field(default_factory=dict)

    def with_daemon(self, name: str, process: Process | None) -> Record:
        """Return the record with this daemon's process put in, or taken out."""
        others = {other: known for other, known in self.daemons.items() if other != name}
        return replace(self, daemons=others if process is None else others | {name: process})


def read(path: Path) -> Record | None:
    """Return what is written down, or None where nothing is. Processes of an earlier boot are left out."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    try:
        data = json.loads(text)
        ports = Ports(**{**data["ports"], "slurmd": tuple(data["ports"]["slurmd"])})
        daemons = {name: Process(**process) for name, process in data["daemons"].items()}
        record = Record(**{**data, "ports": ports, "daemons": daemons})
    except (ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{path} cannot be read ({error}); remove its directory to start anew") from error
    return record if record.boot == boot_id() else replace(record, boot=boot_id(), daemons={})


def write(path: Path, record: Record) -> None:
    """Write it down, whole or not at all."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(record), indent=2) + "\n")
    temporary.replace(path)
