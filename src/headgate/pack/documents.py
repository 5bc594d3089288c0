"""YAML, as StackStorm's own packs are written."""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes lists below their key and a step in, and never an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Step in for lists, too."""
        del indentless
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write what is there twice, twice."""
        del data
        return True


def document(value: Any) -> str:
    """Return a value as a YAML document, in its own order."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100
    )
    return f"---\n{text}"
