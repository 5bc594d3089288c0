"""The clusters that there are to operate, each by its name."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.errors import NotFoundError, SlurmError
from headgate.slurm.operator import SlurmOperator


class Clusters:
    """The default cluster, and the further ones by what the settings call them."""

    def __init__(self, default: SlurmOperator, further: Mapping[str, SlurmOperator] | None = None) -> None:
        self.default = default
        self._further = dict(further or {})

    async def of(self, cluster: str) -> SlurmOperator:
        """Return what operates a cluster, by the name that Slurm gives it or that the settings do; empty: the default.

        Raises NotFoundError if there is no such cluster, and SlurmError if one that may be it does not say its name.
        """
        if not cluster:
            return self.default
        silent: SlurmError | None = None
        for one in (self.default, *self._further.values()):
            try:
                if await one.client.cluster_name() == cluster:
                    return one
            except SlurmError as error:
                silent = error
        if cluster in self._further:
            return self._further[cluster]
        if silent is not None:
            raise silent
        raise NotFoundError(f"there is no cluster {cluster[:64]!a}")
