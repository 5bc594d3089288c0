from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.bots.commands import (
    USAGES,
    Cancel,
    Command,
    ConfirmAction,
    Decide,
    Help,
    JobRef,
    Jobs,
    LinkAccount,
    Mute,
    NotUnderstood,
    RunAction,
    ShowJob,
    ShowOutput,
    Unlink,
    read_command,
    read_job,
    verb_of,
)
from headgate.testing.conformance.hostile import HOSTILE


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Help()),
        ("help", Help()),
        ("/start", Help()),
        ("/start deep-link", Help()),
        ("Hello!", Help()),
        ("jobs", Jobs()),
        ("/jobs@slurm_bot", Jobs()),
        ("JOBS", Jobs()),
        ("job 123", ShowJob(JobRef(123))),
        ("jobs 123", ShowJob(JobRef(123))),
        ("job #123.", ShowJob(JobRef(123))),
        ("job 123_4", ShowJob(JobRef(123, 4))),
        ("job 123_*", ShowJob(JobRef(123))),
        ("job 123+1", ShowJob(JobRef(123, part=1))),
        ("  output\n 123_4 ", ShowOutput(JobRef(123, 4))),
        ("cancel 123", Cancel(JobRef(123))),
        ("cancel 123 yes ab12", Cancel(JobRef(123), "ab12")),
        ("Cancel 123 YES AB12", Cancel(JobRef(123), "ab12")),
        ("cancel 123 yes", Cancel(JobRef(123))),
        ("mute 2h", Mute(7200.0)),
        ("mute 2 h", Mute(7200.0)),
        ("mute OFF", Mute(None)),
        ("unlink", Unlink()),
        ("link ABCDEF-GHJKMN", LinkAccount("ABCDEF-GHJKMN")),
        ("link ABCDEF GHJKMN", LinkAccount("ABCDEF GHJKMN")),
        ("link CODE", LinkAccount("CODE")),
        ("action slurm.ping", RunAction("slurm.ping")),
        ("/Action Slurm.Ping", RunAction("slurm.ping")),
        ("action node.drain nodes=n[1-3],n7", RunAction("node.drain", (("nodes", "n[1-3],n7"),))),
        (
            "action notify.send to=slack:#ops title=n4 is 50% a=b down  text=",
            RunAction("notify.send", (("to", "slack:#ops"), ("title", "n4 is 50%"), ("a", "b down"), ("text", ""))),
        ),
        ("action yes AB12", ConfirmAction("ab12")),
        ("approve 12", Decide(12, True)),
        ("/Refuse #12.", Decide(12, False)),
    ],
)
def test_commands_are_read(text: str, command: Command) -> None:
    assert read_command(text) == command


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("job", "job"),
        ("job x", "job"),
        ("job 0", "job"),
        ("job 4294967296", "job"),
        ("job -5", "job"),
        ("job 123_[1-3]", "job"),
        ("job 123 456", "job"),
        ("job ١٢٣", "job"),
        ("output", "output"),
        ("cancel 123 no", "cancel"),
        ("cancel 123 yes ab12 more", "cancel"),
        ("cancel 123 yes $(reboot)", "cancel"),
        ("mute", "mute"),
        ("mute 5", "mute"),
        ("mute 1s", "mute"),
        ("mute 31d", "mute"),
        ("unlink me", "unlink"),
        ("link", "link"),
        ("link ÄÖÜ", "link"),
        ("link " + "A" * 100, "link"),
        ("action", "action"),
        ("action drain n4", "action"),
        ("action drain n4 nodes=n5", "action"),
        ("action drain nodes=n4 nodes=n5", "action"),
        ("action $(reboot)", "action"),
        ("approve", "approve"),
        ("approve 0", "approve"),
        ("approve 12 13", "approve"),
        ("refuse -1", "refuse"),
        ("refuse ١٢", "refuse"),
        ("refuse 1234567890123456", "refuse"),
        ("action drain nodes=" + "n" * 2000, "action"),
    ],
)
def test_a_command_with_something_wrong_tells_how_it_goes(text: str, verb: str) -> None:
    assert read_command(text) == NotUnderstood(verb, USAGES[verb])


@pytest.mark.parametrize(
    ("text", "meant"), [("cancle 5", "cancel"), ("outptu", "output"), ("qwertz", None), ("tell me a joke", None)]
)
def test_other_words_are_not_understood(text: str, meant: str | None) -> None:
    assert read_command(text) == NotUnderstood(meant=meant)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert verb_of(read_command(text)) in {*USAGES, "unknown"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read(name: str) -> None:
    for verb in ("", *USAGES):
        assert verb_of(read_command(f"{verb} {HOSTILE[name]}")) in {*USAGES, "unknown"}


@given(st.integers(1, 0xFFFFFFFF), st.none() | st.integers(0, 999_999_999))
def test_a_job_is_written_as_it_is_read(number: int, task: int | None) -> None:
    job = JobRef(number, task)
    assert read_job(str(job)) == job
