from __future__ import annotations

from headgate.builds import texts
from headgate.builds.grammar import Build, Line, parse
from headgate.builds.targets import choose
from headgate.builds.texts.outcome import outcome
from headgate.config.builds import BuildTexts
from headgate.model.job import ExitStatus
from headgate.model.states import JobState
from tests.builds.site import SETTINGS

TEXTS = BuildTexts()


def line(text: str) -> Line:
    (found,) = parse(text)
    return found


def test_the_answer_to_a_build() -> None:
    command = line("bot: build for:arch=x86_64/amd/zen2")
    url = "https://github.com/o/r/pull/1#issuecomment-77"
    shown = texts.response(
        TEXTS, "my-bot", [command], "alice", [texts.result(command, [texts.submitted_job(4711, url)])]
    )
    assert shown == (
        "<details><summary>Updates by the bot instance <code>my-bot</code> _(click for details)_</summary>\n\n"
        "- received bot command `build for:arch=x86_64/amd/zen2` from `alice`\n"
        "  - expanded format: `build architecture:x86_64/amd/zen2`\n"
        "- handling command `build architecture:x86_64/amd/zen2` resulted in:\n"
        "  - submitted job `4711`, for details & status see https://github.com/o/r/pull/1#issuecomment-77\n"
        "</details>"
    )


def test_the_answer_to_what_cannot_be_read() -> None:
    command = line("bot: nonsense")
    assert texts.received(command, "alice") == (
        "- parsing the bot command `nonsense`, received from sender `alice`, failed"
    )
    assert texts.misspelt(command) == (
        "- handling command `nonsense` failed with message\n"
        "  _unknown command `nonsense`; use `bot: help` for usage information_"
    )


def test_refusals_in_the_known_words() -> None:
    assert texts.no_command_permission("bob") == "account `bob` has NO permission to send commands to the bot"
    assert texts.no_build_permission("bob") == "account `bob` has NO permission to submit build jobs"
    assert texts.NOTHING == "no jobs were submitted"
    assert texts.build_label() == (
        "Handling the label 'bot:build' is disabled. Use the command `bot: build [FILTER]*` instead."
    )


def test_what_somebody_wrote_stays_code_in_the_answer() -> None:
    command = line("bot: x`|<b>@admin")
    shown = texts.response(TEXTS, "a", [command], "alice", [texts.misspelt(command)])
    assert "`x'¦<b>@admin`" in shown
    assert parse(shown) == []


def test_a_preview_says_what_to_write() -> None:
    command = line("bot: build all arch:zen2")
    assert isinstance(command.command, Build)
    assert texts.preview(choose(SETTINGS, command.command), command) == (
        "this would make 3 jobs:\n"
        "- `cpu_zen2`: `r-software` for `x86_64/amd/zen2`\n"
        "- `cpu_zen2`: `r-compat` for `x86_64/amd/zen2`\n"
        "- `gpu`: `r-software` for `x86_64/amd/zen2` and `nvidia/cc80`\n"
        "to have them made, write `bot: build all arch:zen2 confirmed` in a new comment"
    )


def test_a_preview_of_a_build_can_be_repeated_without_the_word() -> None:
    command = line("bot: build preview on:arch=zen4 for:arch=x86_64/generic")
    assert isinstance(command.command, Build)
    shown = texts.preview(choose(SETTINGS, command.command), command)
    assert "- `cpu_zen4`: `r-software` on `x86_64/amd/zen4` for `x86_64/generic`" in shown
    assert shown.endswith("write `bot: build on:arch=zen4 for:arch=x86_64/generic` in a new comment")


def test_the_configuration_in_the_known_form() -> None:
    assert texts.configuration(SETTINGS).split("\n")[:5] == [
        "Instance `my-bot` is configured to build on:",
        "- Node type `cpu_zen2`:",
        "  - OS: `linux`",
        "  - CPU architecture: `x86_64/amd/zen2`",
        "  - Repositories: `['r-software', 'r-compat']`",
    ]
    assert texts.configuration(SETTINGS).endswith("  - Accelerators: `nvidia/cc80`")


def test_help_names_every_command_and_is_no_command_itself() -> None:
    usage = texts.usage(SETTINGS)
    for name in ("help", "show_config", "build", "rebuild", "retry", "status", "cancel", "deploy"):
        assert f"`bot: {name}" in usage
    assert parse(usage) == []


def test_every_end_of_a_job_that_is_no_success_is_explained() -> None:
    for state in JobState:
        if state.terminal and state is not JobState.COMPLETED:
            assert state.text in outcome(state)
            assert ": " in outcome(state).removeprefix("<br/>Slurm: ")
    assert outcome(JobState.COMPLETED) == ""
    assert outcome(JobState.OUT_OF_MEMORY, elapsed=3720, exit_status=ExitStatus(0, 9), memory="8 GiB").startswith(
        "<br/>Slurm: **OUT_OF_MEMORY** (after 1 h 2 min, signal 9, 8 GiB of memory): it used more memory than it had;"
    )


def test_the_reason_why_a_job_waits() -> None:
    assert texts.reason("Resources") == "Resources: it waits for nodes to become free"
    assert texts.reason("Weird") == "Weird"


def test_a_log_is_behind_a_triangle() -> None:
    assert texts.details("the last 2 lines", ["a|b", "c"]) == (
        "<details><summary>the last 2 lines</summary><pre>a&#124;b<br/>c</pre></details>"
    )
    assert texts.details("x", []) == ""


def test_what_was_moved() -> None:
    assert texts.moved(TEXTS, ["/jobs/1", "/jobs/2"], "/trash") == "PR closed! Moved `/jobs/1, /jobs/2` to `/trash`"


def test_only_known_placeholders_are_filled_in() -> None:
    assert texts.fill("{a} {{b}} {c.__class__} {d}", a="x", c=1) == "x {b} {c.__class__} {d}"


def test_an_answer_that_no_comment_would_hold_says_so() -> None:
    commands = parse("bot: help\n" * 20)
    long = [texts.result(command, "x" * 10_000) for command in commands]
    shown = texts.response(TEXTS, "a", commands, "alice", long)
    assert len(shown) < 65_536
    assert "are too long for this comment" in shown
    assert shown.endswith("</details>")
