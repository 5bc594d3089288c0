from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from headgate.builds.deploy import names
from headgate.builds.deploy.directory import Directory
from headgate.builds.deploy.parcel import Wrapping, describe, wrap, written
from headgate.builds.deploy.policy import Candidate
from headgate.builds.deploy.spool import Copy
from headgate.config.builds import DeploySettings, SigningSettings
from tests.builds.deploy.made import ARTEFACT, LEGACY, REPOSITORY_ID, job, request

CANDIDATE = Candidate(job(), names.read(ARTEFACT, ".*"))


def wrapping(directory: Path, **given: object) -> Wrapping:
    settings = {"policy": "all", "kind": "directory", "directory": directory} | given
    return Wrapping(DeploySettings.model_validate(settings), "my-bot", Directory(directory))


@pytest.mark.parametrize("moment", [0, 1_690_000_000, 1_795_000_000, 951_782_400])
def test_times_are_written_as_date_writes_them(moment: int) -> None:
    argv = ["/usr/bin/date", "-u", "-d", f"@{moment}", "+%a %b %e %H:%M:%S %Z %Y"]
    said = subprocess.run(argv, env={"LC_ALL": "C"}, capture_output=True, text=True, check=True).stdout
    assert written(moment + 0.9) == said.strip()


def test_metadata_hold_of_the_host_what_the_settings_let_them(tmp_path: Path) -> None:
    copy = Copy(tmp_path / ARTEFACT, 5, "0" * 64, 0)
    told = describe(wrapping(tmp_path), request(), CANDIDATE, copy, "url")
    assert told["uploader"] == {"username": "my-bot", "ip": "", "hostname": ""}
    assert os.uname().nodename not in str(told)
    given = wrapping(tmp_path, metadata_ip="192.0.2.1", metadata_hostname="login.example")
    told = describe(given, request(), CANDIDATE, copy, "url")
    assert told["uploader"] == {"username": "my-bot", "ip": "192.0.2.1", "hostname": "login.example"}
    assert all(isinstance(value, str) for table in told.values() for value in table.values())


async def test_the_metadata_are_the_last_thing_sent(tmp_path: Path, signing: SigningSettings) -> None:
    file = tmp_path / ARTEFACT
    file.write_bytes(b"content")
    given = wrapping(tmp_path, signing={REPOSITORY_ID: signing}, artefact_prefix="a", metadata_prefix="m")
    parcel = await wrap(given, request(), CANDIDATE, Copy(file, 7, "0" * 64, 0))
    assert [piece.key for piece in (parcel.artefact, *parcel.companions)] == [
        f"a/{ARTEFACT}",
        f"a/{ARTEFACT}.sig",
        f"m/{ARTEFACT}.meta.txt.sig",
        f"m/{ARTEFACT}.meta.txt",
    ]


async def test_without_a_prefix_the_predecessors_path_is_taken(tmp_path: Path) -> None:
    file = tmp_path / ARTEFACT
    file.write_bytes(b"content")
    parcel = await wrap(wrapping(tmp_path), request(), CANDIDATE, Copy(file, 7, "0" * 64, 0))
    assert parcel.artefact.key == f"{LEGACY}/{ARTEFACT}"
    assert [piece.key for piece in parcel.companions] == [f"{LEGACY}/{ARTEFACT}.meta.txt"]
