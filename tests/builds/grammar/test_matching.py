from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.grammar import matches

MATCHING = [
    ("architecture", "x86_64/amd/zen2", "x86_64/amd/zen2"),
    ("architecture", "x86_64-amd-zen2", "x86_64/amd/zen2"),
    ("architecture", "amd/zen2", "x86_64-amd-zen2"),
    ("architecture", "zen2", "x86_64/amd/zen2"),
    ("architecture", "amd", "x86_64/amd/zen2"),
    ("architecture", "zen*", "x86_64/amd/zen2"),
    ("architecture", "x86_64/*", "x86_64/amd/zen2"),
    ("architecture", "x86_64/*/zen[2-4]", "x86_64/amd/zen3"),
    ("architecture", "^x86_64/.*$", "x86_64/amd/zen2"),
    ("accelerator", "nvidia/cc80", "nvidia/cc80"),
    ("accelerator", "nvidia=cc80", "nvidia/cc80"),
    ("accelerator", "amd/gfx90a", "amd=gfx90a"),
    ("accelerator", "nvidia", "nvidia/cc80"),
    ("repository", "eessi.io-2023.06-*", "eessi.io-2023.06-software"),
    ("instance", "my-bot", "my-bot"),
    ("job", "12", "12"),
]
NOT_MATCHING = [
    ("architecture", "zen", "x86_64/amd/zen2"),
    ("architecture", "zen2", "x86_64/amd/zen20"),
    ("architecture", "x86_64/zen2", "x86_64/amd/zen2"),
    ("architecture", "", "x86_64/amd/zen2"),
    ("architecture", "zen2/amd", "x86_64/amd/zen2"),
    ("repository", "eessi.io-2023", "eessi.io-2023.06-software"),
    ("repository", "eessi.io-2023.06-software", "eessiXio-2023.06-software"),
    ("instance", "my", "my-bot"),
    ("instance", "my/bot", "my-bot"),
    ("job", "1", "12"),
]


@pytest.mark.parametrize(("component", "pattern", "value"), MATCHING)
def test_a_pattern_matches_the_whole_or_parts_between_slashes(component: str, pattern: str, value: str) -> None:
    assert matches(component, pattern, value)


@pytest.mark.parametrize(("component", "pattern", "value"), NOT_MATCHING)
def test_a_pattern_does_not_match_part_of_a_name(component: str, pattern: str, value: str) -> None:
    assert not matches(component, pattern, value)


def test_a_pattern_that_would_keep_a_regular_expression_busy_for_ever_is_quick() -> None:
    assert not matches("repository", "*a" * 8 + "b", "a" * 128)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["architecture", "accelerator", "repository"]))
def test_no_pattern_is_too_much(pattern: str, value: str, component: str) -> None:
    matches(component, pattern, value)


@given(st.lists(st.from_regex(r"[a-z0-9_]{1,6}", fullmatch=True), min_size=1, max_size=5), st.data())
def test_every_run_of_whole_parts_matches(parts: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(parts) - 1))
    last = data.draw(st.integers(first + 1, len(parts)))
    assert matches("architecture", "/".join(parts[first:last]), "/".join(parts))
