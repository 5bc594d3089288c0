"""What the demonstration prints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from headgate.cli.output import plain
from scripts.demo.checks import Delivery
from scripts.demo.mails import Mail, as_seen
from scripts.demo.place import Place
from scripts.demo.play import JOBS, Job, sbatch_words
from scripts.demo.timeline import Line, clock

WIDTH = 100
"""Columns where the terminal is wider, or unknown."""
_MAIL_WIDTH = 80
_OWN_JOB = "runuser -u ada -- sbatch --mail-type=ALL --mail-user=you@example.org -D /tmp --wrap 'sleep 5'"
_COLOURS = {"succeeded": "green", "failed": "red", "timed-out": "red", "mixed": "yellow", "cancelled": "yellow"}


def console() -> Console:
    """Return where everything is printed."""
    made = Console(highlight=False, soft_wrap=False)
    made.width = min(made.width, WIDTH) if made.is_terminal else WIDTH
    return made


def heading(out: Console, text: str) -> None:
    """Begin a part."""
    out.print()
    out.rule(Text(text, style="bold"), align="left", style="dim")


def remark(out: Console, text: str) -> None:
    """Explain what follows."""
    out.print(Text(text, style="dim italic"))


def step(out: Console, text: str) -> None:
    """Say what was done."""
    out.print(Text.assemble(("✓ ", "green"), text), soft_wrap=True)


def submission(out: Console, number: int, job: Job) -> None:
    """Say that a job was submitted, how, and what will become of it."""
    out.print(Text.assemble((f"{job.user}$ ", "dim"), "sbatch ", " ".join(sbatch_words(job))), soft_wrap=True)
    out.print(Text(f"     job {number} {job.plot}", style="cyan"))


def arrival(out: Console, mail: Mail, now: float) -> None:
    """Say that a mail has come."""
    colour = _COLOURS.get(mail.outcome, "")
    out.print(Text.assemble((f"{clock(now)}  ", "dim"), f"{plain(mail.to):<16}  ", (plain(mail.subject), colour)))


def in_one_line(out: Console, text: str) -> Text:
    """Cut a text so that it fits, with a spinner before it, into one line."""
    room = out.width - 3
    return Text(text if len(text) <= room else f"{text[: room - 1]}…")


def waiting_for(owed: Mapping[int, int], states: Mapping[int, str], jobs: Mapping[int, Job]) -> str:
    """Return in words what is waited for."""
    count = sum(owed.values())
    which = ", ".join(f"{jobs[number].name} ({states.get(number, '?').lower()})" for number in owed)
    why = ""
    if all("TIMEOUT" in jobs[number].ends for number in owed):
        why = "; Slurm has no limit under a minute, and looks every 30 s who is over it"
    return f"waiting for {count} mail{'s' if count > 1 else ''} about {which}{why}"


def mail_in_full(out: Console, mail: Mail) -> None:
    """Show a mail as its reader sees it."""
    border = _COLOURS.get(mail.outcome, "dim")
    out.print(Panel(Text(as_seen(mail)), border_style=border, padding=(0, 1), width=_MAIL_WIDTH))


def deliveries(out: Console, items: Sequence[Delivery]) -> None:
    """Show who was told what, and what could not be told."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("id", "recipient", "message", "state"):
        table.add_column(column, overflow="fold")
    for item in items:
        title = item["message"]["title"] if item["message"] else f"(about {item['subject']}) {item['reason']}"
        state = Text(item["state"], style="green" if item["state"] == "delivered" else "red")
        recipient = f"{item['connector']}:{item['target']}"
        table.add_row(str(item["id"]), Text(plain(recipient)), Text(plain(title)), state)
    out.print(table)


def time_line(out: Console, title: str, lines: Sequence[Line]) -> None:
    """Show the events of one job."""
    out.print(Text(title, style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(overflow="fold")
    for line in lines:
        seen = Text(f"seen by {line.seen_by}", style="dim")
        table.add_row(f"  {clock(line.time)}", Text(line.kind, style="cyan"), Text(line.what), seen)
    out.print(table)


def write_pages(directory: Path, mails: Sequence[Mail], jobs: Mapping[int, Job]) -> list[Path]:
    """Write the HTML part of each mail as a page for a browser; return the files."""
    pages = []
    for mail in mails:
        name = jobs[mail.job].name if mail.job is not None and mail.job in jobs else "mail"
        page = directory / f"{name}-{re.sub('[^a-z-]', '_', mail.outcome)}.html"
        page.write_text(mail.html)
        pages.append(page)
    return pages


def next_steps(out: Console, place: Place, address: str, page: Path, number: int) -> None:
    """Say what to try next."""
    option = "" if place.name == "demo" else f" --name {place.name}"
    run = f"./dev run -c {place.config}"
    socket = f"HEADGATE_SOCKET={place.socket} ./dev run login"
    rows = (
        ("Look at the pages: a link that signs you in, as root", socket),
        ("Watch events come in", f"{run} event follow"),
        ("Who was told what", f"{run} delivery list"),
        ("One message, whole", f"{run} delivery show {number}"),
        ("How builds fare", f"{run} build list"),
        ("What the service measures", f"curl {address}/metrics"),
        ("A mail as a browser shows it", f"file://{page}"),
        ("The cluster's commands for your shell", f'eval "$(./dev cluster env --name {place.name})"'),
        ("A job of your own, once they are there", _OWN_JOB),
        ("The mails, as files for a mail program", f"{place.mails}"),
        ("Play it again", f"./dev demo{option}"),
        ("End everything", f"./dev demo --stop{option}"),
    )
    for what, command in rows:
        out.print(Text.assemble(f"{what}\n  ", (command, "cyan")), soft_wrap=True)


def users() -> str:
    """Return the names of the users, for a sentence."""
    return " and ".join(sorted({job.user for job in JOBS}))
