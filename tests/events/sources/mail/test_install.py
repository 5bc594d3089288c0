from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from headgate.errors import SpoolError
from headgate.events.sources.mail.install import (
    DEFAULT_PYTHON,
    Account,
    Order,
    account,
    check_python,
    install_as,
    plan,
    program_text,
)
from headgate.events.sources.mail.placing import Directory, Program
from headgate.events.sources.mail.spool import MailSpool

ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(os.getegid()).gr_name
WHO = Account("slurm", 64030, "headgate", 990)
AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="needs root, to install for another account")


def order(directory: Path, **changes: Path) -> Order:
    return Order(
        changes.get("spool", directory / "var" / "spool"),
        changes.get("target", directory / "lib" / "headgate-mailprog"),
        changes.get("python", DEFAULT_PYTHON),
    )


def test_the_plan_is_a_spool_for_slurm_and_headgate_and_a_program_for_all() -> None:
    spool, program = plan(Order(Path("/var/spool/x"), Path("/usr/lib/x/p"), Path("/usr/bin/python3")), WHO)
    assert spool == Directory(Path("/var/spool/x"), 64030, 990, 0o2770)
    assert isinstance(program, Program)
    assert (program.path, program.mode) == (Path("/usr/lib/x/p"), 0o755)
    assert program.content.decode() == program_text(Path("/var/spool/x"))


@pytest.mark.parametrize(
    "spool", ["/var/spool/x", "/with \"quotes'", "/new\nline", "/back\\slash", "/\udcff\N{SNOWMAN}"]
)
def test_any_spool_path_is_written_as_it_is(spool: str) -> None:
    text = program_text(Path(spool), Path("/opt/python"))
    assert text.startswith("#!/opt/python -IS\n")
    names: dict[str, object] = {"__name__": "headgate_mailprog"}
    exec(compile(text, "program", "exec"), names)  # noqa: S102 - the program itself
    assert names["SPOOL"] == spool


@pytest.mark.parametrize(
    "changes",
    [
        {"spool": Path("relative")},
        {"spool": Path("/a/../b")},
        {"target": Path("relative")},
        {"target": Path("/with blank")},
        {"target": Path("/with#hash")},
        {"python": Path("python3")},
        {"python": Path("/with blank")},
        {"python": Path("/new\nline")},
        {"python": Path("/" + "x" * 130)},
    ],
)
def test_an_order_that_cannot_work_is_refused(changes: dict[str, Path]) -> None:
    with pytest.raises(SpoolError):
        plan(order(Path("/x"), **changes), WHO)


def test_names_this_host_does_not_know_are_refused_with_what_to_do() -> None:
    with pytest.raises(SpoolError, match="--slurm-user"):
        account("nobody-of-this-name", MY_GROUP)
    with pytest.raises(SpoolError, match="--group"):
        account(ME, "no-group-of-this-name")


def test_a_missing_interpreter_is_refused(tmp_path: Path) -> None:
    for wrong in (tmp_path / "missing", tmp_path):
        with pytest.raises(SpoolError, match="--python"):
            check_python(wrong)


def test_nothing_is_placed_if_the_interpreter_is_missing(open_directory: Path) -> None:
    with pytest.raises(SpoolError):
        install_as(order(open_directory, python=open_directory / "python"), ME, MY_GROUP)
    assert list(open_directory.iterdir()) == []


def test_an_installed_program_hands_mails_to_the_spool(open_directory: Path) -> None:
    wanted = order(open_directory)
    placed = install_as(wanted, ME, MY_GROUP)
    assert [one.outcome for one in placed] == ["made", "made"]
    assert wanted.configuration == f"MailProg={wanted.target}"
    argv = [str(wanted.target), "-s", "Slurm Job_id=1 Name=x Began", "alice"]
    assert subprocess.run(argv, env={}, check=False).returncode == 0
    assert MailSpool(wanted.spool).count() == 1


def test_installing_again_changes_nothing(open_directory: Path) -> None:
    wanted = order(open_directory)
    install_as(wanted, ME, MY_GROUP)
    before = wanted.target.stat()
    assert [one.outcome for one in install_as(wanted, ME, MY_GROUP)] == ["as it was", "as it was"]
    assert wanted.target.stat() == before


def test_installing_again_mends_what_was_changed(open_directory: Path) -> None:
    wanted = order(open_directory)
    install_as(wanted, ME, MY_GROUP)
    wanted.spool.chmod(0o777)
    wanted.target.write_text("rubbish")
    assert [one.outcome for one in install_as(wanted, ME, MY_GROUP)] == ["changed", "changed"]
    assert stat.S_IMODE(wanted.spool.stat().st_mode) == 0o2770
    assert wanted.target.read_text() == program_text(wanted.spool)


@needs_root
def test_slurms_account_can_hand_off_and_others_can_neither_read_nor_write(open_directory: Path) -> None:
    wanted = order(open_directory)
    spool, program = install_as(wanted, "nobody", "daemon")
    assert str(spool).startswith("drwxrws--- nobody:daemon ")
    assert str(program).startswith("-rwxr-xr-x root:root ")
    argv = [str(wanted.target), "-s", "x", "a"]
    # Another group than the spool's: what is made there belongs to the spool's all the same.
    assert subprocess.run(argv, env={}, user="nobody", group="nogroup", extra_groups=[], check=False).returncode == 0
    (record,) = wanted.spool.iterdir()
    assert (record.owner(), record.group(), stat.S_IMODE(record.stat().st_mode)) == ("nobody", "daemon", 0o640)
    stranger = subprocess.run(argv, env={}, user="bin", group="bin", extra_groups=[], capture_output=True, check=False)
    assert stranger.returncode == 1


@needs_root
def test_a_place_that_slurms_account_cannot_reach_is_said(open_directory: Path) -> None:
    (open_directory / "closed").mkdir(mode=0o700)
    wanted = order(open_directory, spool=open_directory / "closed" / "spool")
    with pytest.raises(SpoolError, match="nobody cannot use it: it may not write to"):
        install_as(wanted, "nobody", "daemon")


@needs_root
def test_an_interpreter_that_slurms_account_cannot_run_is_said(open_directory: Path) -> None:
    (open_directory / "closed").mkdir(mode=0o700)
    shutil.copy(DEFAULT_PYTHON, open_directory / "closed" / "python3")
    with pytest.raises(SpoolError, match=r"nobody cannot run .*--python"):
        install_as(order(open_directory, python=open_directory / "closed" / "python3"), "nobody", "daemon")


@needs_root
def test_without_root_the_error_says_so(open_directory: Path) -> None:
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            install_as(order(open_directory), "nobody", "nogroup")
        except SpoolError as error:
            os._exit(0 if "run this as root" in error.message else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert list(open_directory.iterdir()) == []
