from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.discord.rendering import BOUNDS, DIGEST_ROOM, PICTURE, message_of, nonce
from headgate.connectors.picture import efficiency_picture
from headgate.connectors.samples import DIGEST, FAILED, SAMPLES, SUCCEEDED
from headgate.connectors.style import STYLES
from headgate.model.message import DigestLine, Fact, JobIdentity, Link, LogTail, Message, Outcome
from headgate.notify.digest import build_digest, fold
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.discord.form import check_message, units
from headgate.testing.discord.markup import marks, plain

OURS = {"bold", "italic", "code", "code block", "list", "masked link"}
"""What our own markup is made of."""
STARTED = Message(
    title='Started: job 17 "hello"',
    outcome=Outcome.STARTED,
    time=1_795_000_000.0,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    summary="The job started on node01.",
    facts=(Fact(label="Nodes", value="node01"),),
)


def rendered(message: Message, **more: Any) -> dict[str, Any]:
    """Render a message as the connector does, and fail if Discord would not take it."""
    payload = message_of(within(message, BOUNDS), key="key-1", **more)
    assert check_message(payload, frozenset({PICTURE})) == {}
    return payload


def texts(payload: dict[str, Any]) -> list[str]:
    """Return all texts of a message that are read as markup."""
    found = [payload["content"]]
    for embed in payload["embeds"]:
        found.append(embed.get("description", ""))
        found += [part for field in embed.get("fields", ()) for part in (field["name"], field["value"])]
    return found


def read(payload: dict[str, Any]) -> str:
    """Return what a person reads of a message."""
    return "\n".join(plain(text) for text in texts(payload))


def test_the_outcome_comes_first_and_says_how_it_went_without_embeds() -> None:
    payload = rendered(FAILED)
    assert payload["content"].startswith("\u2716 **Failed (exit code 2): job 1051492")
    assert {embed["color"] for embed in payload["embeds"]} == {0xB4232C}
    assert payload["allowed_mentions"] == {"parse": []}


def test_a_failed_job_is_told_with_everything_that_is_known_of_it() -> None:
    payload = rendered(FAILED)
    first, second = payload["embeds"]
    assert first["description"] == FAILED.summary
    assert [field["name"] for field in first["fields"]][:3] == ["Partition", "Account", "Nodes"]
    assert first["fields"][-4] == {
        "name": "CPU 41%",
        "value": "`████░░░░░░`\n101 h 41 min of 248 h (32 cores)",
        "inline": True,
    }
    told = second["description"]
    assert told.startswith("- The 32 CPUs were busy")
    assert "```\nepoch 12/100  100%\nTraceback" in told
    assert told.index("```") < told.index("[Job page](https://hpc.example.org/jobs/1051492)") < told.index("*This is")
    assert second["footer"] == {"text": "ada on dev"}
    assert datetime.fromisoformat(second["timestamp"]).timestamp() == FAILED.time


def test_a_short_message_stays_short() -> None:
    payload = rendered(STARTED)
    assert payload["embeds"] == [
        {
            "color": 0x0B5CAD,
            "description": "The job started on node01.",
            "fields": [{"name": "Nodes", "value": "node01", "inline": True}],
            "footer": {"text": "ada on dev"},
            "timestamp": "2026-11-18T11:06:40.000+00:00",
        }
    ]


def test_an_array_is_told_by_the_name_users_know_it_by() -> None:
    job = JobIdentity(cluster="dev", job_id="123_*", name="sweep", user="ada")
    payload = rendered(STARTED.model_copy(update={"title": "Partly failed: array 123_*", "job": job}))
    assert "array 123_*" in read(payload)


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.name.lower())
def test_every_outcome_has_its_sign_and_colour(outcome: Outcome) -> None:
    payload = rendered(STARTED.model_copy(update={"outcome": outcome}))
    style = STYLES[outcome]
    assert payload["content"].startswith(f"{style.sign} ")
    assert payload["embeds"][0]["color"] == int(style.colour[1:], 16)


def test_a_message_without_any_text_is_still_one() -> None:
    payload = rendered(Message(title="", outcome=Outcome.FAILED, time=0.0))
    assert payload["content"] == "\u2716 **Failed**"


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("picture", [False, True], ids=["bars", "picture"])
def test_samples_hold_no_markup_but_ours(name: str, picture: bool) -> None:
    payload = rendered(SAMPLES[name], picture=picture)
    assert {mark.kind for text in texts(payload) for mark in marks(text)} <= OURS


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_says_nothing_in_markup(name: str) -> None:
    """No mention, no link but to the address that Headgate gave, no emoji, no heading, no spoiler."""
    message = hostile_message(HOSTILE[name])
    for told in (message, message.model_copy(update={"digest": ()})):
        payload = rendered(told)
        for text in texts(payload):
            found = marks(text)
            assert {mark.kind for mark in found} <= OURS, text
            links = [mark.text for mark in found if mark.kind == "masked link"]
            assert all("](https://example.org/" in link for link in links)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_bounded_with_a_picture_and_buttons(name: str) -> None:
    rendered(hostile_message(HOSTILE[name]), picture=True, buttons=(Button("Show output", "output 1"),))


