"""Which nodes somebody looks for. Decided without I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headgate.model.hostlist import expand_hosts
from headgate.model.node_standing import NodeStanding
from headgate.web.pages.nodes.shown import ShownNode

_LONGEST: Final = 1000
_DIGITS: Final = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class WantedNodes:
    """What nodes have to be to be shown; empty: anything.

    ``text``: a hostlist (``n[1-3]``), or a part of a name, of a reason, or of who gave it.
    """

    cluster: str = ""
    standing: str = ""
    partition: str = ""
    feature: str = ""
    text: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What asks for it, as it stands in an address."""
        return {
            "q": self.text,
            "state": self.standing,
            "partition": self.partition,
            "feature": self.feature,
            "cluster": self.cluster,
        }

    def chosen(self, nodes: Sequence[ShownNode]) -> list[ShownNode]:
        """Return those that are all of it, whatever they stand like."""
        named = self._named()
        part = self.text.casefold()
        return [
            node
            for node in nodes
            if self.cluster in ("", node.cluster)
            and (not self.partition or self.partition in node.partitions)
            and (not self.feature or node.offers(self.feature))
            and (not part or node.name in named or any(part in text.casefold() for text in _texts(node)))
        ]

    def standing_so(self, nodes: Sequence[ShownNode]) -> list[ShownNode]:
        """Return those that stand as is wanted, ``n2`` before ``n10``."""
        return sorted((node for node in nodes if self.standing in ("", node.standing.value)), key=_by_number)

    def _named(self) -> frozenset[str]:
        hosts = expand_hosts(self.text[:_LONGEST]) if "[" in self.text or "," in self.text else None
        return frozenset(hosts or ())


def counted(nodes: Sequence[ShownNode]) -> list[tuple[NodeStanding, int]]:
    """Return how many stand how, worst first; what none is, is left out."""
    counts = Counter(node.standing for node in nodes)
    return [(standing, counts[standing]) for standing in NodeStanding if counts[standing]]


def _by_number(node: ShownNode) -> tuple[str, list[tuple[int, str]]]:
    parts = _DIGITS.split(node.name)
    return node.cluster, [(int(part[:18]), "") if place % 2 else (0, part) for place, part in enumerate(parts)]


def _texts(node: ShownNode) -> tuple[str, str, str]:
    return node.name, node.reason, node.reason_user
