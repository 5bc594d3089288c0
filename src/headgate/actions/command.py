"""``command.run``: run a command that an administrator has named."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from headgate.actions.action import Answer, Call, Parameters, action
from headgate.actions.refusals import ActionError, FailedError, NotPermittedError, ParametersError
from headgate.config.actions import CommandParameter, CommandSettings
from headgate.errors import SlurmError
from headgate.model.role import Role
from headgate.slurm import process

_ENVIRONMENT: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_LONGEST: Final = 1000
_FORMS: Final = {
    "word": re.compile(r"[A-Za-z0-9_.:@%+,/=][A-Za-z0-9_.:@%+,/=-]*"),
    "integer": re.compile(r"-?[0-9]{1,18}"),
    "text": re.compile(
        r"[^-\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff][^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*"
    ),
}


class Run(Parameters):
    """Parameters of ``command.run``."""

    command: str = Field(max_length=64, description="Which one: NAME of `[actions.commands.NAME]`.")
    arguments: dict[str, str | int] = Field(
        default_factory=dict, max_length=100, description="Its own parameters, by name."
    )


class Ran(Answer):
    """What a command said."""

    argv: tuple[str, ...]
    """What was run, or would be."""
    status: int | None
    """Its exit status, negative for the signal that ended it; null if it was not run."""
    output: str
    """What it wrote to its standard output."""
    errors: str
    """What it wrote to its standard error: the beginning."""


@action("command.run", role=Role.OPERATOR, mutating=True, repeatable=False)
async def run(asked: Run, call: Call) -> Ran:
    """Run a command that an administrator has named in the configuration.

    It runs where the action does: as the service's account, or as whoever runs `headgate action run`. There is no
    shell; each parameter is one word of the command. What it prints and how long it may take is bounded.
    """
    commands = call.context.settings.commands
    settings = commands.get(asked.command)
    if settings is None:
        known = ", ".join(sorted(commands)) or "none"
        raise ParametersError(f"there is no command {asked.command[:64]!a}; configured: {known}")
    if not call.caller.may(settings.role):
        raise NotPermittedError(f"the command {asked.command} takes the role {settings.role.value}")
    argv = words(settings, asked.arguments)
    if call.dry_run:
        return Ran(argv=argv, status=None, output="", errors="")
    try:
        answer = await process.run(
            argv,
            env={**_ENVIRONMENT, **settings.environment},
            timeout=settings.timeout,
            stdout_limit=settings.most_bytes,
        )
    except SlurmError as error:  # it is not Slurm's, but the same module starts and bounds all processes
        raise ActionError(error.message, transient=error.transient) from error
    ran = Ran(argv=argv, status=answer.code, output=answer.stdout, errors=answer.stderr)
    if answer.code not in settings.success:
        ended = f"with status {answer.code}" if answer.code >= 0 else f"by signal {-answer.code}"
        raise FailedError(f"the command {asked.command} ended {ended}", result=ran)
    return ran


def words(settings: CommandSettings, given: dict[str, str | int]) -> tuple[str, ...]:
    """Return the words to run. Raises ParametersError."""
    unknown = sorted(set(given) - set(settings.parameters))
    if unknown:
        known = ", ".join(sorted(settings.parameters)) or "none"
        raise ParametersError(f"the command has no parameter {unknown[0][:64]!a}; it has: {known}")
    values = {name: _value(name, own, given.get(name)) for name, own in settings.parameters.items()}
    named = zip(settings.argv, settings.placeholders, strict=True)
    return tuple(word if name is None else values[name] for word, name in named)


def _value(name: str, own: CommandParameter, given: str | int | None) -> str:
    """Return a parameter as a word. What is wrong is told without the value."""
    if given is None:
        if own.default is None:
            raise ParametersError(f"the command's parameter {name} is missing")
        return own.default
    text = str(given)
    if own.choices:
        if text not in own.choices:
            raise ParametersError(f"the command's parameter {name} should be one of: {', '.join(own.choices)}")
        return text
    fits = len(text) <= _LONGEST and _FORMS[own.type].fullmatch(text) is not None
    if not fits or (own.pattern is not None and re.fullmatch(own.pattern, text) is None):
        matching = f" that matches {own.pattern}" if own.pattern is not None else ""
        raise ParametersError(f"the command's parameter {name} should be of the type {own.type}{matching}")
    return text


ACTIONS: Final = (run,)
