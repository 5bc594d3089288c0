"""Nobody is sent on to anywhere but a page of ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.web.pages.signing.places import HOME, ours


@pytest.mark.parametrize(
    "path", ["/ui/", "/ui", "/ui/jobs/1_2", "/ui/jobs?state=RUNNING&user=a%20b", "/ui/nodes/n[1-3]", "/ui/a.b/c"]
)
def test_a_page_of_ours_is_kept(path: str) -> None:
    assert ours(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//evil.example",
        "/ui//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "/ui\\..\\..",
        "/ui/../../evil",
        "/ui/..",
        "/ui/%2e%2E/x",
        "/ui/./x",
        "/uikeeper",
        "/ui@evil.example",
        "ui/",
        "https://evil.example/ui/",
        "https:/ui/",
        "http:ui",
        "javascript:alert(1)",
        "data:text/html,x",
        " /ui/",
        "/ui/ x",
        "/ui/\r\nSet-Cookie: a=b",
        "/ui/\t",
        "/ui/\x00",
        "/ui/#//evil.example",
        "/ui/?next=\\",
        "/ui/sign-in?next=/ui/",
        "/ui/sign-out",
        "/ui/live?topics=jobs",
        "/ui/\u2215evil",
        "/ui/" + "x" * 2000,
    ],
)
def test_everything_else_becomes_the_overview(path: str) -> None:
    assert ours(path) == HOME


@given(st.text(st.sampled_from("/\\.:?#@%2eui evil\n\t"), max_size=30))
def test_whatever_it_is_a_browser_stays_here(path: str) -> None:
    kept = ours(path)
    assert kept == "/ui" or kept.startswith(("/ui/", "/ui?"))
    assert not {"\\", "\n", "\t", " ", "#"} & set(kept)
