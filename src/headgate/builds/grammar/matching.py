"""What a filter matches. Pure, and never slow: no regular expression of a user is run.

A pattern matches a value that it names whole, or some of whose parts between slashes it names one after the other:
``amd/zen2`` and ``zen2`` match ``x86_64/amd/zen2``, ``zen`` does not, ``zen*`` does.
"""

from __future__ import annotations

import fnmatch
import re
from typing import Final

_WILD: Final = re.compile(r"[*?\[]")
_EXPRESSION: Final = re.compile(r"[\\(){}|^$]|\.\+|\.\?")
MAX_PATTERN: Final = 128


def is_wild(pattern: str) -> bool:
    """Tell whether a pattern may match more than one value of the same length: it holds ``*``, ``?`` or ``[``."""
    return _WILD.search(pattern) is not None


def is_expression(pattern: str) -> bool:
    """Tell whether a pattern was meant as a regular expression that cannot be taken as a pattern of ours."""
    return _EXPRESSION.search(plain(pattern)) is not None


def plain(pattern: str) -> str:
    """Return a pattern without what only regular expressions need: ``^`` and ``$`` at its ends, ``.*`` for ``*``."""
    return pattern.removeprefix("^").removesuffix("$").replace(".*", "*")


def canonical(component: str, value: str) -> str:
    """Return a value as it is compared: ``-`` is ``/`` in an architecture, ``=`` is ``/`` in an accelerator."""
    if component == "architecture" and not is_wild(value):
        return value.replace("-", "/")
    if component == "architecture":  # a - in [...] is a range
        return re.sub(r"\[[^\]]*\]|-", lambda found: found[0] if len(found[0]) > 1 else "/", value)
    return value.replace("=", "/") if component == "accelerator" else value


def matches(component: str, pattern: str, value: str) -> bool:
    """Tell whether a filter's pattern matches what the component is."""
    wanted = canonical(component, plain(pattern))
    given = canonical(component, value)
    if _one(wanted, given):
        return True
    wanted_parts, parts = wanted.strip("/").split("/"), given.split("/")
    length = len(wanted_parts)
    return any(
        all(_one(want, part) for want, part in zip(wanted_parts, parts[first : first + length], strict=True))
        for first in range(len(parts) - length + 1)
    )


def _one(pattern: str, value: str) -> bool:
    if len(pattern) > MAX_PATTERN:
        return False
    return fnmatch.fnmatchcase(value, pattern) if is_wild(pattern) else pattern == value
