"""Every text of the corpus in every place of a message, as each connector sends it: no markup, no mention, no address.

What a service makes of what it is sent is read by the same readers as in the connectors' own tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from markdown_it import MarkdownIt

from headgate.connectors.apprise.rendering import BOUNDS as APPRISE
from headgate.connectors.apprise.rendering import text_of
from headgate.connectors.apprise.service import Form, Service
from headgate.connectors.bounds import Bounds, within
from headgate.connectors.mailto.mail import Sender, compose
from headgate.connectors.mailto.rendering import Rendering
from headgate.model.message import Message
from headgate.testing.conformance.hostile import hostile_message
from headgate.testing.discord.markup import marks
from headgate.testing.matrix.fake import content_mistakes
from headgate.testing.matrix.html import FormattedBody
from headgate.testing.telegram.active import active_parts
from tests.connectors.apprise import test_rendering as apprise
from tests.connectors.discord import test_rendering as discord
from tests.connectors.mailto import test_rendering as mailto
from tests.connectors.matrix import test_rendering as matrix
from tests.connectors.mattermost import reading
from tests.connectors.mattermost import test_rendering as mattermost
from tests.connectors.msteams import cards as msteams
from tests.connectors.slack import mrkdwn
from tests.connectors.slack import test_rendering as slack
from tests.connectors.telegram import test_rendering as telegram
from tests.hostile.corpus import FAMILIES

TEXTS = [text for name, texts in FAMILIES.items() if name != "long" for text in texts]
"""Long ones are among those of the conformance suite, and take long."""
OURS = "https://example.org/"
"""Where the links of Headgate's own in the message lead."""


def in_slack(message: Message) -> Iterator[object]:
    payload = slack.rendered(message, buttons=slack.BUTTONS)
    yield from mrkdwn.findings(mrkdwn.markup(payload))
    yield from mrkdwn.types(payload) & {"user", "usergroup", "channel", "broadcast", "emoji", "date", "markdown"}
    yield from ({kind for kind, _ in mrkdwn.texts(payload)} - mrkdwn.LITERAL - {"mrkdwn", "link"})
    yield from (url for url in mrkdwn.urls(payload) if not url.startswith(OURS))


def in_discord(message: Message) -> Iterator[object]:
    for told in (message, message.model_copy(update={"digest": ()})):
        payload = discord.rendered(told)
        if payload["allowed_mentions"] != {"parse": []}:
            yield payload["allowed_mentions"]
        for mark in (mark for text in discord.texts(payload) for mark in marks(text)):
            if mark.kind not in discord.OURS or (mark.kind == "masked link" and f"]({OURS}" not in mark.text):
                yield mark


def in_matrix(message: Message) -> Iterator[object]:
    content = matrix.render(message)
    yield from content_mistakes(content)
    seen = FormattedBody(content["formatted_body"])
    yield from ({tag for tag, _ in seen.tags} - {"p", "br", "strong", "em", "span", "code", "pre", "ul", "li", "a"})
    yield from (link for link in seen.links if not link.startswith(OURS))
    if content["m.mentions"] != {}:
        yield content["m.mentions"]


def in_mattermost(message: Message) -> Iterator[object]:
    post = mattermost.rendered(message)
    one: Any = mattermost.attachment(post)
    for place in map(str, [post["message"], one["text"], *(field["value"] for field in one["fields"])]):
        yield from reading.read(place).effects - mattermost.OURS
        yield from (address for address in reading.links(place) if not address.startswith(OURS))
    active = {"mention", "channel", "emoji", "address", "link_open", "image", "html_inline", "html_block"}
    for place in map(str, [one["fallback"], one["footer"], *(field["title"] for field in one["fields"])]):
        yield from reading.read(place).effects & active


def in_teams(message: Message) -> Iterator[object]:
    card = msteams.card_of(message)
    yield from (one for one in msteams.elements(card) if one.get("type") in ("TextBlock", "FactSet", "Fact", "mention"))
    yield from (action["url"] for action in card.get("actions", []) if not action["url"].startswith(OURS))
    if card["msteams"] != {"width": "Full"}:
        yield card["msteams"]


def in_telegram(message: Message) -> Iterator[object]:
    _, text, parts = telegram.rendered(message)
    yield from active_parts(text, parts)
    yield from (part.url for part in parts if part.type == "text_link" and not part.url.startswith(OURS))


RENDERING = Rendering(None, "Ask help@example.org.")
TAME = mailto.Reader(mailto.render(hostile_message("tame"), RENDERING).html)
KNOWN = {(tag, key) for tag, attributes in TAME.tags for key in ("", *attributes)}


def in_mail(message: Message) -> Iterator[object]:
    rendered = mailto.render(message, RENDERING)
    seen = mailto.Reader(rendered.html)
    yield from {(tag, key) for tag, attributes in seen.tags for key in ("", *attributes)} - KNOWN
    yield from (
        attributes["href"]
        for _, attributes in seen.tags
        if "href" in attributes and not str(attributes["href"]).startswith(OURS)
    )
    read = headers_of(message, rendered.text, rendered.html)
    yield from set(read.keys()) - MAIL_HEADERS
    if read["To"] != "ada@example.org":
        yield read["To"]


def headers_of(message: Message, text: str, html: str) -> EmailMessage:
    """Return a mail as a mail program reads it."""
    sender = Sender(address="slurm@example.org", name="Slurm")
    told = within(message, Bounds())
    mail = compose(told, target="ada@example.org", key="k", sender=sender, text=text, html=html)
    return message_from_bytes(mail.content, policy=policy.default)


MAIL_HEADERS = set(headers_of(hostile_message("tame"), "", "").keys())


def in_html(message: Message) -> Iterator[object]:
    tags = apprise.Tags()
    tags.feed(text_of(within(message, APPRISE), Service("Any", Form.HTML, 0, 30_000)).body)
    yield from tags.found - {"b", "br", "a", "a href", "pre"}
    yield from (address for address in tags.addresses if not address.startswith(OURS))


def in_markdown(message: Message) -> Iterator[object]:
    body = text_of(within(message, APPRISE), Service("Any", Form.MARKDOWN, 0, 30_000)).body
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    yield from {inner.type for token in tokens for inner in (token, *(token.children or ()))} - apprise.OURS


@pytest.mark.parametrize(
    "found_in",
    [in_slack, in_discord, in_matrix, in_mattermost, in_teams, in_telegram, in_mail, in_html, in_markdown],
)
def test_no_text_is_more_than_text(found_in: Callable[[Message], Iterator[object]]) -> None:
    found = {text[:60]: list(found_in(hostile_message(text))) for text in TEXTS}
    assert {text: what[:3] for text, what in found.items() if what} == {}
