"""What people may say to a bot, read from text. Pure: from a text to a command, without knowing who said it.

Words are read without regard to case; a ``/`` or ``!`` in front (as chats have it) and a bot's name behind
(``/jobs@slurm_bot``) make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.config.suggest import likely
from headgate.model.spans import read_span
from headgate.model.text import one_line

MAX_TEXT: Final = 200
"""Characters of what was said that are read."""
MAX_ACTION: Final = 2000
"""The same, of a call of an action; a longer one is not cut but refused."""
LONGEST_MUTE: Final = 30 * 86400.0
"""Seconds."""
SHORTEST_MUTE: Final = 60.0
_GREETINGS: Final = frozenset({"", "help", "start", "hello", "hi", "hey", "?"})
_JOB: Final = re.compile(r"(?P<number>[1-9]\d{0,9})(?:_(?P<task>\d{1,9}|\*)|\+(?P<part>\d{1,5}))?", re.ASCII)
_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]{0,60}", re.ASCII)
_ACTION: Final = re.compile(r"[a-z][a-z0-9_.-]{0,127}", re.ASCII | re.IGNORECASE)
_PARAMETER: Final = re.compile(r"(?:^| )([a-z][a-z0-9_]{0,63})=", re.ASCII)
_TOKEN: Final = re.compile(r"[a-z0-9]{1,16}", re.ASCII)
_EXECUTION: Final = re.compile(r"#?[1-9]\d{0,14}[.,]?", re.ASCII)
_LAST_JOB_ID: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class JobRef:
    """A job as people name it: ``123``, ``123_4``, ``123+1``; ``123_*`` is the whole array, as ``123`` is."""

    number: int
    task: int | None = None
    part: int | None = None
    """The component of a heterogeneous job."""

    def __str__(self) -> str:
        """Return it as Slurm writes it."""
        if self.task is not None:
            return f"{self.number}_{self.task}"
        return str(self.number) if self.part is None else f"{self.number}+{self.part}"


@dataclass(frozen=True, slots=True)
class Help:
    """Say how to get messages here."""


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """Link this chat to the account that was given this code."""

    code: str


@dataclass(frozen=True, slots=True)
class Jobs:
    """Say which jobs I have."""


@dataclass(frozen=True, slots=True)
class ShowJob:
    """Say how this job is."""

    job: JobRef


@dataclass(frozen=True, slots=True)
class ShowOutput:
    """Show what this job printed last."""

    job: JobRef


@dataclass(frozen=True, slots=True)
class Cancel:
    """End this job. ``token`` shows that we were asked whether it is meant."""

    job: JobRef
    token: str = ""


@dataclass(frozen=True, slots=True)
class Mute:
    """Hold messages back for so many seconds; None: do not any more."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Unlink:
    """Untie this chat from my account."""


@dataclass(frozen=True, slots=True)
class RunAction:
    """Run this action, with these parameters as texts."""

    name: str
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmAction:
    """Yes, run the action that we were asked about. ``token`` shows that we were."""

    token: str


