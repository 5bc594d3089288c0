from __future__ import annotations

import ast
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headgate.events.sources.mail import headgate_mailprog
from headgate.events.sources.mail.install import DEFAULT_PYTHON, program_text
from headgate.events.sources.mail.record import parse_record
from tests.events.sources.mail.conftest import HandOff

SUBJECT = "Slurm Job_id=5 Name=x Began, Queued time 00:00:01"


def test_stores_arguments_time_and_slurm_environment(hand_off: HandOff) -> None:
    before = time.time()
    answer = hand_off.call("-s", SUBJECT, "alice", env={"SLURM_JOB_ID": "5", "SLURM_JOB_NAME": "x"})
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, b"", b"")
    record = hand_off.record()
    assert record.argv == (str(hand_off.program), "-s", SUBJECT, "alice")
    assert record.environment == {"SLURM_JOB_ID": "5", "SLURM_JOB_NAME": "x"}
    assert before - 0.001 <= record.received <= time.time()


def test_keeps_nothing_of_the_environment_but_slurms_and_no_token_of_slurms(hand_off: HandOff) -> None:
    hand_off.call("-s", SUBJECT, "a", env={"PASSWORD": "p", "SLURM_JWT": "t", "XSLURM_A": "x", "SLURM_UID": "1"})
    assert hand_off.record().environment == {"SLURM_UID": "1"}


def test_bytes_that_are_not_text_are_stored_as_they_are(hand_off: HandOff) -> None:
    every_byte = bytes(range(1, 256))
    hand_off.call("-s", every_byte, b"\xff\n|", env={b"SLURM_JOB_NAME": every_byte})
    (name,) = hand_off.names()
    data = (hand_off.spool / name).read_bytes()
    assert data.split(b"\0")[3:] == [
        os.fsencode(hand_off.program), b"-s", every_byte, b"\xff\n|", b"1", b"SLURM_JOB_NAME=" + every_byte, b""
    ]  # fmt: skip


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "de_DE.ISO-8859-1", "nowhere"])
def test_the_locale_changes_nothing(hand_off: HandOff, locale: str) -> None:
    hand_off.call(b"-s", b"\xe4\xc3\xa4", b"a", env={b"LC_ALL": locale.encode(), b"LANG": locale.encode()})
    (name,) = hand_off.names()
    assert b"\0\xe4\xc3\xa4\0" in (hand_off.spool / name).read_bytes()


def test_the_largest_arguments_linux_takes_are_stored(hand_off: HandOff) -> None:
    largest = "x" * (128 * 1024 - 1)
    assert hand_off.call("-s", largest, largest, env={"SLURM_JOB_COMMENT": "y" * 100_000}).returncode == 0
    assert hand_off.record().argv[2:] == (largest, largest)


@pytest.mark.parametrize("arguments", [(), ("-x",), ("--help",), ("-s",), ("a", "b", "c", "d"), ("-s", "", "")])
def test_a_call_that_is_not_slurms_is_stored_all_the_same(hand_off: HandOff, arguments: tuple[str, ...]) -> None:
    assert hand_off.call(*arguments).returncode == 0
    assert hand_off.record().argv[1:] == arguments


def test_the_record_is_for_owner_and_group_only_whatever_the_umask(hand_off: HandOff) -> None:
    for mask in (0o000, 0o077):
        subprocess.run([str(hand_off.program), "-s", SUBJECT, "a"], env={}, umask=mask, check=True)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in hand_off.spool.iterdir()}
    assert modes == {0o640}


def test_names_sort_by_time(hand_off: HandOff) -> None:
    for number in range(5):
        hand_off.call("-s", str(number), "a")
    subjects = [parse_record((hand_off.spool / name).read_bytes(), name=name).argv[2] for name in hand_off.names()]
    assert subjects == ["0", "1", "2", "3", "4"]


def test_works_with_all_standard_streams_closed(hand_off: HandOff) -> None:
    closed = 'exec "$0" -s "$1" alice <&- >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", closed, hand_off.program, SUBJECT], env={}, check=False).returncode == 0
    assert hand_off.record().argv[2] == SUBJECT


