from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.grammar import (
    Build,
    Cancel,
    Command,
    Deploy,
    Filter,
    Help,
    Misspelt,
    Retry,
    ShowConfig,
    Status,
    parse,
)
from headgate.builds.grammar.arguments import COMPONENTS


def one(text: str) -> Command | Misspelt:
    (line,) = parse(f"bot: {text}")
    return line.command


def message(text: str) -> str:
    command = one(text)
    assert isinstance(command, Misspelt)
    return command.message


COMMANDS: dict[str, Command] = {
    "help": Help(),
    "help instance:a": Help((Filter("instance", "a"),)),
    "show_config": ShowConfig(),
    "show_config inst:mine": ShowConfig((Filter("instance", "mine"),)),
    "status": Status(),
    "status last_build": Status(last_build=True),
    "status last_build arch:zen2": Status(last_build=True, filters=(Filter("architecture", "zen2"),)),
    "cancel": Cancel(),
    "cancel all": Cancel(),
    "cancel jobid:4711 jobid:4712": Cancel((4711, 4712)),
    "cancel 4711 4711": Cancel((4711,)),
    "retry": Retry(),
    "retry job:7": Retry((Filter("job", "7"),)),
    "rebuild failed": Retry(),
    "deploy": Deploy(),
    "deploy repo:r1": Deploy((Filter("repository", "r1"),)),
    "build for:arch=x86_64/amd/zen2": Build(target={"architecture": "x86_64/amd/zen2"}),
    "rebuild for:ar=zen2": Build(target={"architecture": "zen2"}, again=True),
    "build all": Build(everything=True),
    "build all confirmed": Build(everything=True, confirmed=True),
    "build preview for:arch=zen2": Build(target={"architecture": "zen2"}, preview=True),
    "build repo:eessi.io-2023.06-software instance:eessi-bot-mc-aws for:arch=x86_64/amd/zen4": Build(
        filters=(Filter("repository", "eessi.io-2023.06-software"), Filter("instance", "eessi-bot-mc-aws")),
        target={"architecture": "x86_64/amd/zen4"},
    ),
    "build on:arch=zen4,accel=nvidia/cc90 for:arch=x86_64/amd/zen4,accel=nvidia/cc90 export:SKIP_TESTS=yes": Build(
        on=(Filter("architecture", "zen4"), Filter("accelerator", "nvidia/cc90")),
        target={"architecture": "x86_64/amd/zen4", "accelerator": "nvidia/cc90"},
        job_arguments=("SKIP_TESTS=yes",),
    ),
    "build on:arch=zen2 for:arch=x86_64/generic": Build(
        on=(Filter("architecture", "zen2"),), target={"architecture": "x86_64/generic"}
    ),
    "build for:arch=zen2 jobargs:A=1 jobargs:B=x=y:z submitargs:--time=1:00:00 submitargs:-pgpu": Build(
        target={"architecture": "zen2"},
        job_arguments=("A=1", "B=x=y:z"),
        submit_arguments=("--time=1:00:00", "-pgpu"),
    ),
    "build for:arch=x86_64/*/zen[23]": Build(target={"architecture": "x86_64/*/zen[23]"}),
    "build repo:^eessi.*$ for:arch=zen2": Build(
        filters=(Filter("repository", "eessi*"),), target={"architecture": "zen2"}
    ),
}


@pytest.mark.parametrize(("text", "command"), COMMANDS.items())
def test_a_command_is_read(text: str, command: Command) -> None:
    assert one(text) == command


EXPANDED = {
    "build for:arch=x86_64/amd/zen2": "build architecture:x86_64/amd/zen2",
    "build repo:r inst:i for:arch=zen2,acc=a+b": "build repository:r instance:i architecture:zen2 accelerator:a+b",
    "build on:arch=zen2 for:arch=x86_64/generic": "build on:architecture=zen2 for:architecture=x86_64/generic",
    "build export:A=b for:arch=z": "build architecture:z exportvariable:A=b",
    "status last_build": "status last_build",
    "cancel jobi:12": "cancel jobid:12",
    "cancel 12": "cancel jobid:12",
    "HELP": "help",
}


@pytest.mark.parametrize(("text", "expanded"), EXPANDED.items())
def test_all_names_are_shown_whole(text: str, expanded: str) -> None:
    (line,) = parse(f"bot: {text}")
    assert (line.text, line.expanded) == (text, expanded)


# Words that the predecessor's users and programs know to the letter.
KNOWN_MESSAGES = {
    "build ar:zen4 for:arch=x": "component in filter spec 'ar:zen4' is too short; must be 3 characters or longer",
    "build machine:x for:arch=x": "unknown component=machine in machine:x",
    "build arch: for:arch=x": "pattern in filter string 'arch:' is empty",
    "status nonsense": "filter string 'nonsense' does not conform to format 'component:pattern'",
    "build :x for:arch=x": "filter string ':x' does not conform to format 'component:pattern'",
    "frobnicate": "unknown command `frobnicate`; use `bot: help` for usage information",
    "build repo:x": "No 'for:' argument was passed to the bot:build command. This argument is required, so not "
    "submitting build jobs",
}


