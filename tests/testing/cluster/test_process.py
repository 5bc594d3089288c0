from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.testing.cluster.errors import ClusterError, CommandError
from headgate.testing.cluster.process import MARK, Process, belonging_to, is_alive, run, send, spawn, wait_gone


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """What is started for it is ended after the test."""
    yield tmp_path
    while left := belonging_to(tmp_path, tmp_path / "slurm.conf", ()):
        for process in left:
            send(process, signal.SIGKILL)
        wait_gone(left, 5)


def start(directory: Path, *argv: str, **env: str) -> Process:
    return spawn(argv, {"PATH": "/usr/bin:/bin", **env}, directory / "output")


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_spawned_process_has_its_own_session_and_leaves_its_output(directory: Path) -> None:
    told = directory / "told"
    process = start(
        directory, "/bin/sh", "-c", f"pwd; echo bad >&2; umask; touch {told}; exec sleep 60", MARK=str(directory)
    )
    wait_for(told)
    assert os.getsid(process.pid) == process.pid
    assert (directory / "output").read_text() == "/\nbad\n0022\n"
    assert is_alive(process)
    assert send(process, signal.SIGTERM)
    assert wait_gone([process], 20)
    assert not send(process, signal.SIGTERM)


def test_output_is_added_to_what_is_there(directory: Path) -> None:
    for word in ("one", "two"):
        assert wait_gone([start(directory, "/bin/echo", word)], 20)
    assert (directory / "output").read_text() == "one\ntwo\n"


def test_a_process_with_another_start_time_is_not_signalled(directory: Path) -> None:
    process = start(directory, "/bin/sleep", "60", **{MARK: str(directory)})
    assert not send(Process(process.pid, process.started + 1), signal.SIGKILL)
    assert is_alive(process)


def test_all_that_a_marked_process_started_belongs_to_the_cluster(directory: Path) -> None:
    told = directory / "told"
    # One child forgets the mark, one leaves the session, one does both; the fourth has nothing to do with it.
    script = f"env -u {MARK} sleep 61 & setsid sleep 62 & setsid env -u {MARK} sleep 63 & sleep 0.2; touch {told}; wait"
    marked = start(directory, "/bin/sh", "-c", script, **{MARK: str(directory)})
    other = start(directory, "/bin/sleep", "64", **{MARK: f"{directory}-two"})
    try:
        wait_for(told)
        found = belonging_to(directory, directory / "slurm.conf", [marked])
        assert marked in found
        assert other not in found
        assert len(found) == 4
    finally:
        send(other, signal.SIGKILL)
        wait_gone([other], 20)


def test_a_job_that_left_its_family_belongs_to_the_cluster_and_a_shell_that_looks_at_it_does_not(
    directory: Path,
) -> None:
    conf = directory / "slurm.conf"
    job = start(directory, "/bin/sleep", "60", SLURM_CONF=str(conf), SLURM_JOB_ID="5")
    shell = start(directory, "/bin/sleep", "60", SLURM_CONF=str(conf))
    try:
        assert belonging_to(directory, conf, ()) == {job}
    finally:
        send(shell, signal.SIGKILL)
        wait_gone([shell], 20)


def test_a_command_that_fails_is_an_error_with_what_it_said() -> None:
    with pytest.raises(CommandError, match="sh -c echo no >&2; exit 3 ended with status 3: no") as caught:
        run(["/bin/sh", "-c", "echo no >&2; exit 3"])
    assert (caught.value.status, caught.value.output) == (3, "no\n")


def test_a_command_that_hangs_is_given_up() -> None:
    with pytest.raises(CommandError, match="did not end in time"):
        run(["/bin/sleep", "60"], timeout=0.1)


def test_a_command_that_is_missing_is_named() -> None:
    with pytest.raises(ClusterError, match="/no/such/thing is not there"):
        run(["/no/such/thing"])
