"""Advice is given where request and use are far apart, and only there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headgate.config.notify import HintSettings
from headgate.model.states import JobState
from headgate.notify.hints import hints_for, use_of
from tests.notify.jobs import GIB, SUMMARY, figures, message, task

OFF = dict.fromkeys(
    (
        "memory_text",
        "cores_text",
        "walltime_text",
        "qos_text",
        "out_of_memory_text",
        "timeout_text",
        "timeout_qos_text",
    ),
    "",
)
QOS = {"short": 3600 * 4, "normal": 3600 * 24, "long": 3600 * 24 * 7}


def hints(
    settings: dict[str, Any] | None = None, state: JobState = JobState.COMPLETED, **changes: Any
) -> tuple[str, ...]:
    return hints_for(use_of([figures(state, **changes)]), HintSettings(**(settings or {})))


def test_a_job_that_used_what_it_asked_for_gets_no_advice() -> None:
    assert hints() == ()


def test_less_than_half_of_the_memory_used_is_worth_a_hint() -> None:
    assert hints(memory_used=GIB) == (
        (
            "At most 1 GiB of the 16 GiB of memory were used at once (6 %). With less asked for (1.2 GiB in all would "
            "do), such jobs may start sooner."
        ),
    )


def test_a_small_request_for_memory_is_forgiven() -> None:
    assert hints(memory_asked=GIB, memory_used=GIB // 100) == ()


def test_idle_cores_are_worth_a_hint() -> None:
    assert hints(cpu_used=3600.0, elapsed=3600, time_limit=3700) == (
        "The 8 CPUs were busy for 12 % of the time, as if 1 of them had worked. Does the program know how many it has?",
    )


def test_one_busy_thread_on_each_core_is_no_waste() -> None:
    assert hints(cpu_used=8 * 3600 * 0.48) == ()


def test_a_single_core_that_waits_is_not_advised_to_be_fewer() -> None:
    assert hints(cpus=1, cpu_used=1.0, time_limit=3700) == ()


def test_a_time_limit_far_too_long_is_worth_a_hint_with_one_that_is_enough() -> None:
    assert hints(time_limit=86400) == (
        (
            "The job ran for 1 h of the 1 d it had asked for. With a shorter limit, such as --time=01:15:00, "
            "it can fill gaps and may start sooner."
        ),
    )


def test_a_shorter_qos_is_named_only_where_the_site_lists_them() -> None:
    own = OFF | {"qos_text": "{qos} -> {other_qos} ({other_limit})"}
    assert hints(own | {"qos_limits": QOS}, time_limit=86400) == ("normal -> short (4 h)",)
    assert hints(own, time_limit=86400) == ()
    assert hints(own | {"qos_limits": {"normal": 86400}}, time_limit=86400) == ()
    assert hints(own | {"qos_limits": QOS}, time_limit=86400, qos="other") == ()


def test_running_out_of_memory_gives_that_advice_alone() -> None:
    assert hints(state=JobState.OUT_OF_MEMORY, cpu_used=1.0, time_limit=10**6) == (
        "The job needed more memory than it had asked for. Ask for more with --mem, --mem-per-cpu or --mem-per-gpu.",
    )


def test_running_out_of_time_names_a_longer_qos_when_this_one_allows_no_more() -> None:
    told = hints({"qos_limits": QOS}, state=JobState.TIMEOUT, elapsed=86400, time_limit=86400, cpu_used=8 * 86400.0)
    assert told == (
        (
            "The job was not done when its time limit was reached. Ask for more time with --time. "
            "QOS long allows up to 7 d."
        ),
    )
    same_qos = hints({"qos_limits": QOS}, state=JobState.TIMEOUT, elapsed=3600, time_limit=3600)
    assert "QOS" not in same_qos[0]


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED, JobState.NODE_FAIL, JobState.PREEMPTED])
def test_a_job_that_did_not_do_its_work_is_not_judged_by_what_it_used(state: JobState) -> None:
    assert hints(state=state, memory_used=1, cpu_used=0.0, time_limit=10**6) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"cpu_used": None, "memory_used": None, "time_limit": None},
        {"memory_used": 0, "cpu_used": None, "time_limit": None},
        {"memory_asked": None, "memory_used": 1},
        {"memory_used": 1, "cpu_used": 0.0, "complete": False},
        {"memory_used": 1, "cpu_used": 0.0, "elapsed": 299},
        {"memory_used": 1, "cpu_used": 0.0, "started": None},
    ],
)
def test_a_hint_is_silent_without_the_figures_it_rests_on(changes: dict[str, Any]) -> None:
    assert hints(**changes) == ()


def test_a_site_can_word_silence_or_switch_off_every_hint() -> None:
    assert hints(OFF | {"memory_text": "{percent} {{%}}"}, memory_used=GIB) == ("6 {%}",)
    assert hints(OFF, memory_used=GIB) == ()
    assert hints({"enabled": False}, memory_used=GIB) == ()


def test_a_text_with_a_figure_that_is_not_known_is_not_said() -> None:
    own = {"out_of_memory_text": "used {used} of {asked}"}
    assert hints(own, state=JobState.OUT_OF_MEMORY, memory_used=None) == ()


def test_a_name_in_a_text_is_only_a_text() -> None:
    own = OFF | {"timeout_text": "{partition} {qos}"}
    assert hints(own, state=JobState.TIMEOUT, partition="{asked}", qos="\x1b[2Jx") == ("{asked} x",)


def test_an_array_is_judged_by_its_hungriest_task() -> None:
    tasks = [task(1, memory_used=GIB), task(2, memory_used=12 * GIB)]
    assert message(SUMMARY, None, tasks=tasks).hints == ()
    low = [replace(one, memory_used=GIB) for one in tasks]
    assert message(SUMMARY, None, tasks=low).hints[0].startswith("At most 1 GiB of the 16 GiB")
