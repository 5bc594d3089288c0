from __future__ import annotations

import json
from typing import Any

import pytest

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.matrix.rendering import BOUNDS, MAX_TEXT, content_of
from headgate.connectors.samples import DIGEST, FAILED, SAMPLES
from headgate.model.message import Bar, DigestLine, JobIdentity, Link, LogTail, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.matrix.fake import content_mistakes
from headgate.testing.matrix.html import FormattedBody
from tests.connectors.matrix.test_text import TEMPTING, links_found

STARTED = Message(
    title='Started: job 17 "hello"',
    outcome=Outcome.STARTED,
    time=1.0,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    summary="The job started on node01.",
)
ARRAY = Message(
    title='18 of 20 tasks completed, 2 failed: job 105 "sweep"',
    outcome=Outcome.MIXED,
    time=1.0,
    job=JobIdentity(cluster="dev", job_id="105_*", name="sweep", user="ada"),
    digest=(DigestLine(outcome=Outcome.FAILED, text="105_3: exit code 1"),),
)


def render(message: Message, **more: Any) -> dict[str, Any]:
    return content_of(within(message, BOUNDS), notify=False, **more)


def body_of(message: Message) -> FormattedBody:
    return FormattedBody(render(message)["formatted_body"])


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_what_clients_show(name: str) -> None:
    assert content_mistakes(render(SAMPLES[name])) == []


def test_the_outcome_comes_first_on_its_colour() -> None:
    html = render(FAILED)["formatted_body"]
    assert html.startswith(
        '<p><strong><span data-mx-bg-color="#b4232c" data-mx-color="#ffffff">'
        "&nbsp;\u2716 Failed (exit code 2)&nbsp;</span>"
        " job 1051492 &quot;train_model&quot;</strong></p>"
    )


def test_figures_hints_output_and_links_are_there() -> None:
    seen = body_of(FAILED)
    for told in ("Partition: gpu", "CPU 41 % \u00b7 101 h 41 min of 248 h", "Is the program told", "Job page"):
        assert told in seen.text
    drawn = "\u2588" * 5 + "\u2591" * 7
    for kept in ("/home/ada/projects/run-0001/slurm-1051492.out", '  File "train.py", line 118', drawn):
        assert kept in seen.code
    assert seen.links == ["https://hpc.example.org/jobs/1051492"]


def test_the_plain_body_tells_the_same() -> None:
    body = render(FAILED)["body"]
    for told in (
        "Partition: gpu",
        "CPU: 41 %",
        "Is the program told",
        "Job page: https://hpc.example.org/jobs/1051492",
    ):
        assert told in body
    assert "<" not in body.replace("<module>", "")


def test_a_started_job_takes_a_few_lines() -> None:
    assert render(STARTED)["body"] == ('\u25b6 Started: job 17 "hello"\n\nThe job started on node01.\nUser: ada on dev')


def test_an_array_names_its_tasks() -> None:
    content = render(ARRAY)
    assert content_mistakes(content) == []
    assert "\u2716 105_3: exit code 1" in content["body"]


def test_a_digest_names_every_message_with_the_colour_of_its_outcome() -> None:
    content = render(DIGEST)
    assert content["formatted_body"].count("data-mx-color") == 1 + len(DIGEST.digest)
    assert all(line.text in content["body"] for line in DIGEST.digest)


def test_a_digest_of_four_hundred_usual_lines_is_whole() -> None:
    lines = tuple(DigestLine(outcome=Outcome.FAILED, text=f'Failed: job {n} "x"') for n in range(400))
    content = render(DIGEST.model_copy(update={"digest": lines}))
    assert all(line.text in content["body"] for line in lines)
    assert len(json.dumps(content, ensure_ascii=False).encode()) < 60_000


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_leaves_only_our_tags(name: str) -> None:
    content = render(hostile_message(HOSTILE[name]))
    assert content_mistakes(content) == []
    seen = FormattedBody(content["formatted_body"])
    assert {tag for tag, _ in seen.tags} <= {"p", "br", "strong", "em", "span", "code", "pre", "ul", "li", "a"}
    assert all(link.startswith("https://example.org/") for link in seen.links)
    assert len(json.dumps(content, ensure_ascii=False).encode()) < 60_000


@pytest.mark.parametrize("name", TEMPTING)
def test_a_client_makes_no_link_of_what_a_job_says(name: str) -> None:
    message = hostile_message(TEMPTING[name]).model_copy(update={"links": ()})
    content = render(message)
    seen = FormattedBody(content["formatted_body"])
    assert not seen.links
    assert links_found([seen.text, content["body"]]) == [[], []]
    assert content["m.mentions"] == {}


def test_what_does_not_fit_is_left_out_and_said() -> None:
    wide = "\N{PILE OF POO}" * 300
    message = crowded_message().model_copy(
        update={
            "bars": (Bar(label=wide, fraction=0.5, text=wide),) * 10,
            "log": LogTail(path="/out", lines=("first", wide, "last")),
            "hints": (wide * 2,) * 20,
        }
    )
    content = render(message)
    assert content_mistakes(content) == []
    assert 40_000 < len(json.dumps(content, ensure_ascii=False).encode()) < 60_000
    assert "lines left out: the message would be too long" in content["body"]


def test_the_end_of_the_output_is_kept_where_room_is_short() -> None:
    lines = (*(f"{n} " + "\N{PILE OF POO}" * 200 for n in range(60)), "the last line")
    content = render(FAILED.model_copy(update={"log": LogTail(path="/out", lines=lines)}))
    seen = FormattedBody(content["formatted_body"])
    assert "the last line" in seen.code
    assert "\n0 " not in seen.code
    assert content_mistakes(content) == []


def test_a_message_without_any_text_still_says_its_outcome() -> None:
    assert render(Message(title="", outcome=Outcome.CANCELLED, time=0))["body"] == "\u25a0 Cancelled"


def test_a_link_that_is_not_of_the_web_is_left_out() -> None:
    message = FAILED.model_copy(update={"links": (Link(label="x", url="javascript:alert(1)"),)})
    assert "alert" not in json.dumps(render(message))


def test_what_may_be_said_to_the_bot_is_said_where_it_listens() -> None:
    content = render(STARTED, buttons=(Button("Cancel", "cancel 17"), Button("Mute", "mute 2h")))
    assert content["body"].endswith("Say to the bot: cancel 17, mute 2h")
    assert "<code>cancel 17</code>, <code>mute 2h</code>" in content["formatted_body"]


def test_a_site_s_own_body_stands_below_the_title() -> None:
    content = render(STARTED, body="<p>Ours</p>")
    assert content["formatted_body"].endswith("</strong></p><p>Ours</p>")
    assert "The job started" in content["body"]


def test_a_site_s_body_that_is_too_long_gives_way() -> None:
    assert "The job started" in render(STARTED, body="x" * MAX_TEXT)["formatted_body"]


def test_messages_that_telephones_announce_are_text() -> None:
    assert content_of(STARTED, notify=True)["msgtype"] == "m.text"