@pytest.mark.parametrize(("text", "known"), KNOWN_MESSAGES.items())
def test_mistakes_are_told_in_the_known_words(text: str, known: str) -> None:
    assert message(text) == known


MEANT = {
    "biuld for:arch=zen2": "did you mean `bot: build for:arch=zen2`?",
    "show-config": "did you mean `bot: show_config`?",
    "showconfig": "did you mean `bot: show_config`?",
    "cancle jobid:1": "did you mean `bot: cancel jobid:1`?",
    "build arhc:zen2 for:arch=x": "did you mean `arch:zen2`?",
    "build repsitory:r for:arch=x": "did you mean `repository:r`?",
    "build fro:arch=x": "did you mean `for:arch=x`?",
    "status last-build": "did you mean last_build?",
    "build arch:zen2": "did you mean `for:architecture=zen2`?",
    "build al": "did you mean all?",
}


@pytest.mark.parametrize(("text", "meant"), MEANT.items())
def test_what_was_probably_meant_is_named(text: str, meant: str) -> None:
    assert message(text).endswith(meant)


REFUSED = [
    "build for:a=x",
    "build for:=x",
    "build for:",
    "build for:arch",
    "build for:arch=",
    "build for:arch=x=y",
    "build for:arch=x,arch=y",
    "build for:os=linux",
    "build for:arch=../../etc",
    "build for:arch=/etc",
    "build for:arch=a//b",
    "build for:arch=-x",
    "build for:arch=a;b",
    "build for:arch=$(x)",
    "build on:arch for:arch=x",
    "build on:arch=x",
    "build on:arch=x for:arch=*",
    "build all for:arch=x",
    "build all on:arch=x",
    "build job:7 for:arch=x",
    "build jobargs:A for:arch=x",
    "build jobargs:A=`id` for:arch=x",
    "build jobargs:A=$(id) for:arch=x",
    "build jobargs:1A=x for:arch=x",
    "build submitargs:x for:arch=x",
    "build submitargs:--wrap='x for:arch=x",
    "build submitargs:--a;b for:arch=x",
    "build repo:(a+)+$ for:arch=x",
    "build repo:a|b for:arch=x",
    "build repo:" + "*a" * 20 + " for:arch=x",
    "build repo:" + "a" * 129 + " for:arch=x",
    "cancel jobid:0",
    "cancel jobid:x",
    "cancel jobid:12abc",
    "cancel all jobid:1",
    "cancel for:arch=x",
    "retry jobargs:A=b",
    "deploy now",
    "show_config x",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_answered_and_not_done(text: str) -> None:
    assert message(text)


def test_nothing_behind_the_colon_is_nothing() -> None:
    assert parse("bot:\nbot: \n") == []


def test_each_line_is_a_command_of_its_own_and_the_others_are_done() -> None:
    lines = parse("bot: help\nand\nbot: nonsense\nbot: status")
    assert [type(line.command) for line in lines] == [Help, Misspelt, Status]


def test_a_line_without_a_colon_is_answered_if_it_is_a_command_otherwise() -> None:
    (line,) = parse("bot show_config")
    assert line.command == Misspelt("there is no colon behind bot; did you mean `bot: show_config`?")
    assert parse("bot build is broken again") == []
    assert parse("bot is broken") == []


def test_a_comment_holds_20_commands_and_those_below_are_told() -> None:
    lines = parse("bot: help\n" * 22)
    assert [type(line.command) for line in lines] == [Help] * 20 + [Misspelt] * 2


def test_a_command_has_2000_characters() -> None:
    assert "2000" in message("build " + "x" * 2000)


@given(st.sampled_from(sorted(COMPONENTS)), st.integers(3, 20))
def test_any_beginning_of_three_characters_is_a_name_if_it_is_the_only_one(name: str, length: int) -> None:
    short = name[:length]
    candidates = {ours for known, ours in COMPONENTS.items() if known.startswith(short)}
    command = one(f"status {short}:7")
    if short in COMPONENTS or len(candidates) == 1:
        assert not (isinstance(command, Misspelt) and command.message.startswith("unknown component"))
    else:
        assert isinstance(command, Misspelt)


ARGUMENT = st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=30)


@given(st.lists(ARGUMENT, max_size=6))
def test_what_is_accepted_is_fit_for_paths_and_option_lists(tokens: list[str]) -> None:
    for name in ("build for:arch=x86_64/amd/zen2", "rebuild all", "cancel", "status"):
        command = one(" ".join([name, *tokens]))
        if isinstance(command, Build):
            for value in command.target.values():
                assert not value.startswith(("/", ".", "-"))
                assert ".." not in value.split("/")
            for argument in (*command.job_arguments, *command.submit_arguments):
                assert not set(argument) & set("`$;|&<>\\'\"(){}!# \n")


@given(st.lists(ARGUMENT, max_size=6))
def test_the_expanded_form_of_a_command_without_targets_means_the_same(tokens: list[str]) -> None:
    (line,) = parse("bot: " + " ".join(["status", *tokens]))
    if not isinstance(line.command, Misspelt):
        (again,) = parse(f"bot: {line.expanded}")
        assert again.command == line.command
