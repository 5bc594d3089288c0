"""Filling a template in: every value becomes a mark, which ``placing.py`` replaces once the whole script is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any, Final

from jinja2 import Template, TemplateSyntaxError, Undefined, UndefinedError, pass_context
from jinja2.exceptions import SecurityError
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.runtime import Context

from headgate.gateway.templates.language import Language, Raw, turns
from headgate.gateway.templates.placing import placed
from headgate.gateway.templates.values import Plain, TemplateError, Value

MOST: Final = 4 * 1024 * 1024
"""Characters of a rendered script."""
_MOST_VALUES: Final = 100_000
_values: ContextVar[list[Value]] = ContextVar("headgate_template_values")


@pass_context
def _finalize(_: Context, value: Any) -> str:
    """Return what stands in the rendered text for a value: a mark."""
    if isinstance(value, Undefined):
        return str(value)  # says what is undefined
    if isinstance(value, Raw) and "\0" not in value:
        return str(value)
    known = _values.get()
    if len(known) >= _MOST_VALUES:
        raise TemplateError(f"the template has more than {_MOST_VALUES} values")
    known.append(_checked(value))
    return f"\0{len(known) - 1}\0"


def _checked(value: Any) -> Value:
    if isinstance(value, str):
        if "\0" in value:
            raise TemplateError("a value holds a NUL")
        return str(value)
    if isinstance(value, Plain):
        return value
    if isinstance(value, list | tuple) and all(isinstance(one, Plain) for one in value):
        if any(isinstance(one, str) and "\0" in one for one in value):
            raise TemplateError("a value holds a NUL")
        return list(value)
    raise TemplateError("a value is neither text nor a number nor a list of them")


_LANGUAGE: Final = Language(_finalize)


def compiled(source: str) -> Template:
    """Return a template, ready to be filled in. Raises TemplateError that says where it is wrong."""
    if "\0" in source:
        raise TemplateError("the template holds a NUL")
    try:
        return _LANGUAGE.from_string(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"line {error.lineno} of the template: {error.message}") from error
    except (JinjaError, RecursionError, SyntaxError) as error:
        raise TemplateError(f"the template cannot be read: {type(error).__name__}") from error


def rendered(template: Template, parameters: Mapping[str, Any]) -> str:
    """Return the script. Raises TemplateError."""
    if _has_nul(parameters):
        raise TemplateError("a parameter holds a NUL")
    values: list[Value] = []
    kept, counts = _values.set(values), turns.set(count())
    try:
        text = "".join(_bounded(template.generate(dict(parameters))))
    except UndefinedError as error:
        raise TemplateError(f"the template needs a parameter that is not there: {error.message}") from error
    except SecurityError as error:
        raise TemplateError(f"the template does what it may not: {error.message}") from error
    except (JinjaError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise TemplateError(f"the template cannot be filled in: {type(error).__name__}") from error
    finally:
        _values.reset(kept)
        turns.reset(counts)
    script = placed(text, values)
    if not script.startswith("#!"):
        raise TemplateError("what the template makes does not begin with #!")
    return script


def _bounded(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST:
            raise TemplateError(f"what the template makes has more than {MOST} characters")
        yield piece


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(one) for pair in value.items() for one in pair)
    return isinstance(value, Sequence) and any(_has_nul(one) for one in value)
