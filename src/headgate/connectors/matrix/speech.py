"""What the bot says, as the content of an event: answers, the greeting in a new room. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from headgate.bots.chat import Answer
from headgate.connectors.matrix.rendering import Content, Line, Section, Space, content
from headgate.connectors.matrix.text import code, plain, shown
from headgate.model.text import log_line, one_line

_LINE = 1000
"""Characters of a line."""
_LINES = 200
IN_PRIVATE = Answer("The answer is for you alone: ask me in a room in which we are only two.")
NO_ENCRYPTION = "Headgate cannot read encrypted rooms. Invite it to a room without encryption."


def receiver(connector: str, room: str) -> str:
    """Return what makes Slurm's mails come into a room. Quoted: a shell takes a bare ``!`` for its history."""
    return f"--mail-user='{connector}:{room}'"


def content_of_answer(answer: Answer, *, exactly: str = "") -> Content:
    """Return the content of an answer, bounded. ``exactly`` is a line of its code that stays as it is everywhere."""
    space = Space()
    text = [one_line(line, _LINE) for line in answer.text.split("\n")[:_LINES]]
    paragraphs = [space.fill(section, lines) for section, lines in _paragraphs(text)]
    block = Section(before="<pre><code>", between="\n", after="</code></pre>")
    lines = [log_line(line, _LINE) for line in answer.code.split("\n")[-_LINES:]] if answer.code else []
    space.fill(block, [Line(escape(line), line if line == exactly else plain(line)) for line in lines], from_end=True)
    buttons = ", ".join(code(button.command) for button in answer.buttons)
    said = ", ".join(plain(button.command) for button in answer.buttons)
    last = space.fill(Section(), [Line(f"Say {buttons}", f"Say {said}")] if answer.buttons else [])
    sections = [*paragraphs, block, last]
    return content(
        "\n\n".join(part for part in (section.plain() for section in sections) if part) or "-",
        "".join(section.html() for section in sections),
    )


def greeting(connector: str, room: str, trigger: str, *, linked_only: bool = False) -> Content:
    """Return what is said in a room that was just joined; ``linked_only``: only linked people are told at all."""
    line = receiver(connector, room)
    answer = Answer("Hello. Messages about your Slurm jobs come into this room if you submit them with\n", code=line)
    if linked_only:
        line = ""
        answer = Answer("Hello. I tell people about their Slurm jobs, once I know whose account is theirs.")
    told = content_of_answer(answer, exactly=line)
    more = f"Say help for more. Among several people, begin with my name or with {trigger}."
    told["body"] += f"\n\n{plain(more)}"
    told["formatted_body"] += f"<p>{shown(more)}</p>"
    return told


def _paragraphs(lines: list[str]) -> Iterator[tuple[Section, list[Line]]]:
    """Group lines: those that begin with ``- `` into lists, the others into paragraphs, parted by empty lines."""
    group: list[Line] = []
    kind = ""
    for text in [*lines, ""]:
        now = "list" if text.startswith("- ") else "text" if text else ""
        if now != kind and group:
            yield (Section([], "<ul><li>", "</li><li>", "</li></ul>") if kind == "list" else Section()), group
            group = []
        kind = now
        if text:
            group.append(Line(shown(text.removeprefix("- ")) if now == "list" else shown(text), plain(text)))
