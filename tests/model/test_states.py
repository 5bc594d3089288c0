from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.states import JobFlag, JobState, StateReading, read_state

TERMINAL = {
    JobState.COMPLETED,
    JobState.CANCELLED,
    JobState.FAILED,
    JobState.TIMEOUT,
    JobState.NODE_FAIL,
    JobState.PREEMPTED,
    JobState.BOOT_FAIL,
    JobState.DEADLINE,
    JobState.OUT_OF_MEMORY,
}


def test_states_that_are_over_are_those_from_complete_on_in_slurm_h() -> None:
    assert {state for state in JobState if state.terminal} == TERMINAL


def test_no_state_is_over_and_active() -> None:
    assert not [state for state in JobState if state.terminal and state.active]


def test_only_what_is_over_has_failed_and_cancelled_has_not() -> None:
    assert {state for state in JobState if state.failed} == TERMINAL - {JobState.COMPLETED, JobState.CANCELLED}


@pytest.mark.parametrize("state", JobState)
def test_state_is_read_by_its_word_and_by_its_letters(state: JobState) -> None:
    assert read_state(state.text) == read_state(state.code) == read_state(state.text.lower()) == StateReading(state)


@pytest.mark.parametrize("flag", JobFlag)
def test_flag_is_read_by_its_word_and_by_its_letters(flag: JobFlag) -> None:
    reading = read_state(flag.name)
    assert reading is not None
    assert reading.flags == {flag}
    assert read_state(flag.value) == reading


def test_no_two_states_or_flags_share_a_word() -> None:
    words = [word for state in JobState for word in {state.text, state.code}]
    words += [word for flag in JobFlag for word in {flag.name, flag.value}]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("CANCELLED by 1000", StateReading(JobState.CANCELLED, cancelled_by=1000)),
        ("CANCELLED+", StateReading(JobState.CANCELLED)),
        ("PENDING+CONFIGURING", StateReading(JobState.PENDING, frozenset({JobFlag.CONFIGURING}))),
        ("COMPLETED,COMPLETING", StateReading(JobState.COMPLETED, frozenset({JobFlag.COMPLETING}))),
        ("COMPLETING", StateReading(None, frozenset({JobFlag.COMPLETING}))),
        ("STOPPED", StateReading(JobState.SUSPENDED, frozenset({JobFlag.STOPPED}))),
        ("REQUEUE_HOLD", StateReading(JobState.PENDING, frozenset({JobFlag.REQUEUE_HOLD}))),
        ("RF", StateReading(JobState.PENDING, frozenset({JobFlag.REQUEUE_FED}))),
        ("", None),
        ("+", None),
        ("SLEEPING", None),
        ("CANCELLED by nobody", None),
    ],
)
def test_forms_of_the_commands_are_read(text: str, reading: StateReading | None) -> None:
    assert read_state(text) == reading


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    reading = read_state(text)
    assert reading is None or reading.state is not None or reading.flags
