from __future__ import annotations

import pytest

from headgate.builds.pinning import Head, head_at

OPENED, PUSHED = Head(10, "a", replaces=False), Head(20, "b", replaces=True)


@pytest.mark.parametrize(
    ("known", "written", "found"),
    [
        ([], 15, "now"),
        ([OPENED], 15, "now"),
        ([OPENED, PUSHED], 15, "a"),
        ([OPENED, PUSHED], 25, "now"),
        ([PUSHED], 15, None),
        ([OPENED, PUSHED, Head(30, "c", replaces=True)], 25, "b"),
        ([Head(30, "a", replaces=False)], 15, "now"),
        ([OPENED, Head(20, "b", replaces=True, certain=False)], 15, None),
        ([OPENED, Head(20, "b", replaces=True, certain=False)], 25, "now"),
    ],
)
def test_the_head_at_the_time_of_writing_counts(known: list[Head], written: float, found: str | None) -> None:
    assert head_at(known, written, "now") == found
