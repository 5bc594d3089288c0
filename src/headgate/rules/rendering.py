"""Filling parameters in: sandboxed Jinja2, in which what an event holds is data and is never read as a template.

A text that is one expression and nothing else (``"{{ trigger.nodes }}"``) gives the value itself; every other template
gives text. Objects and lists are filled in leaf by leaf. Names: ``trigger``, ``config_context``, ``st2kv.system`` and,
in the steps after the first, ``steps``. What is made is bounded in size.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from headgate.model.event import JSON
from headgate.rules import expressions
from headgate.rules.filters import FILTERS, NONE

MOST: Final = 256 * 1024
"""Characters of what a template makes."""
LONGEST: Final = 64 * 1024
"""Characters of a template."""
_NUMBER: Final = 10**12
"""Numbers that are multiplied do not get larger than this."""
_MARK: Final = re.compile(r"\{\{|\{%|\{#")
_DEEPEST: Final = 20
_SEQUENCES: Final = (str, bytes, list, tuple)
_FAILS: Final = (
    JinjaError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
    expressions.ExpressionError,
)


class RenderingError(Exception):
    """A parameter cannot be filled in; the message says why and holds nothing of the event."""


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which nothing grows without bound."""

    intercepted_binops = frozenset({"**", "*", "%", "+"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what makes a large thing of small ones."""
        if operator == "**":
            raise SecurityError("there is no ** in rules")
        if operator == "*":
            _check_product(left, right)
        if operator == "%" and isinstance(left, str):
            raise SecurityError("texts are not formatted with %")
        if operator == "+" and isinstance(left, _SEQUENCES) and len(left) > MOST:
            raise SecurityError("a text or list is too long")
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Leave the texts' own ``format`` to ``is_safe_attribute``."""
        del value
        return None

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Keep texts from being formatted: a width of a million million is ten characters."""
        if isinstance(obj, str) and attr in {"format", "format_map", "center", "ljust", "rjust", "zfill", "expandtabs"}:
            return False
        return super().is_safe_attribute(obj, attr, value)


def _check_product(left: Any, right: Any) -> None:
    """Refuse a text or list that would be too long, and a number that would be too large. Raises SecurityError."""
    size = 1
    for one in (left, right):
        size *= len(one) if isinstance(one, _SEQUENCES) else abs(one) if isinstance(one, int) else 1
    if size > (MOST if isinstance(left, _SEQUENCES) or isinstance(right, _SEQUENCES) else _NUMBER):
        raise SecurityError("what is multiplied gets too large")


def _environment() -> _Environment:
    made = _Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(FILTERS)
    for name in ("center", "indent", "format", "xmlattr", "wordwrap", "pprint", "urlize"):
        made.filters.pop(name, None)
    made.globals = {"range": made.globals["range"], "dict": dict}
    return made


_JINJA: Final = _environment()


def is_template(text: str) -> bool:
    """Say whether a text has anything to fill in."""
    return _MARK.search(text) is not None


def check(text: str) -> None:
    """Find out whether a text can be a template at all. Raises RenderingError."""
    _read(text)


def rendered(value: JSON, names: Mapping[str, Any]) -> JSON:
    """Return a parameter, filled in. Raises RenderingError."""
    made = _rendered(value, names, 0)
    if _size(made) > MOST:
        raise RenderingError(f"more than {MOST} characters")
    return made


def _rendered(value: JSON, names: Mapping[str, Any], depth: int) -> JSON:
    if depth > _DEEPEST:
        raise RenderingError("nested too deeply")
    if isinstance(value, str):
        return _filled(value, names) if is_template(value) else value
    if isinstance(value, list):
        return [_rendered(one, names, depth + 1) for one in value]
    if isinstance(value, dict):
        return {_key(key, names): _rendered(one, names, depth + 1) for key, one in value.items()}
    return value


def _key(key: str, names: Mapping[str, Any]) -> str:
    made = _filled(key, names) if is_template(key) else key
    if not isinstance(made, str):
        raise RenderingError("a name is filled in with something that is no text")
    return made


def _filled(text: str, names: Mapping[str, Any]) -> JSON:
    expression, template = _read(text)
    try:
        if expression is not None:
            return _plain(expression(**names))
        return "".join(_bounded(template.generate(**names)))
    except UndefinedError as error:
        raise RenderingError(f"a name is not there: {_cut(error.message)}") from error
    except SecurityError as error:
        raise RenderingError(f"it does what it may not: {_cut(error.message)}") from error
    except _FAILS as error:
        raise RenderingError(f"it fails: {type(error).__name__}") from error


@functools.lru_cache(maxsize=1024)
def _read(text: str) -> tuple[TemplateExpression | None, Any]:
    """Return a text as an expression, if it is one, and as a template. Raises RenderingError."""
    if len(text) > LONGEST:
        raise RenderingError(f"a template of more than {LONGEST} characters")
    try:
        template = _JINJA.from_string(text)
        parsed = _JINJA.parse(text)
        whole = text.strip()
        alone = (
            len(parsed.body) == 1
            and isinstance(parsed.body[0], nodes.Output)
            and len(parsed.body[0].nodes) == 1
            and not isinstance(parsed.body[0].nodes[0], nodes.TemplateData)
            and whole.startswith("{{")
            and whole.endswith("}}")
            and text == whole
        )
        inner = whole[2:-2].strip().removeprefix("-").removesuffix("-")
        return (_JINJA.compile_expression(inner, undefined_to_none=False) if alone else None), template
    except TemplateSyntaxError as error:
        raise RenderingError(f"no template: {_cut(error.message or 'it cannot be read')}") from error
    except (RecursionError, OverflowError, ValueError, SyntaxError) as error:
        raise RenderingError("no template: it cannot be read") from error


def _plain(value: Any) -> JSON:
    """Return a value of an expression as JSON. Raises UndefinedError or TypeError."""
    if isinstance(value, Undefined):
        str(value)  # raises what says which name is missing
    if isinstance(value, str):
        return None if value == NONE else str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset | Iterator):
        return [_plain(one) for one in value]
    raise TypeError("no value that JSON has")


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST:
            raise RenderingError(f"more than {MOST} characters")
        yield piece


def _size(value: JSON) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(_size(one) + 1 for one in value)
    if isinstance(value, dict):
        return sum(len(key) + _size(one) + 1 for key, one in value.items())
    return 8


def _cut(text: str | None) -> str:
    return " ".join((text or "").split())[:200]
