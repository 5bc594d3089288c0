from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
import structlog

from headgate.connectors.bounds import Bounds, within
from headgate.connectors.mailto.rendering import Rendered, Rendering, hang, web_address
from headgate.connectors.samples import DIGEST, FAILED
from headgate.errors import ConnectorError
from headgate.model.message import Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, hostile_message


def render(message: Message, rendering: Rendering | None = None) -> Rendered:
    """Render as the connector does."""
    return (rendering or Rendering(None, "Ask help@example.org.")).render(within(message, Bounds()))


class Reader(HTMLParser):
    """Reads HTML: its text, and every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


PLAIN = """\
Failed (exit code 2): job 1051492 "train_model"

The job ended after 1 h 2 min with exit code 2.

Partition          gpu
Account            physics
Nodes              node[01-04] (4)
Submitted          Sat 21 Nov 2026, 02:40:30 UTC
Started            Sat 21 Nov 2026, 02:41:02 UTC
Ended              Sat 21 Nov 2026, 03:43:02 UTC
Working directory
                   /home/ada/projects/a-rather-long-project-name/experiments/2026-11-21/run-0001

CPU                [##########..............]  41 %
                   101 h 41 min of 248 h (32 cores)
Memory             [#####################...]  87 %
                   55.9 GiB of 64 GiB
GPU                [........................]   0 %
                   0 of 4 GPUs
Time               [#.......................]   4 %
                   1 h 2 min of 1 day

What may help
"""


def test_the_plain_part_stands_on_its_own() -> None:
    text = render(FAILED).text
    assert text.startswith(PLAIN)
    assert "| epoch 12/100  100%\n| Traceback (most recent call last):\n" in text
    assert "loss is nan at step" in text
    assert "Job page: https://hpc.example.org/jobs/1051492\n" in text
    assert text.endswith("Ask help@example.org.\n")
    assert "\n\n\n" not in text


def test_a_digest_names_every_message_in_both_parts() -> None:
    rendered = render(DIGEST)
    for line in DIGEST.digest:
        assert line.text in Reader(rendered.html).text
        assert "".join(line.text.split()) in "".join(rendered.text.split())
    assert "\n\n\n" not in rendered.text


def test_the_html_part_says_the_same() -> None:
    text = Reader(render(FAILED).html).text
    for fact in FAILED.facts:
        assert fact.label in text
        assert fact.value in text
    for expected in (FAILED.title, FAILED.summary, *FAILED.hints, *FAILED.notes, "41 %", "Job page", "Failed"):
        assert expected in text


def test_a_bare_message_has_no_empty_sections() -> None:
    rendered = render(Message(title="A note", outcome=Outcome.NEUTRAL, time=0), Rendering(None))
    assert rendered.text.startswith("A note\n\n-- \n1970-01-01 ")
    assert "What may help" not in rendered.html


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_adds_no_tag_no_attribute_and_no_address(name: str) -> None:
    tame, hostile = Reader(render(hostile_message("tame")).html), Reader(render(hostile_message(HOSTILE[name])).html)
    assert {tag for tag, _ in hostile.tags} <= {tag for tag, _ in tame.tags}
    known = {(tag, key) for tag, attributes in tame.tags for key in attributes}
    assert {(tag, key) for tag, attributes in hostile.tags for key in attributes} <= known
    addresses = [attributes["href"] for tag, attributes in hostile.tags if "href" in attributes]
    assert all(str(address).startswith("https://example.org/") for address in addresses)


def test_template_syntax_in_a_name_is_not_run() -> None:
    tame, hostile = render(hostile_message("7*7")), render(hostile_message("{{ 7*7 }}"))
    for before, after in ((tame.text, hostile.text), (tame.html, hostile.html)):
        assert after.count("{{ 7*7 }}") == before.count("7*7")


def test_nothing_is_fetched_from_elsewhere() -> None:
    html = render(FAILED).html
    assert not [tag for tag, _ in Reader(html).tags if tag in {"script", "img", "link", "iframe", "object", "form"}]
    assert "url(" not in html
    assert "@import" not in html


def test_a_site_replaces_one_template_and_keeps_the_other(tmp_path: Path) -> None:
    (tmp_path / "mail.txt.j2").write_text("Ours: {{ message.title }} {{ look.style.word }} {{ footer }}")
    rendered = render(FAILED, Rendering(tmp_path, "F"))
    assert rendered.text == f"Ours: {FAILED.title} Failed F\n"
    assert rendered.html == render(FAILED, Rendering(None, "F")).html


@pytest.mark.parametrize(
    "template",
    [
        "{{ message.titel }}",
        "{% if %}",
        "{{ message.title.__class__.__mro__ }}",
        "{% include '/etc/passwd' %}",
        "{{ 1 / 0 }}",
        "{{ message.facts[99].label }}",
        "{{ message.title + 1 }}",
    ],
)
def test_a_mistake_in_a_sites_template_is_found_at_start(tmp_path: Path, template: str) -> None:
    (tmp_path / "mail.html.j2").write_text(template)
    with pytest.raises(ConnectorError, match=r"template"):
        Rendering(tmp_path)


def test_templates_in_a_directory_that_is_none_are_found_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="no directory"):
        Rendering(tmp_path / "missing")


def test_a_sites_template_that_fails_later_costs_no_message(tmp_path: Path) -> None:
    (tmp_path / "mail.txt.j2").write_text("{{ 1 / (message.time - 5) }}")
    rendering = Rendering(tmp_path)
    with structlog.testing.capture_logs() as logs:
        rendered = render(FAILED.model_copy(update={"time": 5.0}), rendering)
    assert rendered.text.startswith(FAILED.title)
    assert [entry["event"] for entry in logs] == ["mailto.template_failed"]


def test_the_sites_html_template_escapes_too(tmp_path: Path) -> None:
    (tmp_path / "mail.html.j2").write_text("<p>{{ message.title }}</p>")
    message = FAILED.model_copy(update={"title": "<b>x</b>"})
    assert render(message, Rendering(tmp_path)).html == "<p>&lt;b&gt;x&lt;/b&gt;</p>"


def test_long_lines_hang_and_long_words_stay_whole() -> None:
    assert hang("* " + "word " * 20, 2, 0) == "* " + "word " * 13 + "word\n  " + "word " * 5 + "word"
    assert hang("/" + "x" * 200) == "/" + "x" * 200


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//x", "file:///etc/passwd", ""])
def test_only_addresses_of_the_web_become_links(url: str) -> None:
    assert web_address(url) == ""
    assert web_address("https://example.org/") == "https://example.org/"
