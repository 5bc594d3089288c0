"""The bytes of a mail: headers that cannot be injected, and two parts that say the same. Pure.

The header block is written here rather than by ``email.message``: every value passes through one function, long
Message-IDs stay whole, and the same message always gives the same bytes.
"""

from __future__ import annotations

import binascii
import email.header
import email.utils
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.connectors.address import domain_of
from headgate.model.message import JobIdentity, Message
from headgate.model.text import one_line

MAX_SUBJECT = 200
"""Characters of a subject."""
_MAX_LINE = 998
"""Octets in a line, RFC 5322, 2.1.1."""
_LINE_BREAK = re.compile(r"[\r\n\0]")
_PHRASE = re.compile(r"[A-Za-z0-9 _-]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who mails come from, and what the site wants in every one."""

    address: str
    name: str = ""
    reply_to: str | None = None
    subject_prefix: str = ""
    list_id: str = ""
    threads: bool = True


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to be handed over. ``utf8``: a header holds an address that only SMTPUTF8 can carry."""

    sender: str
    target: str
    subject: str
    message_id: str
    content: bytes
    utf8: bool


def compose(message: Message, *, target: str, key: str, sender: Sender, text: str, html: str) -> Mail:
    """Make the mail that says a message, given its two renderings. Texts in ``message`` are already bounded."""
    domain = domain_of(sender.address)
    if not domain.isascii():
        domain = "headgate.invalid"
    subject = one_line(sender.subject_prefix + message.title, MAX_SUBJECT)
    message_id = f"<{_token(key)}@{domain}>"
    boundary = f"=_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    headers = [
        ("From", _mailbox(sender.name, sender.address)),
        ("To", target),
        ("Subject", _encoded("Subject", subject)),
        ("Date", email.utils.format_datetime(datetime.fromtimestamp(message.time, UTC))),
        ("Message-ID", message_id),
        *_thread(message.job, domain, sender),
        *([("Reply-To", sender.reply_to)] if sender.reply_to else []),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        *([("List-Id", f"<{sender.list_id}>")] if sender.list_id else []),
        *_about(message),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    content = b"".join(_header(name, value) for name, value in headers) + b"\r\n" + _parts(boundary, text, html)
    return Mail(
        sender=sender.address,
        target=target,
        subject=subject,
        message_id=message_id,
        content=content,
        utf8=not (target + sender.address + (sender.reply_to or "")).isascii(),
    )


def _header(name: str, value: str) -> bytes:
    """Write one header. Raises ValueError for a value that would be more, or longer, than one header."""
    if _LINE_BREAK.search(value.replace("\r\n ", " ")):
        raise ValueError(f"a line break in {name}")
    line = f"{name}: {value}\r\n".encode()
    if max(len(part) for part in line.split(b"\r\n")) > _MAX_LINE:
        raise ValueError(f"a line of {name} is too long")
    return line


def _encoded(name: str, text: str) -> str:
    """Write free text for a header: as it is where that is safe, else as RFC 2047 encoded words.

    Text that looks like an encoded word is encoded, so that nothing in a job's name is ever decoded by a mail program.
    """
    if text.isascii() and text.isprintable() and "=?" not in text and len(text) < 900:  # noqa: PLR2004 - below _MAX_LINE
        return text
    return email.header.Header(text, "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    return f"{name if _PHRASE.fullmatch(name) else _quoted(name)} <{address}>"


def _quoted(name: str) -> str:
    if name.isascii() and name.isprintable() and "=?" not in name:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encoded("From", name)


def _thread(job: JobIdentity | None, domain: str, sender: Sender) -> list[tuple[str, str]]:
    """Point every mail of a job, or of an array's tasks, at the same mail that never was: programs then join them."""
    if job is None or not sender.threads:
        return []
    whole = re.split(r"[_+]", job.job_id, maxsplit=1)[0]
    name = hashlib.sha256(f"{job.cluster}\0{whole}\0{job.user}".encode()).hexdigest()[:24]
    root = f"<job-{name}@{domain}>"
    return [("In-Reply-To", root), ("References", root)]


def _about(message: Message) -> list[tuple[str, str]]:
    """Give filters something to hold on to."""
    about = [("X-Headgate-Outcome", message.outcome.value.replace(" ", "-"))]
    if message.job is not None:
        job = message.job
        about.append(("X-Headgate-Job", "/".join(_token(part) for part in (job.cluster, job.job_id, job.user))))
    return about


def _token(text: str) -> str:
    """Return the text with everything but letters, digits and a few harmless signs made an underscore."""
    return re.sub(r"[^A-Za-z0-9.*+_-]", "_", text)[:80]


def _parts(boundary: str, text: str, html: str) -> bytes:
    edge = f"--{boundary}".encode()
    return b"\r\n".join((edge, _part("plain", text), edge, _part("html", html), edge + b"--", b""))


def _part(subtype: str, text: str) -> bytes:
    """Write a text part in quoted-printable, which keeps lines short and the mail readable as it lies on disk."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    body = binascii.b2a_qp(unified, istext=True).replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + body
