"""The second act: one job is told in every chat, ada links a chat of hers, and asks the bot."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from headgate.testing.cluster import Cluster
from headgate.testing.telegram.formatting import read_html
from scripts.demo import show, show_chats, stage
from scripts.demo.chat_checks import Told, chat_faults, delivery_faults, mail_faults
from scripts.demo.chats import Chats
from scripts.demo.got import Got
from scripts.demo.installation import Headgate
from scripts.demo.mails import Mail, MailBox, about
from scripts.demo.place import DemoError, Place
from scripts.demo.play import IN_EVERY_CHAT, LINKED, Job
from scripts.pictures import photograph

WAIT_SECONDS: Final = 90.0
"""For everything that a job or a question should bring."""
LINKED_CHAT: Final = "telegram"
LINK: Final = ("headgate", "me", "link", LINKED_CHAT)
"""The command by which ada asks for a code."""
_LOOK_EVERY: Final = 0.3


@dataclass(frozen=True, slots=True)
class SecondAct:
    """Plays it, on what is running."""

    place: Place
    cluster: Cluster
    headgate: Headgate
    chats: Chats

    def everywhere(self) -> Job:
        """Return the job that names a receiver in every service, and mail."""
        receivers = ",".join(["mailto:ada", *(f"{name}:{target}" for name, target in self.chats.receivers().items())])
        return replace(IN_EVERY_CHAT, options=(*IN_EVERY_CHAT.options, f"--mail-user={receivers}"))

    def submit(self, job: Job) -> int:
        """Submit a job; return its id."""
        return stage.submit(self.cluster, job)

    def ask_for_code(self) -> str:
        """Run ``LINK`` as ada; return what it printed. Raises DemoError."""
        socket = {"HEADGATE_SOCKET": str(self.place.socket)}
        done = self.cluster.run_as(LINKED.user, [sys.executable, "-m", "headgate.cli.main", *LINK[1:]], env=socket)
        if done.returncode:
            raise DemoError(f"ada cannot link {LINKED_CHAT}: {done.stderr.strip()}")
        return done.stdout

    def code_in(self, printed: str) -> str:
        """Return what has to be said to the bot, from what the command printed. Raises DemoError."""
        found = re.search(r"^ +(link \S+)$", printed, re.MULTILINE)
        if found is None:
            raise DemoError(f"there is no code in what {' '.join(LINK)} printed: {printed}")
        return found[1]

    def converse(self, text: str) -> str:
        """Have ada say something to the bot, in private; return its answer. Raises DemoError if there is none."""
        before = len(self._answers())
        self.chats.say(LINKED_CHAT, LINKED.user, text)
        answers = self._until(self._answers, lambda found: len(found) > before)
        if len(answers) == before:
            raise DemoError(f"the bot did not answer {text.split(maxsplit=1)[0]!r} within {WAIT_SECONDS:g} s")
        return str(read_html(answers[before].payload["text"])[0])

    def settle(self, told: Sequence[Told], box: MailBox) -> tuple[list[Got], list[str]]:
        """Wait until the services have got everything, or the time is over; return what they got, and what is wrong."""
        got = self._until(self.chats.got, lambda got: not chat_faults(told, got))

        def look() -> list[str]:
            items = [item for number in {one.number for one in told} for item in self._deliveries(number)]
            mails = [mail.outcome for mail in about(box.mails(), told[0].number)]
            owed = len(told) * 2 + len(IN_EVERY_CHAT.outcomes)
            return [*delivery_faults(items, owed), *mail_faults(mails), *self._refused()]

        return got, [*chat_faults(told, got), *self._until(look, lambda found: not found)]

    def told(self, everywhere: int, linked: int | None) -> list[Told]:
        """Return which service is to be told of which job. ``linked`` is None if no chat was linked."""
        receivers = self.chats.receivers()
        told = [Told(name, target, IN_EVERY_CHAT, everywhere) for name, target in receivers.items()]
        return told + ([Told(LINKED_CHAT, receivers[LINKED_CHAT], LINKED, linked)] if linked is not None else [])

    def _deliveries(self, job: int) -> list[dict[str, Any]]:
        return self.headgate.ask_json("delivery", "list", f"--job={job}", "--limit=1000")

    def photograph(self, ends: Iterable[Got], mails: Iterable[Mail]) -> list[Path]:
        """Write a page for each message, and a picture of it; return the pictures."""
        pages = [(one.service, one.html) for one in ends] + [("mailto", mail.html) for mail in mails]
        named = {f"{IN_EVERY_CHAT.name}-{service}": html for service, html in pages}
        for name, html in named.items():
            (self.place.pages / f"{name}.html").write_text(html)
        asyncio.run(photograph({f"{name}.png": html for name, html in named.items()}, self.place.pages))
        return [self.place.pages / f"{name}.png" for name in named]

    def _refused(self) -> list[str]:
        complaints = [f"the service's log has an error: {line[:300]}" for line in self.headgate.complaints()]
        return [*self.chats.refused(), *complaints]

    def _answers(self) -> list[Got]:
        """Return what the bot said in the linked chat that is no message about a job."""
        return [one for one in self.chats.got() if one.service == LINKED_CHAT and not _is_message(one)]

    def _until(self, look: Callable[[], list[Any]], enough: Callable[[list[Any]], bool]) -> list[Any]:
        deadline = time.monotonic() + WAIT_SECONDS
        while not enough(found := look()) and time.monotonic() < deadline:
            self.headgate.check_alive()
            time.sleep(_LOOK_EVERY)
        return found


def play(out: Console, act: SecondAct, box: MailBox) -> tuple[int, list[str]]:
    """Tell one job everywhere, and link a chat; return how many messages came, and what is wrong."""
    show.heading(out, "The same job in every chat")
    job = act.everywhere()
    everywhere = act.submit(job)
    show_chats.submission(out, everywhere, job)
    linked = _link(out, act) if act.headgate.serves_users else None
    if linked is None:
        show.remark(out, "Ordinary users may not read this checkout: ada cannot run its commands, and links no chat.")
    told = act.told(everywhere, linked)
    with out.status("waiting for the messages"):
        got, faults = act.settle(told, box)
    messages = [message for one in told for message in one.among(got)]
    show.heading(out, "What each service got")
    show_chats.messages(out, messages)
    ends = [message for one in told if one.number == everywhere for message in one.among(got)[-1:]]
    with out.status("photographing them"):
        pages = act.photograph(ends, about(box.mails(), everywhere)[-1:])
    show_chats.pages(out, pages)
    return len(messages), faults


def _link(out: Console, act: SecondAct) -> int:
    """Have ada link a chat, be told there, and ask the bot; return the id of the job that is told there."""
    show.heading(out, "Ada links Telegram: then her jobs need no number")
    printed = act.ask_for_code()
    show_chats.command(out, LINKED.user, " ".join(LINK), printed)
    show_chats.talk(out, LINKED.user, code := act.code_in(printed), act.converse(code))
    number = act.submit(LINKED)
    show.submission(out, number, LINKED)
    show_chats.talk(out, LINKED.user, "jobs", act.converse("jobs"))
    return number


def _is_message(got: Got) -> bool:
    return any(f'"{job.name}"' in got.title for job in (IN_EVERY_CHAT, LINKED))
