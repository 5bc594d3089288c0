from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from headgate.connectors.bounds import within
from headgate.connectors.mattermost.markup import GAP
from headgate.connectors.mattermost.preview import page_of
from headgate.connectors.mattermost.rendering import BOUNDS, MAX_PROPS, pending_post_id, post_of
from headgate.connectors.samples import DIGEST, FAILED, SAMPLES, SUCCEEDED
from headgate.connectors.style import STYLES
from headgate.model.message import DigestLine, JobIdentity, Link, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.mattermost import World
from headgate.testing.mattermost.checks import refused_post
from tests.connectors.mattermost.reading import links, read

LONGEST = 16383
OURS = {"fence", "strong_open", "strong_close", "em_open", "em_close"}
OURS |= {f"{what}_{which}" for what in ("bullet_list", "list_item", "link") for which in ("open", "close")}


class Marks(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name == "href"]


STARTED = Message(
    title='Started: job 17_* "array"',
    outcome=Outcome.STARTED,
    time=1_795_000_000.0,
    job=JobIdentity(cluster="dev", job_id="17_*", name="array", user="ada"),
    summary="The job started on node01.",
)


def rendered(message: Message, longest: int = LONGEST, body: str | None = None) -> dict[str, object]:
    return post_of(within(message, BOUNDS), target="c" * 26, key="key-1", longest=longest, body=body)


def attachment(post: dict[str, object]) -> dict[str, object]:
    props = post["props"]
    assert isinstance(props, dict)
    one: dict[str, object] = props["attachments"][0]
    return one


def test_the_outcome_comes_first_and_gives_the_colour() -> None:
    post = rendered(FAILED)
    assert post["message"] == '✖ **Failed (exit code 2): job 1051492 "train\\_model"**'
    assert attachment(post)["color"] == STYLES[Outcome.FAILED].colour


def test_facts_are_fields_and_short_ones_stand_side_by_side() -> None:
    fields = attachment(rendered(FAILED))["fields"]
    assert isinstance(fields, list)
    assert fields[0] == {"title": "Partition", "value": "gpu", "short": True}
    assert [field["short"] for field in fields] == [True] * 6 + [False]


def test_bars_hints_links_notes_and_log_are_all_there() -> None:
    text = str(attachment(rendered(FAILED))["text"])
    for part in (
        "████░░░░░░   41%",
        "- The 32 CPUs",
        "(https://hpc.example.org/jobs/1051492)",
        "*This is a",
        "ValueError",
    ):
        assert part in text
    assert read(text).effects <= OURS


def test_a_started_job_takes_three_lines() -> None:
    post = rendered(STARTED)
    assert str(post["message"]) == '▶ **Started: job 17\\_\\* "array"**'
    assert attachment(post)["text"] == "The job started on node01."
    assert attachment(post)["footer"] == "ada on dev · 2026-11-18 11:06:40 UTC"
    assert "fields" not in attachment(post)


def test_a_digest_names_every_message_with_its_sign() -> None:
    lines = [line for line in str(attachment(rendered(DIGEST))["text"]).splitlines() if line.startswith("- ")]
    assert len(lines) == len(DIGEST.digest)
    assert lines[0].startswith("- ✖ Failed")


def test_the_key_of_every_attempt_is_the_same() -> None:
    assert rendered(SUCCEEDED)["pending_post_id"] == pending_post_id("key-1") == "headgate:key-1"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_does_nothing_anywhere(name: str) -> None:
    post = rendered(hostile_message(HOSTILE[name]))
    one = attachment(post)
    fields = one["fields"]
    assert isinstance(fields, list)
    places = [post["message"], one["text"], *(field["value"] for field in fields)]
    for place in map(str, places):
        assert read(place).effects <= OURS
        assert all(address.startswith("https://example.org/") for address in links(place))
    active = {"mention", "channel", "emoji", "address", "link_open", "image", "html_inline", "html_block"}
    for place in map(str, [one["fallback"], one["footer"], *(field["title"] for field in fields)]):
        assert not read(place).effects & active


@pytest.mark.parametrize("longest", [1000, 4000, LONGEST])
@pytest.mark.parametrize(
    "message", [crowded_message(), hostile_message("*_`[" * 1000), FAILED], ids=["crowded", "escaped", "failed"]
)
def test_a_post_is_never_longer_than_the_server_takes(message: Message, longest: int) -> None:
    post = rendered(message, longest)
    one = attachment(post)
    assert len(str(post["message"])) <= LONGEST
    assert len(str(one["text"])) <= longest
    assert len(json.dumps(post["props"])) <= MAX_PROPS
    assert str(one["text"]).count("```") % 2 == 0


def test_what_is_left_out_is_said() -> None:
    text = str(attachment(rendered(crowded_message(), 4000))["text"])
    assert "more lines left out of this message" in text


def test_a_long_digest_keeps_its_first_lines() -> None:
    lines = tuple(DigestLine(outcome=Outcome.FAILED, text=f"Failed: job {n}") for n in range(390))
    text = str(attachment(rendered(DIGEST.model_copy(update={"digest": lines}), 2000))["text"])
    assert "Failed: job 0\n" in text
    assert len(text) <= 2000


def test_only_web_addresses_are_linked() -> None:
    bad = ("javascript:alert(1)", "file:///etc/passwd", "https:///x", "http://[", "")
    message = SUCCEEDED.model_copy(update={"links": tuple(Link(label="x", url=url) for url in bad)})
    assert not links(str(attachment(rendered(message))["text"]))


def test_an_address_cannot_end_its_link_early() -> None:
    message = SUCCEEDED.model_copy(update={"links": (Link(label="x", url="https://a.example/)x](y) @all"),)})
    assert links(str(attachment(rendered(message))["text"])) == ["https://a.example/%29x%5D%28y%29%20@all"]


def test_the_sites_own_text_takes_the_bodys_place() -> None:
    one = attachment(rendered(FAILED, body="**ours**"))
    assert one["text"] == "**ours**"
    assert "fields" not in one


@pytest.mark.parametrize("name", SAMPLES)
def test_the_strict_server_takes_every_sample(name: str) -> None:
    world = World()
    channel = world.add_channel("hpc", "jobs", world.bot)
    assert refused_post({**rendered(SAMPLES[name]), "channel_id": channel.id}, world, world.bot) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_the_preview_holds_no_markup_of_the_jobs(name: str) -> None:
    marks = Marks()
    marks.feed(page_of(rendered(hostile_message(HOSTILE[name]))).partition("<body>")[2])
    assert marks.tags <= {"div", "span", "strong", "em", "p", "pre", "br", "ul", "li", "a", "table", "tr", "td", "b"}
    assert marks.attributes <= {"class", "style", "href", "colspan"}
    assert all(address.startswith("https://example.org/") for address in marks.addresses)


def test_the_preview_shows_what_is_sent() -> None:
    page = page_of(rendered(FAILED)).replace(GAP, "")
    for part in (
        "<strong>Failed (exit code 2): job 1051492",
        "train_model",
        "<li>The 32 CPUs",
        "<pre>CPU",
        "<b>Partition",
    ):
        assert part in page
