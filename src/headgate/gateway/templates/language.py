"""What a job template may say: Jinja2 without what would let a value pass for text, or run without end.

Source: https://jinja.palletsprojects.com/en/stable/sandbox/ and the node classes of ``jinja2.nodes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from headgate.gateway.templates.values import TemplateError

MOST_TURNS: Final = 100_000
"""Turns of all loops of one script together."""
_MOST: Final = 1e300
_MOST_TO_POWER: Final = 1e6
_MOST_POWER: Final = 1000
_STATEMENTS: Final = (nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Template)
_EXPRESSIONS: Final = (
    nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.CondExpr,
    nodes.Filter, nodes.Test, nodes.Call, nodes.Getitem, nodes.Getattr, nodes.Slice, nodes.Concat, nodes.Compare,
    nodes.Operand, nodes.BinExpr, nodes.UnaryExpr,
)  # fmt: skip
_FILTERS: Final = frozenset(
    (
        *("abs", "capitalize", "count", "d", "default", "first", "float", "int", "join", "last", "length", "list"),
        *("lower", "map", "max", "min", "raw", "reject", "rejectattr", "reverse", "round", "select", "selectattr"),
        *("sort", "string", "sum", "title", "tojson", "trim", "truncate", "unique", "upper"),
    )
)
_METHODS: Final = frozenset(
    ("cycle", "endswith", "get", "items", "keys", "lower", "split", "startswith", "strip", "upper", "values")
)

turns: ContextVar[Iterator[int]] = ContextVar("headgate_template_turns")
"""Counts the turns of the script that is being made."""


class Language(ImmutableSandboxedEnvironment):
    """What templates are compiled and filled in by. ``finalize`` gets every value that is to stand in the text."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, finalize: Callable[..., Any]) -> None:
        super().__init__(
            undefined=StrictUndefined,
            finalize=finalize,
            autoescape=False,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
        )
        self.filters = {name: self.filters[name] for name in _FILTERS - {"raw"}} | {"raw": Raw, "counted": counted}
        self.globals = {"range": self.globals["range"]}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _checked(super()._parse(source, name, filename))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Reckon with numbers, and only with such as are small: ``"x" * 10 ** 9`` is a script's end."""
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise TemplateError(f"only numbers go with {operator}")
        if operator == "**" and (abs(left) > _MOST_TO_POWER or abs(right) > _MOST_POWER):
            raise TemplateError("a number is too large")
        made = super().call_binop(context, operator, left, right)
        if isinstance(made, int | float) and abs(made) > _MOST:
            raise TemplateError("a number is too large")
        return made


class Raw(str):
    """Text that is put into the script as it is, because the template says so."""

    __slots__ = ()


def counted(items: Iterable[Any]) -> Iterator[Any]:
    """Go through what a loop goes through, and count the turns. Raises TemplateError when there are too many."""
    count = turns.get()
    for item in items:
        if next(count) >= MOST_TURNS:
            raise TemplateError(f"the template's loops make more than {MOST_TURNS} turns")
        yield item


def _checked(tree: nodes.Template) -> nodes.Template:
    """Return the template, its loops counted. Raises TemplateSyntaxError for what it may not say."""
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Filter) and (node.name not in _FILTERS or node.node is None):
            raise TemplateSyntaxError(f"there is no filter {node.name!a} in job templates", node.lineno)
        if isinstance(node, nodes.Call) and not _may_call(node):
            raise TemplateSyntaxError("job templates call nothing but range() and simple methods", node.lineno)
        if isinstance(node, nodes.For) and node.recursive:
            raise TemplateSyntaxError("a loop of a job template does not call itself", node.lineno)
        if isinstance(node, nodes.Stmt | nodes.Template | nodes.TemplateData) and not isinstance(node, _STATEMENTS):
            kind = type(node).__name__.lower()
            raise TemplateSyntaxError(f"job templates know if, for and set, but no {kind}", node.lineno)
        if isinstance(node, nodes.Expr) and not isinstance(node, (*_STATEMENTS, *_EXPRESSIONS)):
            raise TemplateSyntaxError(f"{type(node).__name__} is not for job templates", node.lineno)
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
    return tree


def _may_call(node: nodes.Call) -> bool:
    called = node.node
    if isinstance(called, nodes.Name):
        return called.name == "range"
    return isinstance(called, nodes.Getattr) and called.attr in _METHODS
