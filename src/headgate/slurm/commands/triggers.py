"""strigger: programs that slurmctld starts when something happens.

Source: strigger(1), ``src/strigger/strigger.c`` and ``src/slurmctld/trigger_mgr.c``, 20.11 to 26.05. What is to be
known of it:

- Only SlurmUser may set triggers, unless SlurmctldParameters has ``allow_user_triggers``. root may clear them.
- A program is a path and words between blanks, without quoting; slurmctld adds what it is about as the last word,
  unless there are more than 61.
- The program's line can be read by everybody.
- A permanent trigger about idle nodes, or about the end of a job, fires every 16 seconds for ever.
- ``--set`` prints no number.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from headgate.model.hostlist import expand_hosts, fold_hosts

MAX_WORDS: Final = 61
"""Words after a program's path; with more, slurmctld leaves out what it is about."""
MAX_PROGRAM: Final = 4096
_MAX_OFFSET: Final = 32_000
"""Seconds; strigger keeps 16 bits."""
_JOB: Final = re.compile(r"[1-9]\d{0,9}", re.ASCII)
_LINE: Final = re.compile(
    r" *(?P<id>\d{1,10}) +(?P<about>[a-z]+) +(?P<subject>\S+) +(?P<kind>[a-z_,]+) +(?P<offset>-?\d{1,6}) +"
    r"(?P<user>\S+) {1,60}(?P<flags>PERM)? +(?P<program>/.*)",
    re.ASCII,
)


class TriggerEvent(enum.StrEnum):
    """What a trigger waits for: strigger's words."""

    BURST_BUFFER = "burst_buffer"
    DOWN = "down"
    DRAINED = "drained"
    DRAINING = "draining"
    """23.02 and later."""
    FAIL = "fail"
    """Fires from 25.11 on; before, ``drained`` does in its place."""
    FINI = "fini"
    """A job is over."""
    IDLE = "idle"
    RECONFIG = "reconfig"
    RESUME = "resume"
    """23.02 and later."""
    TIME = "time"
    """A job comes to its time limit."""
    UP = "up"


OF_NODES: Final = frozenset(
    {
        TriggerEvent.DOWN, TriggerEvent.DRAINED, TriggerEvent.DRAINING, TriggerEvent.FAIL, TriggerEvent.IDLE,
        TriggerEvent.RESUME, TriggerEvent.UP,
    }
)  # fmt: skip
OF_JOBS: Final = frozenset({TriggerEvent.FINI, TriggerEvent.TIME})
_FOR_EVER: Final = frozenset({TriggerEvent.IDLE, TriggerEvent.FINI})
ALIASES: Final = {"drain": TriggerEvent.DRAINED}
"""Other names of events; the StackStorm pack's rules say ``drain``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerPlan:
    """What a trigger shall be. ``offset``: seconds after it happens, or before if negative; ``nodes`` None: all."""

    program: str
    event: TriggerEvent
    nodes: tuple[str, ...] | None = None
    job: str | None = None
    offset: int = 0
    permanent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger that is set. ``event`` is Slurm's word; ``subject``: a hostlist, a job, or ``*`` for all nodes."""

    id: int
    about: str
    """``node``, ``job``, ``slurmctld``, ``slurmdbd``, ``database``, ``other``."""
    subject: str
    event: str
    offset: int
    user: str
    permanent: bool
    program: str


def read_event(text: str) -> TriggerEvent:
    """Return the event of a name or an alias. Raises ValueError for what is none."""
    word = text.strip().lower()
    found = ALIASES.get(word) or next((event for event in TriggerEvent if event.value == word), None)
    if found is None:
        raise ValueError(f"{text[:32]!a} is no event; there are {', '.join(event.value for event in TriggerEvent)}")
    return found


def check(plan: TriggerPlan) -> None:
    """Raise ValueError for a trigger that cannot be, or that would fire for ever."""
    _check_program(plan.program)
    if abs(plan.offset) > _MAX_OFFSET:
        raise ValueError(f"an offset has at most {_MAX_OFFSET} seconds")
    if plan.permanent and plan.event in _FOR_EVER:
        raise ValueError(f"a permanent trigger of {plan.event.value} would fire every 16 seconds for ever")
    if plan.event in OF_JOBS:
        if plan.job is None or not _JOB.fullmatch(plan.job):
            raise ValueError(f"{plan.event.value} needs the number of a job")
        if plan.event is TriggerEvent.FINI and plan.offset < 0:
            raise ValueError("nobody knows before it is over when a job will be over: the offset cannot be negative")
    elif plan.job is not None:
        raise ValueError(f"{plan.event.value} is not about jobs")
    if plan.nodes is not None and plan.event not in OF_NODES:
        raise ValueError(f"{plan.event.value} is not about nodes")


def set_command(plan: TriggerPlan) -> list[str]:
    """Return the arguments that set a trigger. Raises ValueError as ``check`` does."""
    check(plan)
    words = ["strigger", "--set", f"--{plan.event.value}"]
    if plan.event in OF_NODES:
        words.append("--node" if plan.nodes is None else f"--node={fold_hosts(','.join(plan.nodes))}")
    if plan.job is not None:
        words.append(f"--jobid={plan.job}")
    if plan.offset:
        words.append(f"--offset={plan.offset}")
    if plan.permanent:
        words.append("--flags=perm")
    return [*words, f"--program={plan.program}"]


def list_command() -> list[str]:
    """Return the arguments that show all triggers."""
    return ["strigger", "--get", "--noheader"]


def clear_command(number: int) -> list[str]:
    """Return the arguments that remove one trigger."""
    return ["strigger", "--clear", f"--id={number}"]


def parse(text: str) -> list[Trigger]:
    """Read all triggers. A line that is none, such as the rest of a program with a line end, is left out."""
    found = [_LINE.fullmatch(line) for line in text.split("\n")]
    return [
        Trigger(
            id=int(match["id"]),
            about=match["about"],
            subject=match["subject"],
            event=match["kind"],
            offset=int(match["offset"]),
            user=match["user"],
            permanent=match["flags"] is not None,
            program=match["program"],
        )
        for match in found
        if match
    ]


def is_same(trigger: Trigger, plan: TriggerPlan, user: str) -> bool:
    """Say whether a trigger that is set is the planned one. Slurm refuses a second one that is the same."""
    found = (trigger.program, trigger.event, trigger.offset, trigger.permanent, trigger.user)
    wanted = (plan.program, plan.event.value, plan.offset, plan.permanent, user)
    same_job = plan.job is None or (trigger.about == "job" and trigger.subject == plan.job)
    return found == wanted and same_job and _same_nodes(trigger, plan)


def _same_nodes(trigger: Trigger, plan: TriggerPlan) -> bool:
    if plan.event not in OF_NODES:
        return True
    if plan.nodes is None or trigger.subject == "*":
        return plan.nodes is None and trigger.subject == "*"
    return set(expand_hosts(trigger.subject) or ()) == set(plan.nodes)


def _check_program(program: str) -> None:
    path, *more = program.split(" ")
    if not path.startswith("/") or not program.isprintable() or len(program) > MAX_PROGRAM:
        raise ValueError("a program is an absolute path and words between blanks, on one line")
    if len([word for word in more if word]) > MAX_WORDS:
        raise ValueError(f"with more than {MAX_WORDS} words Slurm leaves out what the trigger is about")
