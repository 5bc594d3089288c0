"""What a command means here: which targets, for which repositories, and for what. Pure.

A target with an accelerator is only chosen by commands that name an accelerator, or by ``all``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import regex

from headgate.builds.grammar.commands import Build, Command, Filter, Retry
from headgate.builds.grammar.matching import canonical, is_wild, matches
from headgate.config.builds import AllowedArgument, BuildSettings, TargetSettings
from headgate.config.suggest import likely

_PATIENCE: Final = 1.0
"""Seconds an administrator's regular expression has for a user's argument."""
_ACCELERATOR: Final = "accelerator"
_ARCHITECTURE: Final = "architecture"


@dataclass(frozen=True, slots=True)
class Choice:
    """One job to be made: on ``target`` (called ``name``), for a repository of ``repos.cfg``, for a target."""

    name: str
    target: TargetSettings
    repository: str
    architecture: str
    """What it is built for, as in ``x86_64/amd/zen2``: the target's own architecture, or that of ``for:``."""
    accelerator: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a command chose. With a ``problem`` (fit to be shown), nothing is to be made."""

    choices: tuple[Choice, ...] = ()
    preview: bool = False
    """Whether it is only to be said what would be made."""
    problem: str = ""


def addressed(settings: BuildSettings, command: Command) -> bool:
    """Tell whether a command is for this instance: another one that is named by ``instance:`` does it, and answers."""
    named = [one for one in command.filters if one.component == "instance"]
    return all(matches(one.component, one.pattern, settings.instance) for one in named)


def selects(filters: Iterable[Filter], facts: Mapping[str, str]) -> bool:
    """Tell whether filters select a job.

    ``facts`` names the job's ``architecture``, ``accelerator``, ``repository``, ``instance`` and ``job`` (its number).
    A filter on what is not there selects nothing.
    """
    return all(one.component in facts and matches(one.component, one.pattern, facts[one.component]) for one in filters)


def choose(settings: BuildSettings, command: Build | Retry, *, known: Collection[str] | None = None) -> Chosen:
    """Return what a command means on these targets, in the configuration's order.

    ``known``: the names in ``repos.cfg``; a repository that is none of them is left out. Of a ``retry``, these are the
    targets for themselves; what was built on one for another is only known from the jobs (``selects``).
    """
    if isinstance(command, Retry):
        command = Build(filters=command.filters, everything=True, confirmed=True)
    refused = _refused(settings, command)
    if refused:
        return Chosen(problem=refused)
    choices = tuple(_choices(settings, command, known))
    if not choices:
        return Chosen(problem=_nothing(settings, command))
    if (many := too_many(settings, len(choices))) != "":
        return Chosen(problem=many)
    return Chosen(choices, preview=command.preview or (command.everything and not command.confirmed))


def too_many(settings: BuildSettings, jobs: int) -> str:
    """Return why one command may not make so many jobs; empty if it may."""
    most = settings.jobs.max_jobs
    if jobs <= most:
        return ""
    return f"this would make {jobs} jobs, and one command may make {most}; narrow it down with arch:, accel: or repo:"


def _choices(settings: BuildSettings, command: Build, known: Collection[str] | None) -> Iterable[Choice]:
    conditions = [*command.filters, *(command.on or _conditions(command.target))]
    named = any(one.component == _ACCELERATOR for one in conditions)
    for name, target in settings.targets.items():
        if target.accelerator and not named and not command.everything:
            continue
        architecture, accelerator = target.architecture, target.accelerator
        if command.on:
            architecture = _own_spelling(settings, command.target.get(_ARCHITECTURE, architecture))
            accelerator = command.target.get(_ACCELERATOR, "")
        for repository in target.repositories:
            facts = {_ARCHITECTURE: target.architecture, "repository": repository, "instance": settings.instance}
            if target.accelerator:
                facts[_ACCELERATOR] = target.accelerator
            if (known is None or repository in known) and selects(conditions, facts):
                yield Choice(name, target, repository, architecture, accelerator)


def _conditions(target: Mapping[str, str]) -> list[Filter]:
    return [Filter(component, value) for component, value in target.items()]


def _own_spelling(settings: BuildSettings, architecture: str) -> str:
    """Return an architecture as a target writes it: ``x86_64/amd/zen2`` for ``x86_64-amd-zen2``."""
    wanted = canonical(_ARCHITECTURE, architecture)
    own = [target.architecture for target in settings.targets.values()]
    return next((one for one in own if canonical(_ARCHITECTURE, one) == wanted), architecture)


def _nothing(settings: BuildSettings, command: Build) -> str:
    """Say why no target was chosen, and what may have been meant."""
    targets = settings.targets.values()
    values = {
        _ARCHITECTURE: [target.architecture for target in targets],
        _ACCELERATOR: [target.accelerator for target in targets if target.accelerator],
        "repository": [repository for target in targets for repository in target.repositories],
        "instance": [settings.instance],
    }
    conditions = [*command.filters, *(command.on or _conditions(command.target))]
    for one in conditions:
        known = dict.fromkeys(values.get(one.component, ()))
        if not any(matches(one.component, one.pattern, value) for value in known):
            meant = None if is_wild(one.pattern) else likely(canonical(one.component, one.pattern), known)
            more = f"; did you mean {meant}?" if meant else f"; there are {', '.join(known)}" if known else ""
            return f"no target here has {one.component} {one.pattern}{more}"
    accelerated = [target for target in targets if target.accelerator]
    if accelerated and not any(one.component == _ACCELERATOR for one in conditions):
        return "no target here fits all of it; one with an accelerator is only taken if accel= names it"
    return "no target here fits all of it; see `bot: show_config`"


def _refused(settings: BuildSettings, command: Build) -> str:
    """Return why an argument is not allowed; empty if all are."""
    for argument in command.job_arguments:
        name, _, value = argument.partition("=")
        if not any(_fits(one.name, name) and _fits(one.value, value) for one in settings.job_arguments):
            return f"`jobargs:{argument}` is not allowed here{_instead(settings.job_arguments, name)}"
    for argument in command.submit_arguments:
        if not any(_fits(pattern, argument) for pattern in settings.submit_arguments):
            return f"`submitargs:{argument}` is not allowed here"
    return ""


def _instead(allowed: Iterable[AllowedArgument], name: str) -> str:
    plain = [one.name.strip("^$") for one in allowed if re.fullmatch(r"\^?[A-Za-z0-9_]+\$?", one.name)]
    meant = likely(name, [one for one in plain if one != name])
    return f"; did you mean {meant}?" if meant and name not in plain else ""


def _fits(pattern: str, value: str) -> bool:
    try:
        return regex.fullmatch(pattern, value, timeout=_PATIENCE) is not None
    except TimeoutError:
        return False
