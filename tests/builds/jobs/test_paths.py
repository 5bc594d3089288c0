from __future__ import annotations

import pytest

from headgate.builds.jobs.paths import PathError, event_name, job_path, run_path
from headgate.model.pull_request import Repository

NOVEMBER = 1795910400.0
RUN = "2026.11/org/software/pr_12/event_abc/run_003"


def test_the_repository_and_the_event_are_in_the_path() -> None:
    assert run_path(Repository("hub", "org/software"), 12, "abc", 3, NOVEMBER) == RUN
    assert run_path(Repository("lab", "group/sub/x"), 1, "abc", 0, NOVEMBER).startswith("2026.11/group/sub/x/pr_1/")


@pytest.mark.parametrize(
    ("delivery", "name"),
    [("72d3162e-cc78", "72d3162e-cc78"), ("", "headgate-5"), ("../x", "headgate-5"), ("a/b", "headgate-5")],
)
def test_an_event_has_a_name_that_can_be_a_directory(delivery: str, name: str) -> None:
    assert event_name(delivery, 5) == name


def test_two_kinds_of_node_for_the_same_have_two_directories() -> None:
    first = job_path(RUN, ("x86_64/amd/zen2", ""), "site", "one", [])
    assert first == f"{RUN}/x86_64/amd/zen2/site"
    assert job_path(RUN, ("x86_64/amd/zen2", ""), "site", "two", [first]) == f"{first}.two"
    assert (
        job_path(RUN, ("x86_64/amd/zen2", "nvidia/cc80"), "site", "one", [first])
        == f"{RUN}/x86_64/amd/zen2/nvidia/cc80/site"
    )


@pytest.mark.parametrize("architecture", ["..", "a/../b", "/a", "a//b", "", "a b", "a/.git"])
def test_what_would_leave_the_directory_is_refused(architecture: str) -> None:
    with pytest.raises(PathError):
        job_path(RUN, (architecture, ""), "site", "one", [])
    with pytest.raises(PathError):
        run_path(Repository("hub", architecture), 1, "e", 0, NOVEMBER)
