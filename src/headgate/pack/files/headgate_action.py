"""What every action of this pack is: a call of Headgate's action of the same name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from headgate_api import Api, ApiError
from st2common.runners.base_action import Action


class HeadgateAction(Action):
    """An action that Headgate runs."""

    action = ""
    """Its name in Headgate."""
    renamed: Mapping[str, str] = {}
    """Parameters whose names StackStorm keeps for its runner, and what Headgate calls them."""
    hostlists: Sequence[str] = ()
    """Parameters that are lists of hostlists."""

    def run(self, why: str | None = None, dry_run: bool = False, **given: Any) -> Any:
        """Run it; return its result, or False and what went wrong."""
        parameters = {self.renamed.get(name, name): value for name, value in given.items() if value is not None}
        for name in self.hostlists:
            if isinstance(parameters.get(name), list):
                parameters[name] = mended(parameters[name])
        try:
            answer = Api(self.config).run(self.action, parameters, why or _why(), dry_run=bool(dry_run))
        except ApiError as error:
            return False, {"error": str(error), "status": error.status}
        if not answer["ok"]:
            return False, {"error": answer.get("error"), "result": answer.get("result")}
        return True, answer.get("result")


def mended(words: Sequence[Any]) -> list[Any]:
    """Return hostlists in which ``n[1-3,7]`` is whole again: StackStorm's clients split lists at every comma."""
    found: list[Any] = []
    for word in words:
        if found and isinstance(found[-1], str) and found[-1].count("[") > found[-1].count("]"):
            found[-1] += "," + str(word)
        else:
            found.append(word)
    return found


def _why() -> str:
    execution = os.environ.get("ST2_ACTION_EXECUTION_ID", "")
    return "StackStorm execution " + execution if execution else "StackStorm"
