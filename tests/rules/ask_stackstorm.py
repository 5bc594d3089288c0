"""Ask StackStorm's own rule filter, in its own environment: ``ask_stackstorm.py CHECKOUT``, questions on stdin.

It needs no database: a rule's criteria are compared in memory. Answers a list of true and false.
"""

from __future__ import annotations

import importlib
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Answer."""
    checkout = Path(sys.argv[1])
    sys.path[:0] = [str(checkout / name) for name in ("st2common", "st2reactor")]
    date_utils: Any = importlib.import_module("st2common.util.date")
    filters: Any = importlib.import_module("st2reactor.rules.filter")
    given = json.load(sys.stdin)
    now = datetime.fromtimestamp(given["now"], timezone.utc)  # noqa: UP017 - StackStorm runs on older Pythons
    date_utils.get_datetime_utc_now = lambda: now
    print(json.dumps([_matches(filters.RuleFilter, one) for one in given["asked"]]))  # noqa: T201 - the answer


def _matches(make: Any, question: dict[str, Any]) -> bool:
    rule = SimpleNamespace(id="1", ref="p.r", uid="rule:p:r", enabled=True, criteria=question["criteria"])
    instance = SimpleNamespace(id="1", payload=question["payload"])
    return bool(make(instance, {"name": "t"}, rule).filter())


if __name__ == "__main__":
    main()