@dataclass(frozen=True, slots=True)
class Decide:
    """Let this execution of a rule go on (``approve``), or do not (``refuse``)."""

    execution: int
    approve: bool


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A command with something missing or wrong (``usage`` says how it goes), or none (``meant`` may be one)."""

    verb: str = ""
    usage: str = ""
    meant: str | None = None


Command = (
    Help
    | LinkAccount
    | Jobs
    | ShowJob
    | ShowOutput
    | Cancel
    | Mute
    | Unlink
    | RunAction
    | ConfirmAction
    | Decide
    | NotUnderstood
)

USAGES: Final = {
    "help": "help",
    "link": "link CODE",
    "jobs": "jobs",
    "job": "job 123",
    "output": "output 123",
    "cancel": "cancel 123",
    "mute": "mute 2h, or mute off",
    "unlink": "unlink",
    "action": "action NAME PARAMETER=VALUE",
    "approve": "approve 12",
    "refuse": "refuse 12",
}
"""Every word that is understood, and how it is said."""
_VERBS: Final[Mapping[type, str]] = {
    LinkAccount: "link",
    ShowJob: "job",
    ShowOutput: "output",
    RunAction: "action",
    ConfirmAction: "action",
}
"""The words for commands whose class has another name."""


def read_command(text: str) -> Command:
    """Read what was said; never fails."""
    words = one_line(text, MAX_TEXT).split()
    verb = words[0].lstrip("/!").partition("@")[0].rstrip(".!,:").lower() if words else ""
    rest = words[1:]
    if verb in _GREETINGS:
        return Help()
    if verb == "action":
        return _action(text) or NotUnderstood(verb, USAGES[verb])
    if verb in ("approve", "refuse"):
        return _decision(verb, rest) or NotUnderstood(verb, USAGES[verb])
    if verb not in USAGES:
        return NotUnderstood(meant=likely(verb[:40], USAGES))
    return _read(verb, rest) or NotUnderstood(verb, USAGES[verb])


def verb_of(command: Command) -> str:
    """Return the word for a command: what the settings and the audit log call it."""
    match command:
        case NotUnderstood(verb):
            return verb or "unknown"
        case Decide(_, approve):
            return "approve" if approve else "refuse"
        case _:
            return _VERBS.get(type(command), type(command).__name__.lower())


def _read(verb: str, rest: list[str]) -> Command | None:
    match verb, rest:
        case "link", [_, *_] if _CODE.fullmatch(" ".join(rest)):
            return LinkAccount(" ".join(rest))
        case "jobs", []:
            return Jobs()
        case (("jobs" | "job" | "output" | "cancel"), [name, *more]):
            job = read_job(name)
            return None if job is None else _about(verb, job, more)
        case "mute", [_, *_]:
            return _mute(" ".join(rest).lower())
        case "unlink", []:
            return Unlink()
        case _:
            return None


def _action(text: str) -> Command | None:
    """Read a call: a value goes on to where the next parameter begins, so that nothing has to be quoted."""
    said = one_line(text, MAX_ACTION + 1)
    if len(said) > MAX_ACTION:
        return None
    name, *rest = said.split()[1:] or [""]
    match name.lower(), rest:
        case "yes", [token] if _TOKEN.fullmatch(token.lower()):
            return ConfirmAction(token.lower())
    behind = " ".join(rest)
    before, *found = _PARAMETER.split(behind)
    if not _ACTION.fullmatch(name) or before.strip() or len(set(found[::2])) < len(found[::2]):
        return None
    values = (value.strip() for value in found[1::2])
    return RunAction(name.lower(), tuple(zip(found[::2], values, strict=True)))


def _decision(verb: str, rest: list[str]) -> Command | None:
    if len(rest) != 1 or not _EXECUTION.fullmatch(rest[0]):
        return None
    return Decide(int(rest[0].removeprefix("#").rstrip(".,")), verb == "approve")


def _mute(span: str) -> Command | None:
    if span == "off":
        return Mute(None)
    seconds = read_span(span)
    return Mute(seconds) if seconds is not None and SHORTEST_MUTE <= seconds <= LONGEST_MUTE else None


def _about(verb: str, job: JobRef, more: list[str]) -> Command | None:
    match verb, more:
        case (("jobs" | "job"), []):
            return ShowJob(job)
        case "output", []:
            return ShowOutput(job)
        case "cancel", []:
            return Cancel(job)
        case "cancel", [yes, token] if yes.lower() == "yes" and _TOKEN.fullmatch(token.lower()):
            return Cancel(job, token.lower())
        case "cancel", [yes] if yes.lower() == "yes":
            return Cancel(job)
    return None


def read_job(text: str) -> JobRef | None:
    """Read the name of one job; None if it is none (``#`` in front is forgiven)."""
    match = _JOB.fullmatch(text.removeprefix("#").rstrip(".,"))
    if match is None or int(match["number"]) > _LAST_JOB_ID:
        return None
    task = None if match["task"] in (None, "*") else int(match["task"])
    return JobRef(int(match["number"]), task, None if match["part"] is None else int(match["part"]))
