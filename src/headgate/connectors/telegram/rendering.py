"""A message as the body of ``sendMessage``: a text in Telegram's HTML, and buttons. Pure.

https://core.telegram.org/bots/api#sendmessage. The text is put together of sections; what matters most takes its room
first, whole lines are left out where there is none, and how many is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headgate.bots.chat import Button
from headgate.connectors.bounds import Bounds
from headgate.connectors.style import STYLES
from headgate.connectors.telegram.markup import NOTHING, Markup, exact, joined, link, plain, value
from headgate.connectors.telegram.targets import Target
from headgate.model.message import Bar, Fact, Link, LogTail, Message, Outcome

LONGEST = 4096
"""UTF-16 units of a text, once its tags are read."""
MOST_MARKS = 90
"""Tags in a text; Telegram drops those over 100, and a dropped ``code`` would bring links back to life."""
BOUNDS = Bounds(
    title=200, text=600, label=40, value=300, url=1000, facts=25, remarks=8, links=5, log_lines=30, log_line=160
)
DIGEST_ROOM = 1700
"""Characters of a digest's lines. Made plain, a line is at most twice as long, and stands below title and summary."""
_CIRCLES = {
    Outcome.STARTED: "\N{LARGE BLUE CIRCLE}",
    Outcome.SUCCEEDED: "\N{LARGE GREEN CIRCLE}",
    Outcome.FAILED: "\N{LARGE RED CIRCLE}",
    Outcome.CANCELLED: "\N{MEDIUM WHITE CIRCLE}",
    Outcome.TIMED_OUT: "\N{LARGE ORANGE CIRCLE}",
    Outcome.OUT_OF_MEMORY: "\N{LARGE PURPLE CIRCLE}",
    Outcome.REQUEUED: "\N{LARGE BLUE CIRCLE}",
    Outcome.WARNING: "\N{LARGE YELLOW CIRCLE}",
    Outcome.MIXED: "\N{LARGE ORANGE CIRCLE}",
    Outcome.NEUTRAL: "\N{MEDIUM WHITE CIRCLE}",
}
"""Telegram has no colours but those of its signs; these are nearest to the outcomes' own."""
_BLOCKS = 10
"""Characters of a bar."""
_LABEL = 10
"""Characters of a bar's label."""
_REST = 60
"""Units kept free to say what was left out."""


@dataclass(frozen=True, slots=True)
class _Section:
    """Lines that stand together. ``rank``: the lower, the sooner it takes its room, of which ``most`` at most."""

    rank: int
    lines: tuple[Markup, ...]
    tag: str = ""
    head: Markup = NOTHING
    """Stands before the tag."""
    most: int = LONGEST
    from_end: bool = False
    """Whether the last lines matter most."""


def send_message(
    target: Target, message: Message, *, buttons: Sequence[Button] = (), body: Markup | None = None
) -> dict[str, Any]:
    """Return the body of ``sendMessage`` for a bounded message.

    ``body`` is the site's own text for all that is below the title.
    """
    text = _fitted([_head(message), *_sections(message)]) if body is None else joined((_title(message), body), "\n")
    return body_of(target, text, buttons)


def room_for_body(message: Message) -> tuple[int, int]:
    """Return how many UTF-16 units and tags a site's own text may have below a bounded message's title."""
    title = _title(message)
    return LONGEST - title.length - 1, MOST_MARKS - title.marks


