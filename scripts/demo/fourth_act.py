"""The fourth act: a comment in a pull request has it built, tested and deployed; the bot's comment grows meanwhile."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console

from scripts.demo import show, show_builds, show_chats
from scripts.demo.chats import Chats
from scripts.demo.hub import ARCHITECTURE, ARTEFACT, PEOPLE, REPOSITORY
from scripts.demo.installation import Headgate
from scripts.demo.place import DemoError, Place

ROWS: Final = ["submitted", "released", "running", "finished", "test result", "uploaded"]
BUILD: Final = f"bot: build repo:{REPOSITORY} for:arch={ARCHITECTURE}"
DEPLOY: Final = "bot: deploy"
WAIT_SECONDS: Final = 90.0
_LOOK_EVERY: Final = 0.2
_ROW: Final = re.compile(r"^\|[^|]* UTC \d{4}\|([^|]*)\|", re.MULTILINE)


@dataclass(slots=True)
class FourthAct:
    """Plays it, on what is running. ``address``: the service's."""

    place: Place
    headgate: Headgate
    chats: Chats
    address: str
    shown: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Have who may comment on the pull request."""
        self.chats.comment(PEOPLE[0], text, f"{self.address}/github/webhook")

    def follow(self, out: Console, word: str) -> bool:
        """Print what is new in the bot's comments until its table has a row of this status; say whether it has."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            comments = self.chats.comments()
            for number, body in enumerate(comments):
                known = self.shown[number] if number < len(self.shown) else ""
                show_builds.growth(out, known, body)
            self.shown = comments
            if word in rows(self.table):
                return True
            self.headgate.check_alive()
            time.sleep(_LOOK_EVERY)
        return False

    @property
    def table(self) -> str:
        """The comment of the job, as it was printed last; empty if there is none."""
        return next((body for body in self.shown if body.startswith("New job")), "")

    def deployed(self) -> list[str]:
        """Return what was deployed."""
        return sorted(path.name for path in self.place.deployed.rglob("*.tar.gz"))


def rows(body: str) -> list[str]:
    """Return the statuses in a comment's table."""
    return _ROW.findall(body)


def play(out: Console, act: FourthAct) -> list[str]:
    """Play it, and show it; return what is wrong."""
    show.heading(out, "A pull request is built, tested and deployed by comments")
    show.remark(out, "GitHub is played: every request and answer is held against GitHub's own description of its API.")
    try:
        for said, word in ((BUILD, "test result"), (DEPLOY, "uploaded")):
            show_builds.said(out, PEOPLE[0], said)
            act.say(said)
            if not act.follow(out, word):
                return [f"after {said!r} no row says {word!r} within {WAIT_SECONDS:g} s: {rows(act.table)}"]
        show_chats.command(out, "admin", "headgate build list", act.headgate.ask("build", "list"))
    except DemoError as error:
        return [error.message]
    faults = [] if rows(act.table) == ROWS else [f"the job's comment says {rows(act.table)}, and not {ROWS}"]
    if act.deployed() != [ARTEFACT]:
        faults.append(f"{act.deployed()} was deployed, and not {ARTEFACT}")
    return [*faults, *act.chats.refused()]
