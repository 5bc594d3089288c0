from __future__ import annotations

import pytest

from headgate.builds.grammar import Build, Filter, Misspelt, Retry, parse
from headgate.builds.targets import Chosen, addressed, choose, selects
from headgate.config.builds import AllowedArgument, BuildJobSettings, TargetSettings
from tests.builds.site import SETTINGS


def chosen(text: str) -> Chosen:
    (line,) = parse(f"bot: {text}")
    assert isinstance(line.command, Build | Retry)
    return choose(SETTINGS, line.command)


def shown(found: Chosen) -> list[tuple[str, str, str, str]]:
    return [(one.name, one.repository, one.architecture, one.accelerator) for one in found.choices]


ZEN2 = [("cpu_zen2", "r-software", "x86_64/amd/zen2", ""), ("cpu_zen2", "r-compat", "x86_64/amd/zen2", "")]
CHOICES = {
    "build for:arch=x86_64/amd/zen2": ZEN2,
    "build for:arch=x86_64-amd-zen2": ZEN2,
    "build for:arch=zen2": ZEN2,
    "build for:arch=zen2 repo:r-compat": ZEN2[1:],
    "build for:arch=x86_64/*/* repo:r-soft*": [
        ("cpu_zen2", "r-software", "x86_64/amd/zen2", ""),
        ("cpu_zen4", "r-software", "x86_64/amd/zen4", ""),
    ],
    "build for:arch=zen2,accel=nvidia/cc80": [("gpu", "r-software", "x86_64/amd/zen2", "nvidia/cc80")],
    "build for:arch=zen2 accel:nvidia": [("gpu", "r-software", "x86_64/amd/zen2", "nvidia/cc80")],
    "build on:arch=zen4 for:arch=x86_64/generic": [("cpu_zen4", "r-software", "x86_64/generic", "")],
    "build on:arch=zen4 for:arch=x86_64-amd-zen2": [("cpu_zen4", "r-software", "x86_64/amd/zen2", "")],
    "build on:accel=nvidia/cc80 for:arch=x86_64/amd/zen2,accel=nvidia/cc90": [
        ("gpu", "r-software", "x86_64/amd/zen2", "nvidia/cc90")
    ],
    "build on:arch=zen4 for:arch=x86_64/amd/zen4,accel=nvidia/cc90": [
        ("cpu_zen4", "r-software", "x86_64/amd/zen4", "nvidia/cc90")
    ],
    "build all confirmed": [
        *ZEN2,
        ("cpu_zen4", "r-software", "x86_64/amd/zen4", ""),
        ("arm", "r-software", "aarch64/neoverse_v1", ""),
        ("gpu", "r-software", "x86_64/amd/zen2", "nvidia/cc80"),
    ],
    "build all confirmed arch:aarch64": [("arm", "r-software", "aarch64/neoverse_v1", "")],
    "build all confirmed accel:nvidia": [("gpu", "r-software", "x86_64/amd/zen2", "nvidia/cc80")],
    "retry arch:zen4": [("cpu_zen4", "r-software", "x86_64/amd/zen4", "")],
}


@pytest.mark.parametrize(("text", "expected"), CHOICES.items())
def test_a_command_means_these_targets(text: str, expected: list[tuple[str, str, str, str]]) -> None:
    found = chosen(text)
    assert (found.problem, found.preview, shown(found)) == ("", False, expected)


@pytest.mark.parametrize("text", ["build all", "build all preview confirmed", "build for:arch=zen2 preview"])
def test_all_is_only_a_preview_until_it_is_confirmed_and_anything_may_be_one(text: str) -> None:
    found = chosen(text)
    assert found.preview
    assert found.choices


