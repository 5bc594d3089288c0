from __future__ import annotations

import pytest

from headgate.connectors.matrix.addressed import Addressee
from headgate.connectors.matrix.sync import Said

BOT = Addressee("@headgate:example.org", "Job Bot", "show me slurm")


def said(body: str, html: str = "", *mentioned: str) -> Said:
    return Said("!r:x", "$e", "@ada:example.org", body, html, frozenset(mentioned), 0.0)


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("@headgate:example.org: jobs", "jobs"),
        ("@headgate jobs", "jobs"),
        ("Job Bot: job 17", "job 17"),
        ("job bot, help", "help"),
        ("@Job Bot help", "help"),
        ("  Show Me Slurm   cancel 17", "cancel 17"),
        ("Job Bot", ""),
        ("> <@job:x> old words\n> more\n\nJob Bot: help", "help"),
    ],
)
def test_what_begins_with_its_name_is_meant_for_the_bot(body: str, asked: str) -> None:
    assert BOT.asked(said(body), private=False) == asked
    assert BOT.asked(said(body), private=True) == asked


@pytest.mark.parametrize(
    "body",
    [
        "",
        "jobs",
        "I like Job Bot",
        "Job Bots are fine",
        "job botany",
        "headgate is down",
        "@headgate-2 jobs",
        "> Job Bot: x",
    ],
)
def test_everything_else_is_not(body: str) -> None:
    assert BOT.asked(said(body), private=False) is None


def test_in_private_everything_is() -> None:
    assert BOT.asked(said(" jobs "), private=True) == "jobs"


@pytest.mark.parametrize(
    "link", ["https://matrix.to/#/@headgate:example.org", "https://matrix.to/#/%40headgate%3Aexample.org"]
)
def test_a_mention_at_the_beginning_is_meant_for_the_bot(link: str) -> None:
    html = f'<p><a href="{link}">Nick &amp; Name</a>: jobs</p>'
    assert BOT.asked(said("Nick & Name: jobs", html, BOT.user), private=False) == "jobs"


@pytest.mark.parametrize(
    ("html", "mentioned"),
    [
        pytest.param('<a href="https://matrix.to/#/@headgate:example.org">Nick</a>: jobs', (), id="not mentioned"),
        pytest.param('<a href="https://matrix.to/#/@eve:example.org">Nick</a>: jobs', (BOT.user,), id="somebody else"),
        pytest.param('so, <a href="https://matrix.to/#/@headgate:example.org">Nick</a>', (BOT.user,), id="later"),
        pytest.param("", (BOT.user,), id="answer to one of its messages"),
    ],
)
def test_other_mentions_are_not(html: str, mentioned: tuple[str, ...]) -> None:
    assert BOT.asked(said("Nick: jobs", html, *mentioned), private=False) is None


def test_a_bot_without_a_display_name_has_no_empty_one() -> None:
    assert Addressee("@headgate:example.org", "", "slurm").asked(said("jobs"), private=False) is None
