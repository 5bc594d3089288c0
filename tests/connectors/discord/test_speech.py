from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.bots.chat import Answer
from headgate.connectors.discord.speech import addressed, pressed, said
from headgate.testing.conformance.hostile import HOSTILE
from headgate.testing.discord.form import units
from headgate.testing.discord.markup import marks, plain

BOT = 1050000000000000001


def heard(content: str, *, private: bool = False, trigger: str = "showmeslurm") -> str | None:
    """Return what of a message was said to the bot."""
    return addressed(content, bot=BOT, trigger=trigger, private=private)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<@{BOT}> jobs", "jobs"),
        (f"<@!{BOT}>  job 17 ", "job 17"),
        (f"<@{BOT}>", ""),
        (f"please <@{BOT}> help", "please help"),
        (f"<@{BOT}> showmeslurm jobs", "jobs"),
        ("showmeslurm", ""),
        ("ShowMeSlurm\njobs", "jobs"),
        ("showmeslurms", None),
        ("I say showmeslurm", None),
        ("jobs", None),
        ("", None),
        (f"<@{BOT}1> jobs", None),
        (f"<@&{BOT}> jobs", None),
        (f"<#{BOT}>", None),
    ],
)
def test_in_a_channel_only_mention_and_trigger_address_the_bot(content: str, text: str | None) -> None:
    got = heard(content)
    assert (" ".join(got.split()) if got is not None else None) == text


@pytest.mark.parametrize(("content", "text"), [("jobs", "jobs"), ("", ""), ("showmeslurm jobs", "jobs"), (" x ", "x")])
def test_in_private_everything_does(content: str, text: str) -> None:
    assert heard(content, private=True) == text


def test_a_trigger_may_have_several_words() -> None:
    assert heard("hey slurm: jobs", trigger="Hey Slurm:") == "jobs"


def test_what_is_read_is_bounded() -> None:
    got = heard("x" * 1_000_000, private=True)
    assert got is not None
    assert len(got) <= 400


@pytest.mark.parametrize("custom_id", ["", None, 5, "x" * 61, "jobs\n", "jöbs", ["jobs"]], ids=str)
def test_what_no_button_of_ours_says_is_not_taken(custom_id: object) -> None:
    assert pressed(custom_id) is None


def test_a_button_says_its_command() -> None:
    assert pressed("cancel 17 yes abc") == "cancel 17 yes abc"


def test_an_answer_keeps_its_lines_and_its_list() -> None:
    answer = Answer("I answer:\n- jobs: your_jobs\n\n- help", code="a\n  b")
    assert said(answer) == "I answer:\n- jobs: your\\_jobs\n\n- help\n```\na\n  b\n```"


def test_a_mail_user_line_reads_as_it_is_written() -> None:
    told = said(Answer("Submit it so:", code="--mail-user=discord:1050000000000000777"))
    assert "\n--mail-user=discord:1050000000000000777\n" in told


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_are_bounded_and_mean_nothing(name: str) -> None:
    told = said(Answer(HOSTILE[name], code=HOSTILE[name]))
    assert 0 < units(told) <= 2000
    assert {mark.kind for mark in marks(told)} <= {"code block", "list"}


@given(st.text(max_size=3000), st.text(max_size=3000))
def test_every_answer_can_be_sent(text: str, code: str) -> None:
    told = said(Answer(text, code=code))
    assert 0 < units(told) <= 2000
    assert {mark.kind for mark in marks(told)} <= {"code block", "list"}


def test_a_long_output_keeps_its_end() -> None:
    told = said(Answer("The end of it:", code="\n".join(f"line {number}" for number in range(1000))))
    assert "line 999\n```" in told
    assert "```\n…\nline" in told
    assert plain(told).startswith("The end of it:")
