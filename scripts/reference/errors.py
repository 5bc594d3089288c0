"""The error tree."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from headgate import errors
from scripts.reference.markdown import code, doc, generated, table

INTRODUCTION = """
All errors of Headgate are classes of one tree in `headgate.errors`. Each carries `message`, which is fit to be shown to
a user, and `transient`, which says whether the same may work later. The command line shows the message and ends with
status 1.
"""


def walk(cls: type[errors.HeadgateError] = errors.HeadgateError) -> Iterator[type[errors.HeadgateError]]:
    """Yield the classes of the module, each after the one it derives from."""
    yield cls
    for below in cls.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from walk(below)


def page() -> str:
    """Return the page."""
    tree = inspect.cleandoc(errors.__doc__ or "").split("::\n\n")[1].split("\n\n")[0]
    rows = [(code(cls.__name__), "yes" if cls.transient else "no", doc(cls)) for cls in walk()]
    shown = "\n".join(line.removeprefix("    ") for line in tree.splitlines())
    return generated("Errors", INTRODUCTION, f"```text\n{shown}\n```\n", table(("Error", "May pass", "Meaning"), rows))
