"""The mails that arrived, as the people who got them see them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path

from headgate.cli.output import plain

SHOWN_HEADERS = ("From", "To", "Subject", "Date")
_JOB = re.compile(r"[^/]*/(\d+)")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``job``: the id of the job or array it is about, None if it says none."""

    to: str
    subject: str
    outcome: str
    job: int | None
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


def read_mail(raw: bytes) -> Mail:
    """Read a mail as a mail program does: decoded headers, the plain part, the HTML part."""
    message = BytesParser(EmailMessage, policy=modern).parsebytes(raw)
    about = _JOB.match(str(message["X-Headgate-Job"] or ""))
    return Mail(
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        outcome=str(message["X-Headgate-Outcome"] or ""),
        job=int(about[1]) if about else None,
        headers=tuple((name, str(message[name])) for name in SHOWN_HEADERS if message[name]),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


class MailBox:
    """The directory in which a mail server keeps mails; each is read once."""

    def __init__(self, directory: Path) -> None:
        """``directory``: has a file ``*.eml`` for each mail, whose names are in the order in which they came."""
        self._directory = directory
        self._read: dict[str, Mail] = {}

    def mails(self) -> list[Mail]:
        """Return all mails that have come, in that order."""
        for path in sorted(self._directory.glob("*.eml")):
            if path.name not in self._read:
                self._read[path.name] = read_mail(path.read_bytes())
        return [self._read[name] for name in sorted(self._read)]


def about(mails: Iterable[Mail], job: int) -> list[Mail]:
    """Return the mails about one job."""
    return [mail for mail in mails if mail.job == job]


def as_seen(mail: Mail) -> str:
    """Return what a person reads: a few headers, then the text; nothing in it steers a terminal."""
    width = max((len(name) for name, _ in mail.headers), default=0) + 1
    head = [f"{f'{name}:':<{width}} {value}" for name, value in mail.headers]
    return "\n".join(plain(line) for line in (*head, "", *mail.text.rstrip().split("\n")))


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