def test_what_does_not_fit_is_counted() -> None:
    payload = rendered(crowded_message().model_copy(update={"digest": (), "log": None}))
    assert "left out" in read(payload)
    assert "more lines left out" in read(rendered(FAILED.model_copy(update={"hints": ("_" * 500,) * 8})))


def test_a_log_gives_way_from_its_beginning() -> None:
    lines = tuple(f"line {number} " + "x" * 150 for number in range(40))
    payload = rendered(FAILED.model_copy(update={"log": LogTail(path="/out", lines=lines)}))
    told = payload["embeds"][1]["description"]
    assert "line 39 " in told
    assert "```\n…\nline " in told
    assert "line 0 " not in told


@pytest.mark.parametrize("character", ["_", "💩", "`", "<", ":x:", "\\"])
def test_a_digest_as_long_as_it_may_be_names_every_line(character: str) -> None:
    messages = [
        Message(title=f"{number:03} {character * 200}"[:200], outcome=Outcome.FAILED, time=0.0) for number in range(60)
    ]
    digest, fitting = fold(messages, now=0.0, room=DIGEST_ROOM, lines=400)
    assert fitting > 5
    told = read(rendered(digest))
    assert all(f"{number:03} " in told for number in range(fitting))


def test_a_digest_of_many_short_lines_names_every_one() -> None:
    messages = [Message(title=f"{number:03}", outcome=Outcome.STARTED, time=0.0) for number in range(1000)]
    digest, fitting = fold(messages, now=0.0, room=DIGEST_ROOM, lines=BOUNDS.digest)
    told = read(rendered(digest))
    assert all(f"{number:03}" in told for number in range(fitting))


def test_a_usual_digest_shows_each_outcome_by_its_sign() -> None:
    told = rendered(DIGEST)["embeds"][0]["description"]
    assert '\u2714 Completed: job 101 "prepare"' in told
    assert "```" not in told
    one = build_digest([FAILED], now=0.0)
    assert one.digest[0].text in read(rendered(one))


def test_a_digest_that_is_too_long_for_the_service_is_cut_at_a_line() -> None:
    lines = tuple(DigestLine(outcome=Outcome.FAILED, text=f"{number:03} " + "x" * 90) for number in range(100))
    told = rendered(DIGEST.model_copy(update={"digest": lines}))["embeds"][0]["description"]
    assert told.endswith("```\n…")
    assert units(told) <= 4096


def test_a_picture_takes_the_place_of_the_bars_and_says_them_in_words() -> None:
    payload = rendered(SUCCEEDED, picture=True)
    assert payload["embeds"][0]["image"] == {"url": f"attachment://{PICTURE}"}
    assert payload["attachments"] == [
        {"id": "0", "filename": PICTURE, "description": "CPU 99%, 11.9 s of 12 s; Memory 112%, 9 GiB of 8 GiB"}
    ]
    assert "CPU" not in read(payload)
    assert efficiency_picture(SUCCEEDED) is not None


def test_buttons_stand_in_rows_of_five_and_say_their_command() -> None:
    buttons = [Button(f"Number {number}", f"job {number}") for number in range(6)]
    payload = rendered(FAILED, buttons=[*buttons, buttons[0], Button("Cancel", "cancel 1", danger=True)])
    rows = payload["components"]
    assert [len(row["components"]) for row in rows] == [5, 2]
    assert rows[0]["components"][0] == {"type": 2, "style": 2, "label": "Number 0", "custom_id": "job 0"}
    assert rows[1]["components"][1]["style"] == 4


def test_without_buttons_there_is_no_row() -> None:
    assert "components" not in rendered(FAILED)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/a(b)", "](https://example.org/a%28b%29)"),
        ("https://example.org/a b>", "](https://example.org/a%20b%3E)"),
        ("javascript:alert(1)", None),
        ("//example.org", None),
        ("https://[::1", None),
        ("https://example.org/" + "u" * 2000, None),
    ],
)
def test_only_whole_links_to_the_web_are_shown(url: str, shown: str | None) -> None:
    told = rendered(STARTED.model_copy(update={"links": (Link(label="Job [page]", url=url),)}))
    described = told["embeds"][0]["description"]
    assert shown in described if shown else "](" not in described


def test_a_sites_own_text_stands_where_ours_would() -> None:
    payload = rendered(FAILED, body="**ours** " + "x" * 5000)
    (embed,) = payload["embeds"]
    assert embed["description"].startswith("**ours**")
    assert "fields" not in embed


def test_a_sites_own_text_that_is_empty_leaves_the_line_of_the_outcome() -> None:
    payload = rendered(FAILED, body=" ")
    assert rendered(FAILED.model_copy(update={"job": None}), body="")["embeds"] == []
    assert payload["content"].startswith("\u2716 **Failed")


def test_a_nonce_is_short_and_of_one_delivery() -> None:
    assert nonce("key-1") == nonce("key-1") != nonce("key-2")
    assert len(nonce("k" * 64)) == 25
