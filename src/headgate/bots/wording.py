"""What the bot says, where it does not depend on a job. Plain text; listeners escape it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from headgate.bots.chat import Answer
from headgate.bots.commands import USAGES, NotUnderstood
from headgate.model.person import Link
from headgate.model.text import one_line

_ABOUT = {
    "jobs": "jobs: your jobs",
    "job": "job 123: one of them",
    "output": "output 123: the end of its output",
    "cancel": "cancel 123: end it (you are asked once more)",
    "mute": "mute 2h: hold messages back for a while; mute off",
    "action": "action NAME PARAMETER=VALUE: act on the cluster, if you may (you are asked once more)",
    "approve": "approve 12: let this execution of a rule go on, if you may",
    "refuse": "refuse 12: do not let it",
}

REFUSED_CODE = (
    "This code is not good: it is wrong, was used, or is too old. Get a new one with "
    "headgate me link {name} on the cluster, and say it to me here."
)
"""The same for every code that is not taken, so that nobody learns which codes there are."""
TOO_MANY_CODES = "Too many wrong codes. Wait a quarter of an hour or so before the next one."
BURNT_CODE = (
    "Others could read this code, so it is not good any more. Get a new one with headgate me link {name} on the "
    "cluster, and say it to me in private."
)
IN_PRIVATE = "Say that to me in private. Here I answer only: help"
SLOW_DOWN = "That was very much at once. I answer again in a minute."
BROKEN = "I cannot look that up now. Try again in a while."
NOT_HERE = "I do not do that here."


def receiver(name: str, place: str) -> str:
    """Return the option that has messages sent to a place, as it is written in a shell or a batch script."""
    return f"--mail-user={shlex.quote(f'{name}:{place}')}"


def greeting(name: str, place: str, *, private: bool) -> Answer:
    """Return how to get messages here, for somebody who is not known or is not alone."""
    where = "here" if private else "in this channel"
    text = (
        f"To be told about a job {where}, submit it with the line below, and say when with --mail-type, "
        "for example --mail-type=END,FAIL."
    )
    if private:
        text += (
            f"\nTo link this chat to your account, run headgate me link {name} on the cluster and say to me what it "
            f"answers. Then --mail-user={name} is enough, and I can show you your jobs."
        )
    return Answer(text, code=receiver(name, place))


def only_linked(name: str) -> Answer:
    """Return how to get messages where a connector tells only people whose account it knows."""
    return Answer(
        f"I tell only people whose account I know. Run headgate me link {name} on the cluster, and say to me in "
        "private what it answers. Then submit jobs with the line below.",
        code=f"--mail-user={name}",
    )


def welcome(name: str, place: str, link: Link, commands: Sequence[str]) -> Answer:
    """Return the same for somebody whose account is known, with what they may ask; an empty place is not named."""
    here = [_ABOUT[command] for command in _ABOUT if command in commands]
    names = "; the line below names this one" if place else ""
    text = (
        f"You are {one_line(link.user, 40)} on the cluster. Jobs submitted with --mail-user={name} are told in your "
        f"linked chat{names}. Say when with --mail-type, for example --mail-type=END,FAIL."
    )
    listed = "\n".join(f"- {line}" for line in [*here, "unlink: this chat is not mine any more", "help"])
    code = receiver(name, place) if place else f"--mail-user={name}"
    return Answer(f"{text}\nWhat I answer:\n{listed}", code=code)


def stranger(name: str) -> Answer:
    """Return what somebody is told whose account is not known, whatever they asked."""
    return Answer(
        f"I do not know your account. Run headgate me link {name} on the cluster, and say to me here what it answers: "
        "link CODE"
    )


def linked(name: str, link: Link) -> Answer:
    """Return what is said when a chat was linked."""
    return Answer(
        f"This chat is linked to the account {one_line(link.user, 40)} now. If that is not yours, say: unlink\n"
        f"Jobs submitted with the line below are told here. Say help to see what I answer.",
        code=f"--mail-user={name}",
    )


def belongs(user: str) -> Answer:
    """Return what is said to somebody who is linked already, and says a code of another account."""
    return Answer(
        f"This chat is linked to the account {one_line(user, 40)}. To link it to another one, say unlink first, and "
        "then the code again."
    )


def not_understood(command: NotUnderstood) -> Answer:
    """Return what to say instead of what was not understood."""
    if command.usage:
        return Answer(f"Say it like this: {command.usage}")
    if command.meant:
        return Answer(f"I do not understand that. Did you mean: {USAGES[command.meant]}")
    return Answer("I do not understand that. Say: help")


def no_such_job(job: str) -> Answer:
    """Return what is said of a job that is not there, and of one that is somebody else's."""
    return Answer(f"I know of no job {job} of yours.")


def no_such_task(array: int, task: int) -> Answer:
    """Return what the owner of an array is told of a task that has no record of its own."""
    return Answer(f"Task {task} of array {array} has not begun, or is not there. For the whole array, say: job {array}")
