from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate.testing.cluster import record
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.ports import Ports
from headgate.testing.cluster.process import Process, boot_id
from headgate.testing.cluster.record import Record

RECORD = Record("22.05", Ports(1, 2, 3, (4, 5)), boot=boot_id(), extra_conf={"MinJobAge": "5"})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = RECORD.with_daemon("munged", Process(7, 8)).with_daemon("mariadb", Process(9, 10))
    record.write(tmp_path / "cluster.json", written)
    assert record.read(tmp_path / "cluster.json") == written
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.json"]


def test_nothing_written_is_nothing_read(tmp_path: Path) -> None:
    assert record.read(tmp_path / "cluster.json") is None


def test_processes_of_an_earlier_boot_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "cluster.json"
    record.write(path, RECORD.with_daemon("munged", Process(7, 8)))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"boot": "before"}))
    assert record.read(path) == RECORD


def test_a_daemon_that_ended_is_taken_out() -> None:
    assert RECORD.with_daemon("n1", Process(1, 2)).with_daemon("n1", None).daemons == {}


@pytest.mark.parametrize("text", ["", "{", "{}", '{"ports": 5, "daemons": {}}', '{"slurm": "x", "daemons": {}}'])
def test_a_record_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cluster.json"
    path.write_text(text)
    with pytest.raises(ClusterError, match="cannot be read"):
        record.read(path)
