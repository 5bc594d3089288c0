"""The page that shows a body as Telegram does."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from headgate.bots.chat import Button
from headgate.connectors.bounds import within
from headgate.connectors.samples import SAMPLES
from headgate.connectors.telegram.preview import preview
from headgate.connectors.telegram.rendering import BOUNDS, send_message
from headgate.connectors.telegram.targets import Target
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

HOSTILE_MESSAGES = {name: hostile_message(text) for name, text in HOSTILE.items()} | {"crowded": crowded_message()}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", HOSTILE_MESSAGES)
def test_the_preview_holds_no_foreign_markup(name: str) -> None:
    body = json.loads(json.dumps(send_message(Target(1), within(HOSTILE_MESSAGES[name], BOUNDS))))
    reader = Tags()
    reader.feed(preview(body).partition("<body>")[2])
    assert {tag for tag, _ in reader.seen} <= {"div", "span", "b", "i", "code", "pre", "blockquote", "a"}
    for tag, attributes in reader.seen:
        assert set(attributes) <= ({"href"} if tag == "a" else {"class", "style"})
        assert (attributes.get("href") or "https://").startswith("https://")


def test_the_preview_shows_text_buttons_and_colour() -> None:
    body = send_message(
        Target(1), within(SAMPLES["failed"], BOUNDS), buttons=(Button("Cancel", "cancel 1", danger=True),)
    )
    page = preview(body)
    assert "<b>Failed (exit code 2): job 1051492 &quot;train_model&quot;</b>" in page
    assert '<div class="key danger">Cancel</div>' in page
    assert "in &lt;module&gt;" in page
    assert '<a href="https://hpc.example.org/jobs/1051492">Job page</a>' in page
    assert "#d6323e" in page
