"""From a bounded message to the content of an ``m.room.message`` event. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from headgate.bots.chat import Button
from headgate.connectors.bounds import Bounds
from headgate.connectors.matrix.text import code, octets, plain, shown, web_address
from headgate.connectors.style import STYLES
from headgate.model.message import Bar, LogTail, Message

BOUNDS = Bounds(text=600, value=300, url=1000, log_lines=60, log_line=240)
MAX_TEXT = 58_000
"""Octets of both texts together: an event has 65,536, and the server adds to it (client-server API, "Size limits")."""
_RESERVE = 500
"""Octets kept for what is said about what was left out, and for tags."""
_DRAWN = 12
"""Characters of a bar."""
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line, in both forms."""

    html: str
    plain: str

    @property
    def size(self) -> int:
        """Octets in the event, with what joins it to the next."""
        return octets(self.html) + octets(self.plain) + 16


@dataclass(slots=True)
class Section:
    """Lines that belong together: HTML around them and between them, and a heading of the plain form."""

    lines: list[Line] = field(default_factory=list)
    before: str = "<p>"
    between: str = "<br>"
    after: str = "</p>"
    heading: str = ""

    def html(self) -> str:
        """Return the section as HTML, nothing if it has no line."""
        return self.before + self.between.join(line.html for line in self.lines) + self.after if self.lines else ""

    def plain(self) -> str:
        """Return the section as plain text."""
        heading = [self.heading] if self.heading and self.lines else []
        return "\n".join([*heading, *(line.plain for line in self.lines)])


class Space:
    """Counts what still fits into the event."""

    def __init__(self) -> None:
        self.left = MAX_TEXT - _RESERVE
        self.left_out = 0

    def fill(self, section: Section, lines: Sequence[Line], *, from_end: bool = False) -> Section:
        """Put in as many lines as fit; count the others."""
        self.left -= octets(section.before + section.after) + octets(section.heading)
        order = reversed(lines) if from_end else iter(lines)
        for number, line in enumerate(order):
            if line.size > self.left:
                self.left_out += len(lines) - number
                break
            self.left -= line.size
            section.lines.append(line)
        if from_end:
            section.lines.reverse()
        return section


def content_of(message: Message, *, notify: bool, buttons: Sequence[Button] = (), body: str | None = None) -> Content:
    """Return the event's content for a bounded message. ``body``: HTML of the site's own below the title.

    A body of the site's that is too long for an event gives way to our own.
    """
    space = Space()
    title = space.fill(Section(), [_title(message)])
    sections = _sections(message, buttons, space)
    own = "".join(section.html() for section in sections)
    text = "\n\n".join(part for part in (title.plain(), *(section.plain() for section in sections)) if part)
    if body is not None and octets(body) + octets(title.html() + text) <= MAX_TEXT:
        own = body
    return content(text, title.html() + own, notify=notify)


def content(text: str, html: str, *, notify: bool = False) -> Content:
    """Return the content of a message that mentions nobody (client-server API, "User and room mentions")."""
    return {
        "msgtype": "m.text" if notify else "m.notice",
        "body": text,
        "format": "org.matrix.custom.html",
        "formatted_body": html,
        "m.mentions": {},
    }


def _sections(message: Message, buttons: Sequence[Button], space: Space) -> list[Section]:
    """Return the sections in the order they are shown. What matters most gets its room first, the output last."""
    who = space.fill(Section(), _summary(message))
    digest = space.fill(Section(), list(_digest(message)))
    facts = space.fill(Section(), [_fact(fact.label, fact.value) for fact in message.facts])
    bars = space.fill(Section(), [_bar(bar, STYLES[message.outcome].colour) for bar in message.bars])
    hints = space.fill(_bullets(), [Line(shown(hint), f"- {plain(hint)}") for hint in message.hints])
    links = space.fill(Section(between=" · "), list(_links(message)))
    said = space.fill(Section(), list(_commands(buttons)))
    notes = space.fill(Section(), [Line(f"<em>{shown(note)}</em>", plain(note)) for note in message.notes])
    log = _log(message.log, space) if message.log else Section()
    if space.left_out:
        words = f"{space.left_out} lines left out: the message would be too long."
        notes.lines.append(Line(f"<em>{words}</em>", words))
    return [who, digest, facts, bars, hints, log, links, notes, said]


def _title(message: Message) -> Line:
    """Write the outcome in white on its colour, which can be read on light and on dark, then the job."""
    style = STYLES[message.outcome]
    what, colon, job = (message.title or style.word).partition(": ")
    badge = (
        f'<span data-mx-bg-color="{style.colour}" data-mx-color="#ffffff">&nbsp;{style.sign} {shown(what)}&nbsp;</span>'
    )
    html = f"<strong>{badge}{' ' + shown(job) if colon else ''}</strong>"
    return Line(html, f"{style.sign} {plain(message.title or style.word)}")


def _summary(message: Message) -> list[Line]:
    lines = [Line(shown(message.summary), plain(message.summary))] if message.summary else []
    if message.job is not None:
        lines.append(_fact("User", f"{message.job.user} on {message.job.cluster}"))
    return lines


def _fact(label: str, value: str) -> Line:
    told = code(value) if value.startswith("/") else shown(value)
    return Line(f"<strong>{shown(label)}:</strong> {told}", f"{plain(label)}: {plain(value)}")


def _bar(bar: Bar, colour: str) -> Line:
    share = min(bar.fraction, 1.0)
    filled = min(max(round(share * _DRAWN), 1), _DRAWN - (share < 1)) if share > 0 else 0
    drawn = f'<span data-mx-color="{colour}">{"█" * filled}</span>' if filled else ""
    percent = f"{bar.fraction * 100:.0f} %"
    text = f" · {bar.text}" if bar.text else ""
    return Line(
        f"<code>{drawn}{'░' * (_DRAWN - filled)}</code> <strong>{shown(bar.label)}</strong> {percent}{shown(text)}",
        f"{plain(bar.label)}: {percent}{plain(text)}",
    )


def _digest(message: Message) -> Iterator[Line]:
    for line in message.digest:
        style = STYLES[line.outcome]
        sign = f'<span data-mx-color="{style.colour}">{style.sign}</span>'
        yield Line(f"{sign} {shown(line.text)}", f"{style.sign} {plain(line.text)}")


def _bullets() -> Section:
    return Section([], "<ul><li>", "</li><li>", "</li></ul>")


def _log(log: LogTail, space: Space) -> Section:
    section = Section(
        before=f"<p>End of {code(log.path)}:</p><pre><code>",
        between="\n",
        after="</code></pre>",
        heading=f"End of {plain(log.path)}:",
    )
    return space.fill(section, [Line(escape(line), plain(line)) for line in log.lines], from_end=True)


def _links(message: Message) -> Iterator[Line]:
    for link in message.links:
        if address := web_address(link.url):
            yield Line(f'<a href="{address}">{shown(link.label) or "Link"}</a>', f"{plain(link.label)}: {link.url}")


def _commands(buttons: Sequence[Button]) -> Iterator[Line]:
    """Matrix has no buttons: say what may be said to the bot."""
    if buttons:
        html = ", ".join(code(button.command) for button in buttons)
        yield Line(f"Say to the bot: {html}", "Say to the bot: " + ", ".join(plain(b.command) for b in buttons))
