"""Texts that jobs may hold and that must do nothing: for the conformance suite and for tests of renderings."""

from __future__ import annotations

from headgate.model.message import (
    Bar,
    DigestLine,
    Fact,
    JobIdentity,
    Link,
    LogTail,
    Message,
    Outcome,
)

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)><b>bold</b>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "style": "</style></title></pre><style>*{display:none}</style>",
    "comment": "<!-- --><!DOCTYPE x><![CDATA[x]]>",
    "template": "{{ 7*7 }} {% include '/etc/passwd' %} ${7*7} #{7*7} %(name)s {0.__class__}",
    "header": "x\r\nBcc: everybody@example.org\r\n\r\nbody",
    "bare line breaks": "x\nBcc: a@example.org\rX: y\x0bz\x0c\x85\u2028\u2029",
    "smtp": "\r\n.\r\nMAIL FROM:<x@example.org>\r\n",
    "encoded word": "=?utf-8?q?=0D=0ABcc:_x=40example.org?= =?utf-8?b?PGI+?=",
    "json": '","injected":"y","x":["',
    "right to left": "abc\u202egnp.exe\u2066\u2067\u200f",
    "terminal": "\x1b[2J\x1b]0;title\x07\x1b]8;;http://example.org\x07link\x1b]8;;\x07\x9b31m",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "nothing": "",
    "blanks": " \t \u00a0\u3000 ",
    "surrogate": "a\ud800b\udfffc",
    "no characters": "\ufffe\uffff\ufdd0\U0001fffe",
    "stacked marks": "Z" + "\u0300\u0301\u0302" * 200,
    "long": "A" * 1_000_000,
    "long and wide": "\N{PILE OF POO}" * 100_000,
    "long without blanks": "/very/long/path" * 10_000,
    "many lines": "line\n" * 100_000,
    "mentions": "@everyone @here <!channel> <@U1> [x](javascript:alert(1)) https://example.org/",
    "shell": "$(reboot) `reboot` ; reboot | reboot && reboot '\"\\",
    "quotes": "'\"`\\",
    "numbers": "NaN Infinity -0 1e999 0x",
}
"""Each under a name that says what it tries."""


def hostile_message(text: str) -> Message:
    """Return a message with this text in every place that takes text."""
    return Message(
        title=text,
        outcome=Outcome.FAILED,
        time=1_700_000_000.5,
        job=JobIdentity(cluster=text, job_id=text, name=text, user=text),
        summary=text,
        facts=(Fact(label=text, value=text), Fact(label="Name", value=text)),
        bars=(
            Bar(label=text, fraction=0.5, text=text),
            Bar(label="not a number", fraction=float("nan"), text=text),
            Bar(label="no end", fraction=float("inf"), text=text),
            Bar(label="below", fraction=-1.0, text=text),
        ),
        hints=(text,),
        notes=(text,),
        log=LogTail(path=text, lines=(text, "between", text)),
        links=(Link(label=text, url="javascript:alert(1)"), Link(label=text, url="https://example.org/" + text)),
        digest=(DigestLine(outcome=Outcome.FAILED, text=text), DigestLine(outcome=Outcome.SUCCEEDED, text=text)),
    )


def crowded_message(number: int = 2000) -> Message:
    """Return a message with far more of everything than anybody wants to read."""
    numbers = range(number)
    return Message(
        title="Failed: everything",
        outcome=Outcome.MIXED,
        time=1e300,
        facts=tuple(Fact(label=f"Fact {n}", value="v" * 600) for n in numbers),
        bars=tuple(Bar(label=f"Bar {n}", fraction=n / 10, text="t" * 600) for n in numbers),
        hints=tuple("h" * 2000 for _ in numbers),
        notes=tuple("n" * 2000 for _ in numbers),
        log=LogTail(path="/out", lines=tuple("l" * 5000 for _ in numbers)),
        links=tuple(Link(label=f"Link {n}", url="https://example.org/" + "u" * 3000) for n in numbers),
        digest=tuple(DigestLine(outcome=Outcome.FAILED, text="d" * 2000) for _ in numbers),
    )
