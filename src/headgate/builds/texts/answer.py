"""The answer to the commands of one comment, and what it says of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from headgate.builds.grammar.commands import Line, Misspelt
from headgate.builds.targets import Chosen
from headgate.builds.texts import cells
from headgate.builds.texts.template import fill
from headgate.config.builds import BuildTexts

_COMMAND: Final = 500
_LONGEST: Final = 60_000
_TOO_LONG: Final = "- the answers to the commands below are too long for this comment; give them in another one"
NOTHING: Final = "no jobs were submitted"


def response(texts: BuildTexts, instance: str, lines: Iterable[Line], sender: str, results: Iterable[str] = ()) -> str:
    """Return the whole answer: what was received, and what came of it as far as it is known (``result`` of each).

    A forge takes a comment of 65,536 characters; what would not fit is left out, and that is said.
    """
    heard = "\n".join(received(line, sender) for line in lines)
    kept: list[str] = []
    left = _LONGEST - len(heard)
    for one in results:
        left -= len(one) + 1
        if left < 0:
            kept.append(_TOO_LONG)
            break
        kept.append(one)
    return fill(
        texts.command_response,
        app_name=cells.code(instance),
        comment_response=heard,
        comment_result="\n".join(kept),
    )


def received(line: Line, sender: str) -> str:
    """Say that a command was read, and how; or that it could not be read."""
    text, who = cells.code(line.text, _COMMAND), cells.code(sender)
    if isinstance(line.command, Misspelt):
        return f"- parsing the bot command `{text}`, received from sender `{who}`, failed"
    expanded = cells.code(line.expanded, _COMMAND)
    return f"- received bot command `{text}` from `{who}`\n  - expanded format: `{expanded}`"


def result(line: Line, what: str | Sequence[str]) -> str:
    """Say what came of a command: one text, or points of a list."""
    head = f"- handling command `{cells.code(line.expanded, _COMMAND)}` resulted in:"
    if isinstance(what, str):
        return "\n".join([head, *(f"  {part}" if part else "" for part in what.split("\n"))])
    return "\n".join([head, *(f"  - {_indented(point)}" for point in what)])


def failed(line: Line, message: str) -> str:
    """Say that a command failed, and why: ``message`` is such as ``Chosen.problem``, or what a forge or git said."""
    return f"- handling command `{cells.code(line.expanded, _COMMAND)}` failed with message\n  _{cells.words(message)}_"


def misspelt(line: Line) -> str:
    """Say what was wrong with a command that could not be read."""
    assert isinstance(line.command, Misspelt)  # noqa: S101 - the caller asked
    return failed(line, line.command.message)


def submitted_job(job_id: int, url: str) -> str:
    """Say that a job was submitted, and where its comment is."""
    return f"submitted job `{job_id}`, for details & status see {url}"


def refused_job(name: str, repository: str, complaint: str) -> str:
    """Say that Slurm took no job for a target, in sbatch's own words (redacted already)."""
    where = f"`{cells.code(name)}` for `{cells.code(repository)}`"
    return f"no job was submitted on {where}: `{cells.code(complaint, _COMMAND)}`"


def no_command_permission(login: str) -> str:
    """Say that somebody may not give commands."""
    return f"account `{cells.code(login)}` has NO permission to send commands to the bot"


def no_build_permission(login: str) -> str:
    """Say in a result that somebody may not have builds made; ``BuildTexts.no_build_permission`` is the comment."""
    return f"account `{cells.code(login)}` has NO permission to submit build jobs"


def no_cancel_permission(login: str, job_id: int) -> str:
    """Say that somebody may not cancel a job."""
    return (
        f"account `{cells.code(login)}` has NO permission to cancel job `{job_id}`; it was asked for by somebody else"
    )


def no_deploy_permission(login: str) -> str:
    """Say in a result that somebody may not deploy."""
    return f"account `{cells.code(login)}` has NO permission to deploy"


def build_label() -> str:
    """Say that the label ``bot:build`` does nothing."""
    return "Handling the label 'bot:build' is disabled. Use the command `bot: build [FILTER]*` instead."


def build_refused(texts: BuildTexts, login: str) -> str:
    """Return the comment on somebody who may not have builds made."""
    return fill(texts.no_build_permission, build_labeler=cells.code(login))


def deploy_refused(texts: BuildTexts, login: str) -> str:
    """Return the comment on somebody who may not deploy."""
    return fill(texts.no_deploy_permission, deploy_labeler=cells.code(login))


def moved(texts: BuildTexts, directories: Sequence[str], trash: str) -> str:
    """Return the comment on job directories that were moved to the trash."""
    shown = ", ".join(cells.code(one) for one in directories)
    return fill(texts.moved_job_dirs, job_dirs=shown, trash_bin_dir=cells.code(trash))


def preview(chosen: Chosen, line: Line) -> str:
    """Say what would be made, and what to write to have it made."""
    many = len(chosen.choices)
    lines = [f"this would make {many} job{'s' if many > 1 else ''}:"]
    for one in chosen.choices:
        on = _target(one.target.architecture, one.target.accelerator)
        what = _target(one.architecture, one.accelerator)
        made = f"for {what}" if what == on else f"on {on} for {what}"
        lines.append(f"- `{cells.code(one.name)}`: `{cells.code(one.repository)}` {made}")
    words = [word for word in line.text.split() if word != "preview"]
    if "all" in words and "confirmed" not in words:
        words.append("confirmed")
    return "\n".join(
        [*lines, f"to have them made, write `bot: {cells.code(' '.join(words), _COMMAND)}` in a new comment"]
    )


def _target(architecture: str, accelerator: str) -> str:
    return f"`{cells.code(architecture)}`" + (f" and `{cells.code(accelerator)}`" if accelerator else "")


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
