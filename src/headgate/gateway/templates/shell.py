"""Where in a script of the shell a value stands. Pure.

What is found here decides whether a value is refused, and with which words. That no value becomes a command does not
rest on it: values are variables of the script (``placing.py``), and what a variable holds is never read as code, but
for the few places that evaluate a text themselves, which are looked for by name.

Source: bash(1), QUOTING, ARITHMETIC EVALUATION, CONDITIONAL EXPRESSIONS, Arrays.
"""

from __future__ import annotations

import re
from typing import Final

from headgate.gateway.templates.values import MARK

_HERE: Final = re.compile(r"<<(-?)\s*(?:'([^'\0]*)'|\"([^\"\0]*)\"|\\?([^\s;|&<>()'\"\\\0]+))")
_OPENED: Final = (
    ("$((", "in arithmetic"),
    ("$(", ""),
    ("${", "in braces"),
    ("$[", "in arithmetic"),
    ("$'", "inside quotes"),
    ('$"', "inside quotes"),
    ("((", "in arithmetic"),
    ("'", "inside quotes"),
    ('"', "inside quotes"),
    ("`", "inside backquotes"),
    ("(", ""),
)
"""What opens a context of its own, and what is said of a value that stands in it; nothing where words stand."""
_CLOSES: Final = {
    "$((": "))", "((": "))", "$[": "]", "${": "}", "$'": "'", '$"': '"', "'": "'", '"': '"', "`": "`", "$(": ")",
    "(": ")", "[": "]",
}  # fmt: skip
_IN_QUOTES: Final = ("$((", "$(", "${", "$[", "`")
_START, _END = r"(?:^|[\s;&|({!`\\'\"])", r"(?:[\s\\'\"]|$)"
_NAMES: Final = re.compile(_START + r"(?:eval|let|trap|alias|unset|read|readarray|mapfile|getopts|source|\.)" + _END)
_DECLARES: Final = re.compile(_START + r"(?:declare|typeset|local|readonly|export)" + _END)
_NUMBERS_OF: Final = re.compile(r"\s-[A-Za-z]*[inA]")
_EVALUATES: Final = re.compile(r"\s-(?:eq|ne|lt|le|gt|ge|v|R)\s")
_STORES: Final = re.compile(_START + r"(?:printf|wait)" + _END + r".*-[vp]")


class Scanner:
    """Goes through a script line by line, and remembers where it is."""

    def __init__(self) -> None:
        self._open: list[str] = []
        """What is open, from the outside inwards, as it was spelled."""
        self._here: list[tuple[str, bool]] = []
        """The ends of the here-documents that come next, and whether tabs may stand before them."""
        self._begun = ""
        """The lines before, which a backslash joins with the next."""

    def line(self, text: str) -> dict[int, str]:
        """Go on by one line; return for each mark (by its place) why no text may stand there, or an empty text."""
        if self._here:
            end, tabs = self._here[0]
            if (text.lstrip("\t") if tabs else text) == end:
                del self._here[0]
            return {found.start(): "in a here-document" for found in MARK.finditer(text)}
        begun, self._begun = self._begun, ""
        joined = begun + text
        if text.endswith("\\"):
            self._begun = joined
        whole = self._evaluates(joined)
        found: dict[int, str] = {}
        opened: list[tuple[str, bool]] = []
        at = 0
        while at < len(text):
            mark = MARK.match(text, at)
            if mark:
                found[at] = self._where() or whole or self._names(joined, len(begun) + at)
                at = mark.end()
            elif not self._quoted() and text[at] == "#" and (at == 0 or text[at - 1] in " \t;&|()"):
                found.update({one.start(): "" for one in MARK.finditer(text, at)})
                break
            else:
                at += self._step(text, at, opened)
        if self._open and self._open[-1] == "[":
            self._open.pop()  # a pattern, and no element of an array
        self._here = opened
        return found

    def _step(self, text: str, at: int, opened: list[tuple[str, bool]]) -> int:
        """Go past what stands here; return how many characters."""
        inside = self._open[-1] if self._open else ""
        if text[at] == "\\" and inside != "'":
            return 1 if MARK.match(text, at + 1) else 2
        if inside and text.startswith(_CLOSES[inside], at):
            self._open.pop()
            return len(_CLOSES[inside])
        return 1 if inside in ("'", "$'") else self._begin(text, at, inside, opened)

    def _begin(self, text: str, at: int, inside: str, opened: list[tuple[str, bool]]) -> int:
        """Go into what opens here, if anything does; return how many characters that is."""
        if text.startswith("<<<", at):
            return 3
        if not self._quoted() and (here := _HERE.match(text, at)):
            opened.append((here[2] or here[3] or here[4] or "", bool(here[1])))
            return here.end() - at
        for spelled, _ in _OPENED:
            if text.startswith(spelled, at) and (inside not in ('"', '$"') or spelled in _IN_QUOTES):
                self._open.append(spelled)
                return len(spelled)
        if text[at] == "[" and not self._quoted() and at and (text[at - 1].isalnum() or text[at - 1] == "_"):
            self._open.append("[")
        return 1

    def _quoted(self) -> bool:
        return bool(self._open) and self._open[-1] in ("'", '"', "$'", '$"', "`", "${")

    def _where(self) -> str:
        """Say what is around, the innermost first, if no text may stand in it; ``$(…)`` in quotes counts as quotes."""
        said = dict(_OPENED) | {"[": "in the index of an array"}
        return next((said[spelled] for spelled in reversed(self._open) if said[spelled]), "")

    def _evaluates(self, text: str) -> str:
        """Say what in a line evaluates its words, wherever they stand in it."""
        if _NAMES.search(text) or _STORES.search(text):
            return "where the shell evaluates it"
        if _EVALUATES.search(text) and ("[[" in text or "-v" in text or "-R" in text):
            return "in a comparison of numbers"
        return ""

    def _names(self, text: str, at: int) -> str:
        """Say whether a value would name a variable, or be evaluated as a number, in a declaration."""
        declares = _DECLARES.search(text)
        if declares and declares.start() < at and (text[at - 1] != "=" or _NUMBERS_OF.search(text, declares.end() - 1)):
            return "where it would name a variable"
        return ""
