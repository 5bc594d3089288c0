"""What the log looks like, from a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROGRAM = """
import logging, sys, warnings
import structlog
from headgate.service import logs
logs.configure(level={level!r}, form={form!r})
log = structlog.get_logger("t")
log.debug("debugged")
log.info("mail.read", records=3, name="two\\nlines", path=object)
logging.getLogger("elsewhere").warning("from a library: %s", "x")
logging.getLogger("httpx2").info("each request")
def fail(password):
    a_secret_variable = password + "!"
    raise ValueError("broken")
try:
    fail("s3cret-pass")
except ValueError:
    log.exception("part.failed", part="mail")
try:
    fail("s3cret-pass")
except ValueError:
    logging.getLogger("elsewhere").exception("library failed")
print("answer")
"""


def logged(form: str = "json", level: str = "info") -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(form=form, level=level)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "answer\n"
    return done.stderr


def as_json(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_a_line_also_for_libraries_and_tracebacks() -> None:
    lines = as_json(logged())
    assert [line["event"] for line in lines] == [
        "mail.read", "from a library: x", "part.failed", "library failed",
    ]  # fmt: skip
    assert [line["level"] for line in lines] == ["info", "warning", "error", "error"]
    assert (lines[0]["records"], lines[0]["name"]) == (3, "two\nlines")
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "ValueError: broken" in lines[2]["exception"]
    assert "ValueError: broken" in lines[3]["exception"]


def test_when_it_is_no_terminal_auto_is_json() -> None:
    assert as_json(logged("auto"))


def test_no_form_shows_what_was_in_the_variables() -> None:
    for form in ("json", "console"):
        text = logged(form)
        assert "ValueError: broken" in text
        assert "s3cret-pass" not in text


def test_the_console_tells_the_same_events() -> None:
    text = logged("console")
    for told in ("mail.read", "from a library: x", "part.failed"):
        assert told in text


def test_the_level_counts_for_ours_and_for_libraries() -> None:
    assert [line["event"] for line in as_json(logged(level="error"))] == ["part.failed", "library failed"]
    assert "debugged" in [line["event"] for line in as_json(logged(level="debug"))]
