from __future__ import annotations

from headgate.builds.jobs.log import Excerpt, excerpt


def test_the_first_error_and_the_last_lines_are_shown() -> None:
    lines = ["start", "fine", "ERROR: broken", *(f"line {number}" for number in range(100))]
    shown = excerpt("\n".join(lines).encode(), 10)
    assert shown == Excerpt(tuple(lines[0:5]), tuple(lines[-5:]))


def test_an_error_among_the_last_lines_is_shown_once() -> None:
    shown = excerpt(b"a\nb\nFATAL: broken\n", 10)
    assert shown == Excerpt((), ("a", "b", "FATAL: broken"))


def test_colours_progress_and_secrets_are_left_out() -> None:
    data = b"\x1b[31mred\x1b[0m\n10%\r50%\r100%\npassword=hunter2hunter2\n\xff\xfe\n"
    shown = excerpt(data, 10)
    assert shown is not None
    assert shown.last[:2] == ("red", "100%")
    assert "hunter2" not in "".join(shown.last)


def test_nothing_is_shown_of_nothing() -> None:
    assert excerpt(b"", 10) is None
    assert excerpt(b"a\n", 0) is None