def body_of(target: Target, text: Markup, buttons: Sequence[Button] = ()) -> dict[str, Any]:
    """Return the body of ``sendMessage`` for a text that fits."""
    body: dict[str, Any] = {"chat_id": target.chat}
    if target.topic is not None:
        body["message_thread_id"] = target.topic
    body |= {"text": text.html, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    if buttons:
        body["reply_markup"] = {"inline_keyboard": [[_button(button) for button in buttons]]}
    return body


def _button(button: Button) -> dict[str, str]:
    drawn = {"text": button.label, "callback_data": button.command}
    return drawn | {"style": "danger"} if button.danger else drawn


def _title(message: Message) -> Markup:
    style = STYLES[message.outcome]
    return exact(f"{_CIRCLES[message.outcome]} ") + plain(message.title or style.word).inside("b")


def _head(message: Message) -> _Section:
    return _Section(0, (_title(message), _identity(message), plain(message.summary)))


def _identity(message: Message) -> Markup:
    if message.job is None:
        return NOTHING
    number = exact("Job ") + exact(message.job.job_id).inside("code") if message.job.job_id else NOTHING
    return joined((number, plain(message.job.cluster), plain(message.job.user)), " · ")


def _sections(message: Message) -> list[_Section]:
    """Return the sections in the order in which they are shown."""
    width = min(max((len(bar.label) for bar in message.bars), default=0), _LABEL)
    return [
        _Section(4, tuple(_fact(fact) for fact in message.facts), most=1500),
        _Section(2, tuple(_bar(bar, width) for bar in message.bars), most=900),
        _Section(5, tuple(plain(hint) for hint in message.hints), "blockquote", most=1200),
        _Section(6, tuple(exact(f"{_CIRCLES[line.outcome]} ") + plain(line.text) for line in message.digest)),
        _log(message.log),
        _Section(1, tuple(_link(shown) for shown in message.links), most=400),
        _Section(7, tuple(plain(note).inside("i") for note in message.notes), most=600),
    ]


def _fact(fact: Fact) -> Markup:
    return joined((plain(fact.label).inside("b"), value(fact.value)), ": ")


def _bar(bar: Bar, width: int) -> Markup:
    share = min(bar.fraction, 1.0) * _BLOCKS
    filled = min(max(int(share), 1 if bar.fraction > 0 else 0), _BLOCKS)
    percent = f"{bar.fraction * 100:.0f} %"
    drawn = f"{bar.label[:width]:<{width}} {'█' * filled}{'░' * (_BLOCKS - filled)} {percent:>5}".lstrip()
    return joined((exact(drawn).inside("code"), plain(bar.text)), " ")


def _log(log: LogTail | None) -> _Section:
    if log is None or not log.lines:
        return _Section(3, ())
    head = exact("Last lines of ") + exact(log.path).inside("code") if log.path else NOTHING
    lines = tuple(exact(line or " ") for line in log.lines)
    return _Section(3, lines, "pre", head=head, most=1500, from_end=True)


def _link(shown: Link) -> Markup:
    return link(shown.label, shown.url)


def _fitted(sections: Sequence[_Section]) -> Markup:
    """Join the sections within what one text may have."""
    room, marks, left_out = LONGEST - _REST, MOST_MARKS - 1, 0
    shown: dict[int, Markup] = {}
    for place, section in sorted(enumerate(sections), key=lambda numbered: numbered[1].rank):
        taken, without = _taken(section, min(room - 2, section.most), marks)
        shown[place] = taken
        room -= taken.length + 2 if taken.html else 0
        marks -= taken.marks
        left_out += without
    lines = "line" if left_out == 1 else "lines"
    rest = exact(f"{left_out} more {lines} left out of this message.").inside("i") if left_out else NOTHING
    return joined((*(shown[place] for place in range(len(sections))), rest), "\n\n")


def _taken(section: _Section, room: int, marks: int) -> tuple[Markup, int]:
    """Return as many of a section's lines as fit, and how many do not."""
    lines = [line for line in section.lines if line.html]
    marks -= section.head.marks + (1 if section.tag else 0)
    room -= section.head.length + 1
    taken: list[Markup] = []
    for line in reversed(lines) if section.from_end else lines:
        if line.length + 1 > room or line.marks > marks:
            break
        taken.append(line)
        room -= line.length + 1
        marks -= line.marks
    whole = joined(reversed(taken) if section.from_end else taken)
    shown = joined((section.head, whole.inside(section.tag))) if taken and section.tag else whole
    return shown, len(lines) - len(taken)
