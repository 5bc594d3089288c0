"""The third act: a portal, which may be nobody on this machine, submits a job for ada, and gets what it printed."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Final

from rich.console import Console

from scripts.demo import show, show_chats
from scripts.demo.installation import Headgate
from scripts.demo.place import Place

APP: Final = "portal"
USER, OTHER = "ada", "ben"
TEMPLATE_NAME: Final = "count"
TEMPLATE: Final = """\
#!/bin/bash
#SBATCH --time=5 --job-name={{ title }}
for step in $(seq {{ steps }}); do
  printf 'step %s of %s\\n' "$step" {{ title }}
  sleep 1
done
id --user --name
"""
SCHEMA: Final = {
    "title": "Count",
    "type": "object",
    "properties": {"steps": {"type": "integer", "minimum": 1, "maximum": 60}, "title": {"type": "string"}},
    "required": ["steps", "title"],
}
STEPS: Final = 3
TITLE: Final = "it's $(id)"
"""What somebody types into the portal who would like to know whose account it runs as."""


@dataclass(frozen=True, slots=True)
class ThirdAct:
    """Plays it, on what is running. ``address``: the service's."""

    place: Place
    headgate: Headgate
    address: str

    def add_app(self) -> tuple[str, str]:
        """Make the portal an app that may act for ada; return the command and its token."""
        words = ("app", "add", APP, f"--user={USER}")
        answer = json.loads(self.headgate.ask(*words, "--json"))
        return "headgate " + " ".join(words), str(answer["token"])

    def ask(self, token: str, *words: str) -> tuple[int, str, str]:
        """Run ``headgate job`` as the portal does: with an address and a token, and nothing else."""
        return self.headgate.run_elsewhere(words, {"HEADGATE_URL": self.address, "HEADGATE_TOKEN": token})


def expected() -> str:
    """Return what the job prints."""
    return "".join(f"step {number} of {TITLE}\n" for number in range(1, STEPS + 1)) + f"{USER}\n"


def play(out: Console, act: ThirdAct) -> list[str]:
    """Play it, and show it; return what is wrong."""
    show.heading(out, "A portal runs a job for ada")
    line, token = act.add_app()
    show_chats.command(out, "admin", line, "a token, which is shown once")
    parameters = (f"--parameter=steps={STEPS}", f"--parameter=title={json.dumps(TITLE)}")
    faults: list[str] = []

    def portal(user: str, *words: str, status: int = 0) -> str:
        asked = ("job", f"--user={user}", *words)
        code, printed, complaint = act.ask(token, *asked)
        show_chats.command(out, "portal", shlex.join(["headgate", *asked]), printed or complaint)
        if code != status:
            faults.append(f"headgate job {words[0]} ended with status {code}: {complaint.strip()}")
        return printed

    number = portal(USER, "submit", f"--template={TEMPLATE_NAME}", *parameters).strip()
    if faults:
        return faults
    printed = portal(USER, "output", "--follow", number)
    if printed != expected():
        faults.append(f"the portal's job printed {printed!r}, and not {expected()!r}")
    portal(USER, "watch", number)
    show.remark(out, "The app may act for ada only; for ben it is refused, whatever token it has.")
    portal(OTHER, "show", number, status=1)
    portal(USER, "delete", number)
    return faults
