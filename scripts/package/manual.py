"""The manual pages, from click's own description of the command line: man(7), one page a noun."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

import click

from headgate import __version__
from scripts.reference.commands import walk

_FILES = (
    ("/etc/headgate/headgate.toml", "The configuration; `headgate config sample` writes one with every setting."),
    ("/var/lib/headgate/headgate.db", "The store, where it is SQLite."),
    ("/var/spool/headgate/mail", "Where Slurm's mails wait until the service reads them."),
)
_ENVIRONMENT = (
    ("HEADGATE_CONFIG", "The configuration, where -c does not name one."),
    ("HEADGATE__SECTION__KEY", "A setting; it wins over the file."),
)


def pages(moment: int) -> dict[str, str]:
    """Return the pages by their file names, dated with ``moment``, in seconds since the epoch."""
    contexts = list(walk())
    date = dt.datetime.fromtimestamp(moment, dt.UTC).date().isoformat()
    top = [context for context in contexts if context.parent is contexts[0]]
    made = {"headgate.1": _main(contexts[0], top, date)}
    for context in top:
        below = [other for other in contexts if other.parent is context]
        made[f"headgate-{context.command.name}.1"] = _noun(context, below, date)
    return made


def _main(context: click.Context, below: Iterable[click.Context], date: str) -> str:
    see = [f"headgate-{other.command.name}" for other in below]
    return _page(
        *_head(context, date),
        ".SH COMMANDS",
        *(line for other in below for line in _item(f"headgate-{other.command.name}(1)", _first(other.command))),
        *_options(context, "OPTIONS"),
        ".SH ENVIRONMENT",
        *(line for name, meaning in _ENVIRONMENT for line in _item(name, meaning)),
        ".SH FILES",
        *(line for name, meaning in _FILES for line in _item(name, meaning)),
        *_end(),
        *_see_also(see),
    )


def _noun(context: click.Context, below: list[click.Context], date: str) -> str:
    lines = [*_head(context, date), *_options(context, "OPTIONS")]
    if below:
        lines.append(".SH COMMANDS")
    for other in below:
        lines += [f".SS {_word(other.command_path)}", *_synopsis(other), *_paragraphs(other.command.help or "")]
        lines += _options(other, "")
        lines += _deeper(other)
    return _page(*lines, *_end(), *_see_also(["headgate"]))


def _deeper(context: click.Context) -> Iterator[str]:
    """Yield the commands below a command that is a group itself: by name only, with what they are for."""
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None:
                yield from _item(f"{context.command_path} {name}", _first(command))


def _head(context: click.Context, date: str) -> Iterator[str]:
    name = context.command_path.replace(" ", "-")
    yield f'.TH {_word(name.upper())} 1 {date} "headgate {__version__}" "Headgate"'
    yield ".SH NAME"
    yield f"{_word(name)} \\- {_text(_first(context.command).rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield from _synopsis(context)
    yield ".SH DESCRIPTION"
    yield from _paragraphs(context.command.help or "")


def _synopsis(context: click.Context) -> Iterator[str]:
    usage = " ".join(context.command.collect_usage_pieces(context))
    yield f"\\fB{_word(context.command_path)}\\fR {_text(usage)}"


def _first(command: click.Command) -> str:
    """Return the first sentence of a command's help."""
    first = (command.help or "").partition("\n\n")[0]
    return re.split(r"(?<=\.)\s", " ".join(first.split()))[0]


def _paragraphs(help_: str) -> Iterator[str]:
    for paragraph in help_.replace("\f", "").split("\n\n"):
        kept = paragraph.startswith("\b")
        yield ".PP"
        if kept:  # click keeps the lines of such a paragraph as they are
            yield ".nf"
        lines = paragraph.removeprefix("\b").strip("\n").splitlines() if kept else [" ".join(paragraph.split())]
        yield from map(_text, lines)
        if kept:
            yield ".fi"


def _options(context: click.Context, title: str) -> Iterator[str]:
    found = (parameter.get_help_record(context) for parameter in context.command.params)
    records = [record for record in found if record and record[1]]
    if records and title:
        yield f".SH {title}"
    for names, meaning in records:
        yield from _item(names, meaning)


def _item(name: str, meaning: str) -> Iterator[str]:
    yield ".TP"
    yield f"\\fB{_word(name)}\\fR"
    yield _text(" ".join(meaning.split())) or "\\&"


def _see_also(names: Iterable[str]) -> Iterator[str]:
    yield ".SH SEE ALSO"
    yield ", ".join(f"\\fB{_word(name)}\\fR(1)" for name in names)


def _end() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    yield "0 if all went well, 1 if not, 2 if the command line is wrong."


def _page(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _word(text: str) -> str:
    """Return a text whose hyphens can be copied into a shell."""
    return _text(text).replace("-", "\\-")


def _text(text: str) -> str:
    """Return a text that roff shows as it is: no escapes, no requests."""
    escaped = text.replace("\\", "\\e").replace("`", "\\(ga").replace("'", "\\(aq").replace("^", "\\(ha")
    escaped = escaped.replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