PROBLEMS = {
    "build for:arch=x86_64/amd/zen3": "no target here has architecture x86_64/amd/zen3; did you mean x86_64/amd/zen4?",
    "build for:arch=ppc64": "no target here has architecture ppc64; there are x86_64/amd/zen2, x86_64/amd/zen4, "
    "aarch64/neoverse_v1",
    "build for:arch=zen2 repo:r-sofware": "no target here has repository r-sofware; did you mean r-software?",
    "build for:arch=zen4,accel=nvidia/cc80": "no target here fits all of it; see `bot: show_config`",
    "build for:arch=zen2 jobargs:SKIP_TESTS=maybe": "`jobargs:SKIP_TESTS=maybe` is not allowed here",
    "build for:arch=zen2 jobargs:SKIP_TEST=1": "`jobargs:SKIP_TEST=1` is not allowed here; did you mean SKIP_TESTS?",
    "build for:arch=zen2 submitargs:--uid=0": "`submitargs:--uid=0` is not allowed here",
    "build for:arch=zen2 submitargs:--time=1:00:00,--uid=0": "`submitargs:--time=1:00:00,--uid=0` is not allowed here",
}


@pytest.mark.parametrize(("text", "problem"), PROBLEMS.items())
def test_what_means_nothing_here_is_explained(text: str, problem: str) -> None:
    assert chosen(text) == Chosen(problem=problem)


def test_an_accelerator_has_to_be_named() -> None:
    only = SETTINGS.model_copy(update={"targets": {"gpu": SETTINGS.targets["gpu"]}})
    problem = choose(only, Build(target={"architecture": "zen2"})).problem
    assert problem == "no target here fits all of it; one with an accelerator is only taken if accel= names it"


def test_two_kinds_of_node_that_match_are_two_jobs() -> None:
    twice = SETTINGS.model_copy(
        update={
            "targets": {
                name: TargetSettings(architecture="x86_64/amd/zen2", repositories=("r",)) for name in ("old", "new")
            }
        }
    )
    found = choose(twice, Build(target={"architecture": "zen2"}))
    assert [one.name for one in found.choices] == ["old", "new"]


def test_allowed_arguments_are_let_through() -> None:
    assert len(chosen("build for:arch=zen4 jobargs:SKIP_TESTS=yes submitargs:--time=1:00:00").choices) == 1


def test_an_allowed_argument_has_to_fit_as_a_whole() -> None:
    loose = SETTINGS.model_copy(update={"job_arguments": (AllowedArgument(name="^A$", value="x"),)})
    assert choose(loose, Build(target={"architecture": "zen4"}, job_arguments=("A=x",))).choices
    assert choose(loose, Build(target={"architecture": "zen4"}, job_arguments=("A=xx",))).problem


def test_more_jobs_than_a_command_may_make_are_none() -> None:
    few = SETTINGS.model_copy(update={"jobs": BuildJobSettings(max_jobs=4)})
    found = choose(few, Build(everything=True))
    assert found == Chosen(
        problem="this would make 5 jobs, and one command may make 4; narrow it down with arch:, accel: or repo:"
    )


def test_a_repository_that_repos_cfg_does_not_know_is_left_out() -> None:
    found = choose(SETTINGS, Build(target={"architecture": "zen2"}), known={"r-compat"})
    assert [one.repository for one in found.choices] == ["r-compat"]


@pytest.mark.parametrize(
    ("text", "ours"),
    [("help", True), ("status instance:my-bot", True), ("status instance:my*", True), ("status instance:other", False)],
)
def test_a_command_for_another_instance_is_not_ours(text: str, ours: bool) -> None:
    (line,) = parse(f"bot: {text}")
    assert not isinstance(line.command, Misspelt)
    assert addressed(SETTINGS, line.command) is ours


def test_filters_select_jobs_by_their_facts() -> None:
    facts = {"architecture": "x86_64/generic", "repository": "r", "job": "12", "instance": "my-bot"}
    assert selects([], facts)
    assert selects([Filter("architecture", "generic"), Filter("job", "12")], facts)
    assert not selects([Filter("job", "1")], facts)
    assert not selects([Filter("accelerator", "*")], facts)
