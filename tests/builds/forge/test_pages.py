"""Which page of a list is the last, from the headers of GitHub and GitLab."""

from __future__ import annotations

import pytest

from headgate.builds.forge.pages import is_last, next_of

NEXT = '<https://lab.example/api?page=1>; rel="first", <https://lab.example/api?page=3>; rel="next"'
FIRST = '<https://lab.example/api?page=1>; rel="first", <https://lab.example/api?page=1>; rel="last"'


@pytest.mark.parametrize(
    ("items", "headers", "last"),
    [
        (7, {"link": NEXT, "x-next-page": "3"}, False),
        (7, {"link": NEXT}, False),
        (7, {"x-next-page": "3"}, False),
        (0, {"link": NEXT}, False),
        (7, {"link": FIRST, "x-next-page": ""}, True),
        (7, {"x-next-page": " "}, True),
        (7, {}, True),
        (100, {}, False),
    ],
)
def test_a_short_page_is_the_last_only_if_no_next_one_is_named(items: int, headers: dict[str, str], last: bool) -> None:
    assert is_last(items, 100, headers) is last


def test_the_next_pages_address_is_told_and_no_others() -> None:
    assert next_of({"link": NEXT}) == "https://lab.example/api?page=3"
    assert next_of({"link": FIRST}) == next_of({}) == ""
