"""How values are put into a batch script. Pure.

A value never becomes a part of what the shell reads as code. It is assigned to a variable, quoted, before the first
command of the script, and where it stands there is that variable in double quotes: one word, whatever it holds. Only
numbers are written where they stand, and what stands in an ``#SBATCH`` line, which the shell never reads.

Sources: sbatch(1), "the first non-comment, non-whitespace line"; sbatch's ``_get_argument`` (quotes and backslashes
in ``#SBATCH`` lines); bash(1), QUOTING.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from headgate.gateway.templates.shell import Scanner
from headgate.gateway.templates.values import MARK, TemplateError, Value, text_of, words_of

_DIRECTIVE: Final = "#SBATCH"
_PLAIN_IN_DIRECTIVE: Final = re.compile(r"[A-Za-z0-9_./:=,+@%-]+")
_ESCAPED: Final = re.compile(r"[\"\\]")
_SHELL: Final = re.compile(r"#!\s*/(?:\S*/)?(?:env\s+(?:-S\s+)?)?(?:ba|da|k|mk|z|a)?sh(?:\s|$)")


def placed(script: str, values: Sequence[Value]) -> str:
    """Return the script with every mark replaced by its value. Raises TemplateError, with the line."""
    return _Placing(values).placed(script.split("\n"))


class _Placing:
    """One script, and what its values are called in it."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values
        self._names: dict[str, str] = {}

    def placed(self, lines: Sequence[str]) -> str:
        head: list[str] = []
        body: list[str] = []
        scanner = Scanner()
        for number, line in enumerate(lines, 1):
            try:
                if not body and (not line.strip() or line.lstrip().startswith("#")):
                    head.append(self._directive(line) if line.startswith(_DIRECTIVE) else self._comment(line, number))
                else:
                    body.append(self._line(line, scanner))
            except TemplateError as error:
                raise TemplateError(f"line {number} of the script: {error.message}") from None
        if self._names and not _SHELL.match(lines[0]):
            raise TemplateError(
                f"a text stands in a script for {lines[0][:80]!a}, but only for a shell can it be quoted; "
                "read it from a file or an argument, or let the template's first line name a shell"
            )
        assigned = [f"{name}={shlex.quote(text)}" for text, name in self._names.items()]
        return "\n".join([*head, *assigned, *body])

    def _directive(self, line: str) -> str:
        """Return a line for sbatch: what is not plain stands in quotes, in which quotes and backslashes are escaped."""
        out, quote, at = [], "", 0
        while at < len(line):
            character, mark = line[at], MARK.match(line, at)
            if mark and quote:
                raise TemplateError("a value stands inside quotes; values are quoted by themselves, so leave them away")
            if mark:
                out.append(_argument(self._value(mark)))
                at = mark.end()
                continue
            if character == "\\":
                out.append(character)
                at += 1
            elif character in "\"'" and quote in ("", character):
                quote = "" if quote else character
            out.append(line[at : at + 1])
            at += 1
        return "".join(out)

    def _comment(self, line: str, number: int) -> str:
        if number == 1 and MARK.search(line):
            raise TemplateError("the first line names the interpreter, which no value may choose")
        return MARK.sub(self._word, line)

    def _line(self, line: str, scanner: Scanner) -> str:
        refused = scanner.line(line)

        def put(mark: re.Match[str]) -> str:
            where = refused.get(mark.start(), "where none may")
            if where and not all(isinstance(one, int | float) for one in words_of(self._value(mark))):
                raise TemplateError(
                    f"a text stands {where}; values are words of their own, so leave quotes away and "
                    "give a text to a command as an argument"
                )
            return self._word(mark)

        return MARK.sub(put, line)

    def _word(self, mark: re.Match[str]) -> str:
        """Return a value as one word of the shell, or as several if it is a list."""
        return " ".join(
            text_of(one) if isinstance(one, int | float) else f'"${{{self._name(one)}}}"'
            for one in words_of(self._value(mark))
        )

    def _name(self, text: str) -> str:
        return self._names.setdefault(text, f"HEADGATE_VALUE_{len(self._names)}")

    def _value(self, mark: re.Match[str]) -> Value:
        return self._values[int(mark[1])]


def _argument(value: Value) -> str:
    joined = ",".join(text_of(word) for word in words_of(value))
    if not joined.isprintable():
        raise TemplateError("a value in an #SBATCH line has to be one line of printable text")
    if _PLAIN_IN_DIRECTIVE.fullmatch(joined):
        return joined
    return '"' + _ESCAPED.sub(lambda odd: "\\" + odd[0], joined) + '"'
