"""What a message about one job holds."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config.notify import HintSettings, MessageSettings
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures, HetPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import Link, LogTail, Message
from headgate.model.states import JobState
from headgate.notify.message import INCOMPLETE_FIGURES, NO_FIGURES, build_message
from tests.notify.jobs import COMPLETED, ENDED, GIB, START, ended, facts, figures, message


def test_a_completed_job_tells_what_it_asked_for_and_used() -> None:
    told = facts(message(ENDED, COMPLETED))
    assert told == {
        "Job": "123",
        "Name": "align",
        "User": "ada",
        "Account": "bio",
        "Cluster": "alpha",
        "Partition": "batch",
        "QOS": "normal",
        "Nodes": "2 (n[01-02])",
        "CPUs": "8",
        "GPUs a100": "2",
        "Submitted": "2026-09-21 16:12:20 CEST",
        "Started": "2026-09-21 16:13:20 CEST",
        "Ended": "2026-09-21 17:13:20 CEST",
        "Waited": "1 min",
        "Ran": "1 h of 2 h",
        "Exit code": "0",
        "CPU time": "7 h 12 min of 8 h",
        "Memory": "12 GiB of 16 GiB",
        "Read from disk": "0 B",
        "Written to disk": "3 GiB",
        "Work directory": "/home/ada/run",
        "Comment": "first try",
    }


def test_bars_compare_what_was_used_with_what_was_given() -> None:
    bars = {bar.label: (round(bar.fraction, 3), bar.text) for bar in message(ENDED, COMPLETED).bars}
    assert bars == {
        "CPU": (0.9, "7 h 12 min of 8 h of CPU time"),
        "Memory": (0.75, "12 GiB of 16 GiB"),
        "Time": (0.5, "1 h of 2 h"),
    }


def test_what_is_not_known_is_left_out_and_never_zero() -> None:
    bare = figures(
        cpu_used=None,
        memory_used=None,
        memory_asked=None,
        disk_read=None,
        disk_written=None,
        time_limit=None,
        tres={},
        qos="",
        comment="",
        work_dir="",
    )
    told = facts(message(ENDED, bare))
    assert told["Ran"] == "1 h"
    assert not told.keys() & {"CPU time", "Memory", "Memory asked for", "Read from disk", "QOS", "Comment"}
    assert message(ENDED, bare).bars == ()
    assert message(ENDED, bare).hints == ()


def test_a_job_that_never_started_shows_what_it_asked_for_only() -> None:
    never = figures(
        JobState.CANCELLED, started=None, elapsed=0, nodes="", node_count=0, cpu_used=None, memory_used=None
    )
    built = message(ended(JobState.CANCELLED, run_time=0), never)
    told = facts(built)
    assert told["CPUs asked for"] == "8"
    assert told["Memory asked for"] == "16 GiB"
    assert told["Time limit"] == "2 h"
    assert not told.keys() & {"Started", "Ran", "Nodes", "Exit code", "CPU time"}
    assert built.bars == ()


def test_a_mail_about_a_never_started_job_says_so_without_accounting() -> None:
    assert message(ended(JobState.CANCELLED, run_time=0)).title.startswith("Cancelled before it started")


def test_gpus_of_several_types_are_shown_by_type_and_untyped_ones_together() -> None:
    typed = figures(
        tres={"gres/gpu": 3, "gres/gpu:a100": 2, "gres/gpu:h100": 1, "license/matlab": 1, "gres/gpumem": GIB}
    )
    told = facts(message(ENDED, typed))
    assert (told["GPUs a100"], told["GPUs h100"], told["Licences matlab"]) == ("2", "1", "1")
    assert told["gpumem"] == "1 GiB"
    assert "GPUs" not in told
    assert facts(message(ENDED, figures(tres={"gres/gpu": 3, "gres/gpu:a100": 2})))["GPUs"] == "3"


def test_figures_that_never_came_are_said_to_be_missing() -> None:
    built = message(ENDED, None, figures_missing=True)
    assert built.notes == (NO_FIGURES,)
    assert (built.hints, built.bars) == ((), ())


def test_figures_that_are_not_complete_make_no_bar_and_no_hint_and_say_so() -> None:
    partial = figures(complete=False, memory_used=GIB, cpu_used=1.0)
    built = message(ENDED, partial, figures_missing=True)
    assert built.notes == (INCOMPLETE_FIGURES,)
    assert [bar.label for bar in built.bars] == ["Time"]
    assert built.hints == ()


def test_a_start_shows_how_long_it_waited_and_when_it_will_end_at_the_latest() -> None:
    began = replace(ENDED, kind=MailKind.BEGAN, state=JobState.RUNNING, run_time=None, queued_time=60)
    running = figures(JobState.RUNNING, ended=None, elapsed=3, cpu_used=None, memory_used=None, complete=False)
    built = message(began, running)
    assert built.summary == ("It waited for 1 min. Its time limit ends it at 2026-09-21 18:13:20 CEST at the latest.")
    assert built.time == START
    assert (built.notes, built.bars, built.hints) == ((), (), ())
    assert "Ran" not in facts(built)


def test_a_warning_of_the_time_limit_says_how_much_is_left() -> None:
    warning = replace(ENDED, kind=MailKind.TIME_LIMIT_80, state=JobState.RUNNING, run_time=5760)
    built = message(warning, figures(JobState.RUNNING, ended=None, complete=False))
    assert built.summary == "It has run for 1 h 36 min of 2 h; 24 min are left."
    assert [(bar.label, bar.fraction) for bar in built.bars] == [("Time", 0.8)]


def test_a_requeued_job_says_which_attempt_this_was() -> None:
    assert facts(message(replace(ENDED, restarts=2), COMPLETED))["Attempt"] == "3, after requeueing"


def test_hundreds_of_nodes_are_counted_and_named_in_one_bounded_line() -> None:
    scattered = ",".join(f"n{number}" for number in range(0, 4000, 2))
    told = facts(message(ENDED, figures(nodes=scattered, node_count=2000)))["Nodes"]
    assert told.startswith("2000 (n[0,2,4,")
    assert len(told) <= 300


def test_a_link_is_made_from_the_sites_template_with_every_value_encoded() -> None:
    own = MessageSettings(
        job_link="https://dash.example/{cluster}/job?id={job_id}&u={user}", job_link_label="Dashboard"
    )
    built = message(replace(ENDED, user="a&b/../?"), None, settings=own)
    assert built.links == (Link(label="Dashboard", url="https://dash.example/alpha/job?id=123&u=a%26b%2F..%2F%3F"),)


def test_there_is_no_link_where_a_part_of_it_is_not_known() -> None:
    own = MessageSettings(job_link="https://dash.example/{cluster}/{job_id}")
    assert message(replace(ENDED, cluster=""), None, settings=own).links == ()


def test_the_log_is_cleaned_and_bounded_whoever_read_it() -> None:
    log = LogTail(path="/home/ada/\x1b[2Jout", lines=("\x1b[31merror\x1b[0m", "x" * 5000, *["y"] * 300))
    built = message(ENDED, COMPLETED, log=log)
    assert built.log is not None
    assert built.log.path == "/home/ada/out"
    assert len(built.log.lines) == 200
    assert max(map(len, built.log.lines)) <= 500


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"array": ArrayPlace(200, 4), "scope": MailScope.ARRAY_TASK}, "200_4"),
        ({"het": HetPlace(123, 0)}, "123+0"),
        ({}, "123"),
    ],
)
def test_the_job_is_named_as_users_write_it(changes: dict[str, Any], label: str) -> None:
    built = message(replace(ENDED, **changes))
    assert built.title == f'Completed: job {label} "align"'
    assert built.job is not None
    assert built.job.job_id == label


TEXTS = st.text(st.characters(categories=None), max_size=60) | st.sampled_from(
    ["\x1b[2J", "n[1-9999999999]", "\u202e" * 9]
)
NUMBERS = st.integers(-(10**20), 10**20) | st.integers(0, 100) | st.just(10**400)
TIMES = st.floats() | st.floats(0, 2e9)
STATES = st.sampled_from(JobState)
PLACES = st.none() | st.builds(ArrayPlace, NUMBERS, st.none() | NUMBERS, TEXTS | st.just("1-9:2%3"))
HETS = st.none() | st.builds(HetPlace, NUMBERS, NUMBERS)


def requests() -> st.SearchStrategy[MailRequest]:
    optional = st.none() | NUMBERS
    return st.builds(
        MailRequest,
        record_id=TEXTS,
        received=TIMES,
        kind=st.sampled_from(MailKind),
        scope=st.sampled_from(MailScope),
        job_id=NUMBERS,
        receivers=TEXTS,
        array=PLACES,
        het=HETS,
        state=st.none() | STATES,
        mixed=st.booleans(),
        requeued_tasks=st.booleans(),
        started=st.none() | TIMES,
        ended=st.none() | TIMES,
        **dict.fromkeys(
            ("uid", "restarts", "exit_code", "exit_code_min", "signal", "run_time", "queued_time", "staged_out_time"),
            optional,
        ),
        **dict.fromkeys(
            ("cluster", "name", "user", "account", "partition", "qos", "nodes", "work_dir", "comment"), TEXTS
        ),
    )


def records() -> st.SearchStrategy[Figures]:
    return st.builds(
        Figures,
        attempt=st.builds(Attempt, TEXTS, NUMBERS, NUMBERS),
        state=STATES,
        exit=st.builds(ExitStatus, NUMBERS, NUMBERS),
        started=st.none() | TIMES,
        ended=st.none() | TIMES,
        elapsed=NUMBERS,
        node_count=NUMBERS,
        cpus=NUMBERS,
        cpu_used=st.none() | TIMES,
        steps=NUMBERS,
        array=PLACES,
        het=HETS,
        tres=st.dictionaries(TEXTS | st.sampled_from(["gres/gpu", "gres/gpu:a", "bb/x"]), NUMBERS, max_size=30),
        complete=st.booleans(),
        **dict.fromkeys(
            ("cancelled_by", "time_limit", "memory_asked", "memory_used", "disk_read", "disk_written"),
            st.none() | NUMBERS,
        ),
        **dict.fromkeys(
            ("label", "name", "user", "account", "partition", "qos", "nodes", "work_dir", "comment"), TEXTS
        ),
    )


def texts(built: Message) -> list[str]:
    found = [built.title, built.summary, *built.hints, *built.notes]
    found += [text for fact in built.facts for text in (fact.label, fact.value)]
    found += [text for bar in built.bars for text in (bar.label, bar.text)]
    found += [text for link in built.links for text in (link.label, link.url)]
    if built.log:
        found += [built.log.path, *built.log.lines]
    if built.job:
        found += [built.job.cluster, built.job.job_id, built.job.name, built.job.user]
    return found


@settings(max_examples=300, deadline=None)
@given(requests(), st.none() | records(), st.lists(records(), max_size=4), st.booleans(), st.lists(TEXTS, max_size=5))
def test_any_request_and_any_figures_make_a_bounded_message_without_controls(
    request: MailRequest, about: Figures | None, tasks: list[Figures], missing: bool, lines: list[str]
) -> None:
    built = build_message(
        request,
        about,
        tasks=tasks,
        settings=MessageSettings(job_link="https://dash.example/{cluster}/{job_id}/{user}"),
        hints=HintSettings(min_elapsed=0, memory_floor_mib=0, qos_limits={"short": 60, "long": 10**6}),
        log=LogTail(path="x", lines=tuple(lines)),
        figures_missing=missing,
    )
    for text in texts(built):
        assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
        assert len(text) <= 2000
        text.encode()
    assert len(built.facts) < 60
    assert all(bar.fraction >= 0 for bar in built.bars)
    assert Message.model_validate_json(built.model_dump_json()) == built
