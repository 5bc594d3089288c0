"""All actions there are, by name: what they take and give, without what they work with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from headgate.actions import command, http, notify
from headgate.actions.action import Action
from headgate.actions.slurm import every as slurm
from headgate.errors import NotFoundError


class Catalogue:
    """Actions by name and alias."""

    def __init__(self, actions: Iterable[Action[Any, Any]]) -> None:
        """Take actions. Raises ValueError if two have the same name."""
        self._actions = {one.name: one for one in sorted(actions, key=lambda one: one.name)}
        self._names: dict[str, Action[Any, Any]] = {}
        for one in self._actions.values():
            for name in (one.name, *one.aliases):
                if name in self._names:
                    raise ValueError(f"two actions are called {name}")
                self._names[name] = one

    def __iter__(self) -> Iterator[Action[Any, Any]]:
        """Go through all, by name, each once."""
        return iter(self._actions.values())

    def __contains__(self, name: object) -> bool:
        """Whether there is an action of this name."""
        return name in self._names

    def get(self, name: str) -> Action[Any, Any]:
        """Return an action by its name or an alias. Raises NotFoundError."""
        found = self._names.get(name)
        if found is None:
            raise NotFoundError(f"there is no action {name[:64]!a}")
        return found


CATALOGUE: Final = Catalogue([*command.ACTIONS, *http.ACTIONS, *notify.ACTIONS, *slurm.ACTIONS])
"""All of Headgate's actions."""