def test_the_environment_cannot_lead_an_installed_program_elsewhere(hand_off: HandOff, tmp_path: Path) -> None:
    python = {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": "/x", "PYTHONHOME": "/nowhere"}
    (tmp_path / "time.py").write_text("raise SystemExit(9)")
    answer = hand_off.call("-s", SUBJECT, "a", env={"HEADGATE_SPOOL": str(tmp_path), **python})
    assert answer.returncode == 0
    assert len(hand_off.names()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["time.py"]


def test_an_uninstalled_program_takes_the_spool_from_the_environment(tmp_path: Path) -> None:
    argv = [str(DEFAULT_PYTHON), "-IS", headgate_mailprog.__file__, "-s", SUBJECT, "a"]
    assert subprocess.run(argv, env={"HEADGATE_SPOOL": str(tmp_path)}, check=False).returncode == 0
    assert len(list(tmp_path.iterdir())) == 1


def complaint(answer: subprocess.CompletedProcess[bytes]) -> str:
    assert answer.returncode == 1
    assert answer.stdout == b""
    text = answer.stderr.decode("ascii")
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text


def test_no_spool_at_all_is_said_in_one_line() -> None:
    argv = [str(DEFAULT_PYTHON), "-IS", headgate_mailprog.__file__, "-s", "two\nlines \N{SNOWMAN}", "a"]
    answer = subprocess.run(argv, env={}, capture_output=True, check=False)
    assert "names no spool directory" in complaint(answer)


def test_a_missing_spool_is_said_in_one_line_with_the_mail_that_was_not_stored(hand_off: HandOff) -> None:
    hand_off.spool.rmdir()
    said = complaint(hand_off.call("-s", f"{SUBJECT}\nsecond line", "alice"))
    assert "No such file or directory" in said
    assert "Job_id=5" in said
    assert "alice" in said


def test_a_file_in_the_place_of_the_spool_is_said(hand_off: HandOff) -> None:
    hand_off.spool.rmdir()
    hand_off.spool.write_text("")
    assert "Not a directory" in complaint(hand_off.call("-s", SUBJECT, "a"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not write")
def test_a_spool_that_may_not_be_written_is_said(hand_off: HandOff) -> None:
    argv = [str(hand_off.program), "-s", SUBJECT, "a"]
    answer = subprocess.run(argv, env={}, capture_output=True, check=False, user="nobody", extra_groups=[])
    assert "Permission denied" in complaint(answer)
    assert hand_off.names() == []


def test_a_full_disk_leaves_nothing_behind(hand_off: HandOff) -> None:
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    argv = [str(hand_off.program), "-s", "x" * 5000, "a"]
    answer = subprocess.run(argv, env={}, capture_output=True, check=False, preexec_fn=full)
    assert "File too large" in complaint(answer)
    assert hand_off.names() == []


@pytest.mark.parametrize(
    "moment",
    [
        "posix.fchmod(file, 0o640)",
        "rest = rest[posix.write(file, rest) :]",
        "posix.fsync(file)",
        "posix.rename(hidden, name, src_dir_fd=directory, dst_dir_fd=directory)",
    ],
)
def test_killed_at_any_step_it_leaves_no_visible_record(hand_off: HandOff, moment: str) -> None:
    answer = hand_off.altered(moment, "posix.kill(posix.getpid(), 9)").call("-s", SUBJECT, "a")
    assert answer.returncode == -signal.SIGKILL
    (name,) = hand_off.names()
    assert name.startswith(".")


def test_killed_at_random_moments_every_visible_record_is_whole(hand_off: HandOff) -> None:
    chance = random.Random(4)
    for _ in range(30):
        process = subprocess.Popen([str(hand_off.program), "-s", "x" * 100_000, "a"], env={})
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.wait()
    assert hand_off.call("-s", SUBJECT, "a").returncode == 0
    visible = [name for name in hand_off.names() if not name.startswith(".")]
    assert visible
    for name in visible:
        parse_record((hand_off.spool / name).read_bytes(), name=name)


def test_hand_offs_at_the_same_time_make_one_record_each(hand_off: HandOff) -> None:
    processes = [subprocess.Popen([str(hand_off.program), "-s", str(number), "a"], env={}) for number in range(20)]
    assert [process.wait() for process in processes] == [0] * 20
    read = [parse_record((hand_off.spool / name).read_bytes(), name=name).argv[2] for name in hand_off.names()]
    assert sorted(read, key=int) == [str(number) for number in range(20)]


def test_starts_no_other_program_and_imports_only_what_is_built_in() -> None:
    source = Path(headgate_mailprog.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports for alias in node.names}
    assert names <= set(sys.builtin_module_names)


def interpreter(version: str) -> Path | None:
    """An interpreter of this version: on the path, or one of pyenv's."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    found = [*pyenv, *(Path(found) for found in [shutil.which(f"python{version}")] if found)]
    works = (one for one in found if not subprocess.run([one, "-c", ""], capture_output=True, check=False).returncode)
    return next(works, None)


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.9", "3.13"])
def test_runs_on_every_python_a_head_node_has(hand_off: HandOff, version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here")
    hand_off.program.write_text(program_text(hand_off.spool, python))
    for locale in (b"C", b"C.UTF-8"):
        answer = hand_off.call(b"-s", b"\xff\xc3\xa4", b"a", env={b"LC_ALL": locale, b"SLURM_X": b"\xe4"})
        assert (answer.returncode, answer.stderr) == (0, b"")
    for name in hand_off.names():
        assert b"\0\xff\xc3\xa4\0a\0001\0SLURM_X=\xe4\0" in (hand_off.spool / name).read_bytes()
