from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from headgate.connectors.matrix.text import JOINER, code, octets, plain, shown, web_address
from headgate.testing.conformance.hostile import HOSTILE

TOOLS = Path(__file__).parents[3] / ".counterparts"
NODE = Path(__file__).parents[3] / ".venv/bin/node"
TEMPTING = {
    "user": "@ada:example.org",
    "room": "#hpc:example.org and #hpc",
    "everybody": "@room @here",
    "matrix.to": "https://matrix.to/#/@ada:example.org",
    "matrix.to without scheme": "matrix.to/#/%40ada:example.org",
    "matrix scheme": "matrix:u/ada:example.org matrix:roomid/x",
    "web": "http://evil.example.com/x HTTPS://EVIL.COM www.evil.com ftp://evil.com",
    "bare name": "evil.com evil.io/x?y=z a.b.evil.org:8080 xn--80ak6aa92e.com пример.рф",
    "mail": "ada@example.org mailto:ada@example.org",
    "in brackets": "(https://evil.com) [x](https://evil.com) <https://evil.com>",
    "file names that are domains": "train.py run.sh lib.rs notes.md data.zip",
    "doubled": "@@ada:example.org ##hpc:example.org http:////evil.com",
    "script": "javascript:alert(1) data:text/html,x",
}
LINKS = """
const linkify = require("linkify-it")().set({ fuzzyEmail: true, fuzzyIP: false });
linkify.add("matrix:", { validate: /^(u|user|r|room|roomid|e|event)\\/[^\\s]+/ });
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => (linkify.match(text) || []).map((match) => match.raw))));
"""


def links_found(texts: list[str]) -> list[list[str]]:
    """Ask an independent finder of links, as clients have one."""
    if not NODE.exists() or not (TOOLS / "node_modules/linkify-it").exists():
        pytest.skip("node or linkify-it is not installed")
    done = subprocess.run(
        [NODE, "-e", LINKS], cwd=TOOLS, input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=60
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_a_client_finds_no_link_in_foreign_text() -> None:
    texts = [*TEMPTING.values(), *(text[:5000] for text in HOSTILE.values())]
    assert links_found([plain(text) for text in texts]) == [[] for _ in texts]


def test_the_finder_of_links_finds_them_where_nothing_is_done() -> None:
    found = dict(zip(TEMPTING, links_found(list(TEMPTING.values())), strict=True))
    assert all(found[name] for name in ("matrix.to", "matrix scheme", "web", "bare name", "mail", "in brackets"))


@pytest.mark.parametrize("name", TEMPTING)
def test_no_name_of_a_person_or_room_stays_whole(name: str) -> None:
    text = plain(TEMPTING[name])
    for sigil in "@#":
        assert all(rest.startswith((JOINER, " ")) for rest in text.split(sigil)[1:] if rest and rest[0] != sigil)
    assert "://" not in text


@pytest.mark.parametrize("name", TEMPTING)
def test_what_is_read_is_what_was_written(name: str) -> None:
    assert plain(TEMPTING[name]).replace(JOINER, "") == TEMPTING[name]


@pytest.mark.parametrize(
    "text",
    [
        "The job ended after 1 h 2 min with exit code 2.",
        "55.9 GiB of 64 GiB",
        "Sat 21 Nov 2026, 02:40:30 UTC",
        "Failed: job 17",
        "node[01-04] (4)",
        "/home/ada/run-0001",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_html_is_escaped_and_code_stays_as_it_is_otherwise() -> None:
    assert shown("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"
    assert code("<@ada:example.org>") == "<code>&lt;@ada:example.org&gt;</code>"


def test_octets_are_those_of_json() -> None:
    assert octets('a"\n\u00e9\U0001f4a9') == 1 + 2 + 2 + 2 + 4


@pytest.mark.parametrize("url", ["javascript:alert(1)", "matrix:u/x", "", "https", "https://a b"])
def test_only_addresses_of_the_web_are_linked(url: str) -> None:
    assert web_address(url) == ""


def test_an_address_cannot_leave_its_attribute() -> None:
    assert web_address('https://example.org/"><x') == "https://example.org/&quot;&gt;&lt;x"
