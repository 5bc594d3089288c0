from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from headgate.connectors.apprise.rendering import BOUNDS, GAP, MAX_BODY, Text, escape_for, text_of
from headgate.connectors.apprise.service import Form, Service
from headgate.connectors.bounds import within
from headgate.connectors.samples import DIGEST, FAILED, SUCCEEDED
from headgate.model.message import Link, Message, Outcome
from headgate.model.text import one_line
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

FORMS = pytest.mark.parametrize("form", list(Form))
OURS = {"inline", "text", "text_special", "paragraph_open", "paragraph_close", "softbreak", "fence", "strong_open"}
OURS |= {"strong_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
MENTIONS = re.compile(r"@\w|<[!@#/a-zA-Z]|://|[Ww]{3}\.|\]\(")


def rendered(message: Message, form: Form, *, title: int = 250, body: int = 30_000, own: str | None = None) -> Text:
    return text_of(within(message, BOUNDS), Service("Any", form, title, body), own)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.found.update(f"{tag} {name}" for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name == "href"]


@FORMS
def test_everything_is_there_in_every_form(form: Form) -> None:
    text = rendered(FAILED, form)
    for part in ("exit code 2", "Partition: gpu", "CPU: 41%", "32 CPUs", "ValueError", "hpc.example.org/jobs/1051492"):
        assert part in text.body
    assert text.type == "failure"


@FORMS
def test_a_digest_names_every_message(form: Form) -> None:
    assert sum(
        bool(re.search("job 10|task 200|array 105", line)) for line in rendered(DIGEST, form).body.splitlines()
    ) == len(DIGEST.digest)


@FORMS
def test_a_service_without_titles_gets_the_title_in_the_body(form: Form) -> None:
    text = rendered(SUCCEEDED, form, title=0)
    assert text.title == ""
    assert "Completed: job 17" in text.body.split("\n")[0]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_plain_in_html(name: str) -> None:
    text = rendered(hostile_message(HOSTILE[name]), Form.HTML, title=0)
    tags = Tags()
    tags.feed(text.body)
    assert tags.found <= {"b", "br", "a", "a href", "pre"}
    assert all(address.startswith("https://example.org/") for address in tags.addresses)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_plain_in_markdown(name: str) -> None:
    body = rendered(hostile_message(HOSTILE[name]), Form.MARKDOWN, title=0).body
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    kinds = {inner.type for token in tokens for inner in (token, *(token.children or ()))}
    assert kinds <= OURS


@FORMS
@pytest.mark.parametrize("name", HOSTILE)
def test_no_mention_and_no_address_survives_escaping(name: str, form: Form) -> None:
    escaped = escape_for(form)(one_line(HOSTILE[name], 500))
    assert not MENTIONS.search(escaped)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_titles_are_one_bounded_line(name: str) -> None:
    title = rendered(hostile_message(HOSTILE[name]), Form.TEXT, title=50).title
    assert 0 < len(title) <= 50
    assert "\n" not in title


@FORMS
@pytest.mark.parametrize("room", [160, 1024, 4096, 1_000_000])
def test_a_body_is_never_longer_than_the_service_takes(form: Form, room: int) -> None:
    body = rendered(crowded_message(), form, title=0, body=room).body
    assert 0 < len(body) <= min(room, MAX_BODY)
    assert "parts left out" in body
    assert body.count("```") % 2 == 0
    assert body.count("<pre>") == body.count("</pre>")


@FORMS
def test_only_web_addresses_are_linked(form: Form) -> None:
    message = SUCCEEDED.model_copy(update={"links": (Link(label="x", url="javascript:alert(1)"),)})
    assert "javascript" not in rendered(message, form).body


def test_the_sites_own_text_takes_the_bodys_place() -> None:
    assert rendered(FAILED, Form.TEXT, own="ours").body == "ours"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_one_of_the_four_kinds(outcome: Outcome) -> None:
    assert rendered(SUCCEEDED.model_copy(update={"outcome": outcome}), Form.TEXT).type in (
        "info",
        "success",
        "warning",
        "failure",
    )


def test_a_time_stays_as_it_is() -> None:
    for form in Form:
        assert GAP not in escape_for(form)("Sat 21 Nov 2026, 03:43:02 UTC")
