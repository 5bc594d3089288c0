"""What was signed is found again in what a relay makes of it, as Node, which relays are written for, writes it."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.incoming import relayed
from tests.builds.incoming.signing import MODULES, comment, needs_samples

NODE = MODULES.parent / ".venv" / "bin" / "node"
PASS_ON = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean);
for (const line of lines) {
  const {headers, body} = JSON.parse(line);
  console.log(JSON.stringify({...headers, body: JSON.parse(body), query: {}, timestamp: Date.now()}));
}
"""
HEADERS = {"x-github-event": "ping", "x-hub-signature-256": "sha256=0", "content-type": "application/json"}


def passed_on(*bodies: str) -> list[str]:
    """Return what smee makes of these bodies."""
    lines = "\n".join(json.dumps({"headers": HEADERS, "body": body}) for body in bodies)
    words = [str(NODE), "-e", PASS_ON]
    done = subprocess.run(words, input=lines.encode(), capture_output=True, check=True, timeout=120)
    return done.stdout.decode().rstrip("\n").split("\n")


@needs_samples
@pytest.mark.skipif(not Path(NODE).exists(), reason="Node is not in .venv")
def test_a_body_as_github_writes_it_is_among_what_may_have_been_signed() -> None:
    bodies = [
        '{"a":1}',
        '{"b":1,"a":{"z":[],"y":{}}}',  # the order stays
        '{"text":"é \U0001f600 \u2028 \u007f"}',
        '{"text":"quote \\" back\\\\slash \\n\\r\\t\\b\\f"}',
        '{"text":"\\u001b[31m \\u0000 \\u001f"}',
        '{"text":"\\u001B[31m"}',  # as github.com has written it
        '{"text":"\\u00e9\\ud83d\\ude00"}',
        '{"text":"\\u00E9\\uD83D\\uDE00"}',
        '{"n":12345678901,"f":1.5,"t":true,"x":null}',
        json.dumps(comment("bot: build é\r\n\x1b \U0001f600"), separators=(",", ":"), ensure_ascii=False),
        json.dumps(comment("bot: build é\r\n\x1b \U0001f600"), separators=(",", ":")),
    ]
    for body, text in zip(bodies, passed_on(*bodies), strict=True):
        found = relayed.read(text)
        assert found is not None
        assert body.encode() in found.bodies, body
        assert found.headers["x-github-event"] == "ping"


def test_a_body_that_is_passed_on_whole_is_taken_as_it_is() -> None:
    raw = b'{ "a" : 1.0 }\n'
    for more in ({"bodyB": base64.b64encode(raw).decode()}, {"rawBody": raw.decode()}, {"rawbody": raw.decode()}):
        found = relayed.read(json.dumps({**HEADERS, "body": json.loads(raw), **more}))
        assert found is not None
        assert found.bodies[0] == raw


def test_a_form_is_written_as_a_form_again() -> None:
    data = {**HEADERS, "content-type": "application/x-www-form-urlencoded", "body": {"payload": '{"a": "é+ b"}'}}
    found = relayed.read(json.dumps(data))
    assert found is not None
    assert found.bodies == (b"payload=%7B%22a%22%3A+%22%C3%A9%2B+b%22%7D",)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "null", "[]", '"x"', "\x00", "{" * 100_000, '{"a":' + "[" * 100_000),
        *('{"body":{}}', '{"x-github-event":"ping"}', '{"x-github-event":"ping","body":1}'),
        *('{"x-github-event":"ping","body":{', '{"x-github-event" "ping"}'),
    ],
    ids=range(13),
)
def test_what_is_no_webhook_is_none(text: str) -> None:
    assert relayed.read(text) is None


@given(st.text(max_size=300))
def test_nothing_a_relay_says_breaks_us(text: str) -> None:
    relayed.read(text)
    relayed.read('{"x-github-event":"ping","body":{"a":' + text)
