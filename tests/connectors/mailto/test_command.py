from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from headgate.connectors.mailto.command import CommandWay, command_line, outcome_of_status
from headgate.connectors.mailto.mail import Mail
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Scope, TryAgain

MAIL = Mail(
    "slurm@example.org", "ada@example.org", "- $(reboot) `x`", "<m@x>", b"Subject: s\r\n\r\nbody\r\n", utf8=False
)


async def commit() -> None:
    """Nothing to wait for."""


def script(path: Path, text: str) -> str:
    """Write a mail command; return its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_placeholders_are_whole_words_and_never_options() -> None:
    words = ["/usr/sbin/sendmail", "-i", "-s", "{subject}", "--", "{target}", "x{target}"]
    assert command_line(words, MAIL) == [
        "/usr/sbin/sendmail",
        "-i",
        "-s",
        " - $(reboot) `x`",
        "--",
        "ada@example.org",
        "x{target}",
    ]


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (os.EX_OK, Delivered, None),
        (os.EX_NOUSER, GiveUp, Reason.TARGET_REFUSED),
        (os.EX_NOHOST, GiveUp, Reason.TARGET_REFUSED),
        (os.EX_DATAERR, GiveUp, Reason.MESSAGE_REFUSED),
        (os.EX_TEMPFAIL, TryAgain, Reason.SERVICE_ERROR),
        (os.EX_NOPERM, TryAgain, Reason.NOT_AUTHORISED),
        (os.EX_USAGE, TryAgain, Reason.SERVICE_ERROR),
        (1, TryAgain, Reason.SERVICE_ERROR),
        (-9, TryAgain, Reason.SERVICE_ERROR),
    ],
)
def test_each_exit_status_has_its_meaning(status: int, kind: type[object], reason: Reason | None) -> None:
    outcome = outcome_of_status(status, "why")
    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", None) is reason


async def test_the_mail_is_on_standard_input_and_nothing_is_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVICE", "x")
    command = script(tmp_path / "mail", f'cat > {tmp_path}/got; env > {tmp_path}/env; echo "$@" > {tmp_path}/words')
    way = CommandWay("m", [command, "-i", "--", "{target}"], timeout=10)
    assert await way.deliver(MAIL, commit) == Delivered()
    assert (tmp_path / "got").read_bytes() == b"Subject: s\n\nbody\n"
    assert (tmp_path / "words").read_text() == "-i -- ada@example.org\n"
    assert "SECRET_OF_THE_SERVICE" not in (tmp_path / "env").read_text()
    await way.aclose()


async def test_what_the_command_complains_of_is_told_in_a_bounded_line(tmp_path: Path) -> None:
    command = script(
        tmp_path / "mail", "printf 'no\\nsuch\\033[31m user\\n' >&2; head -c 100000 /dev/zero >&2; exit 67"
    )
    outcome = await CommandWay("m", [command], timeout=10).deliver(MAIL, commit)
    assert isinstance(outcome, GiveUp)
    assert outcome.detail.startswith("the mail command ended with status 67: no such user")
    assert outcome.detail.isprintable()
    assert len(outcome.detail) < 400


async def test_a_command_that_takes_too_long_dies_with_its_children(tmp_path: Path) -> None:
    command = script(tmp_path / "mail", f"sleep 1000 & echo $! > {tmp_path}/child; wait")
    outcome = await CommandWay("m", [command], timeout=0.5).deliver(MAIL, commit)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.TIMEOUT
    await gone(int((tmp_path / "child").read_text()))


async def test_a_cancelled_send_leaves_no_command_behind(tmp_path: Path) -> None:
    command = script(tmp_path / "mail", f"echo $$ > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/pid; sleep 1000")
    sending = asyncio.create_task(CommandWay("m", [command], timeout=100).deliver(MAIL, commit))
    while not (tmp_path / "pid").exists():
        await asyncio.sleep(0.01)
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()
    await gone(int((tmp_path / "pid").read_text()))


async def test_a_daemon_left_behind_by_the_command_holds_nobody(tmp_path: Path) -> None:
    command = script(tmp_path / "mail", f"setsid sleep 1000 & echo $! > {tmp_path}/daemon; exit 0")
    try:
        assert await CommandWay("m", [command], timeout=10).deliver(MAIL, commit) == Delivered()
    finally:
        os.kill(int((tmp_path / "daemon").read_text()), 9)


@pytest.mark.parametrize("name", ["missing", "not-executable"])
async def test_a_command_that_cannot_be_started_concerns_all_mails(tmp_path: Path, name: str) -> None:
    (tmp_path / "not-executable").write_text("")
    outcome = await CommandWay("m", [str(tmp_path / name)], timeout=10).deliver(MAIL, commit)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.UNREACHABLE, Scope.CONNECTOR)


async def test_commit_comes_before_the_command(tmp_path: Path) -> None:
    command = script(tmp_path / "mail", f"touch {tmp_path}/ran")

    async def look() -> None:
        assert not (tmp_path / "ran").exists()

    await CommandWay("m", [command], timeout=10).deliver(MAIL, look)
    assert (tmp_path / "ran").exists()


async def gone(pid: int) -> None:
    """Wait until a process is no more, or a zombie that nobody has fetched."""
    while alive(pid):
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs (proc(5): the state follows the name in parentheses)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
