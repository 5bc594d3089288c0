"""A configuration file to begin with: every setting with its meaning and default, commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import BaseModel

from headgate.config.connector import ConnectorSettings
from headgate.config.reference import default_text, fields_of
from headgate.config.schema import inner_model, variants
from headgate.config.settings import Settings

_WIDTH: Final = 100
_HEAD: Final = """\
# Headgate's configuration: what is commented out has the value shown, which is the default.
# An environment variable HEADGATE__SECTION__KEY wins over this file. A secret KEY may also be given as
# KEY_file (a path), KEY_env (an environment variable) or KEY_credential (a systemd credential).
# `headgate config check` says what is wrong with it, `headgate config show` what holds and why.
"""


def sample(connectors: Mapping[str, type[ConnectorSettings]]) -> str:
    """Return the text of a configuration file that sets nothing.

    Tables inside of others, and those of connectors, are commented out whole.
    """
    parts = [_HEAD]
    further: list[str] = []
    for name, info in Settings.model_fields.items():
        found = inner_model(info.annotation)
        if found and found[0] == "table":
            parts.append("\n".join([f"[{name}]", *_keys(found[1])]))
            further += _below(name, found[1])
        elif found and name != "connectors":
            further += _tables(f"{name}.NAME", found[1])
    parts += further
    for kind, model in sorted(connectors.items()):
        parts += _tables(f"connectors.{kind}", model)
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _tables(place: str, model: type[BaseModel], *, several: bool = False) -> Iterator[str]:
    """Yield a table that is commented out whole, and those inside it; ``several``: one of a list of them."""
    yield "\n".join([f"# [[{place}]]" if several else f"# [{place}]", *_keys(model)])
    yield from _below(place, model)


def _below(place: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the tables inside a table."""
    for name, info in model.model_fields.items():
        found, variety = inner_model(info.annotation), variants(info.annotation)
        if not found:
            continue
        inner = f"{place}.{name}" + (".NAME" if found[0] == "tables by name" else "")
        for model_of_one in variety.models.values() if variety else [found[1]]:
            yield from _tables(inner, model_of_one, several=found[0] == "tables in a list")


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, info in fields_of(model):
        yield from textwrap.wrap(info.description or "", _WIDTH, initial_indent="## ", subsequent_indent="## ")
        value = "" if info.is_required() else default_text(info)
        yield f"# {name} = {value}" if value else f"# {name} =    # {'required' if info.is_required() else 'not set'}"
