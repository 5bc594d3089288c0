"""Operating partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.errors import NotFoundError
from headgate.model.change import Change, Facts
from headgate.slurm.commands import partitions
from headgate.slurm.commands.partitions import PartitionKey
from headgate.slurm.operating.administration import Administration


class PartitionOperator:
    """Looks at partitions and changes them.

    Methods raise NotFoundError for a partition that Slurm does not know, SlurmRefusedError where Slurm refuses, and
    other SlurmError if it does not answer.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def get(self, names: Sequence[str] = ()) -> dict[str, dict[str, str]]:
        """Return the fields of these partitions, or of all, by scontrol's names."""
        known = partitions.parse(await self._administration.ask(partitions.show_command()))
        missing = [name for name in names if name not in known]
        if missing:
            raise NotFoundError(f"there is no partition {missing[0][:64]!a}")
        return {name: known[name] for name in names} if names else known

    async def update(self, name: str, infos: Mapping[PartitionKey, str], *, dry_run: bool = False) -> Change:
        """Change a partition. Raises ValueError also for values that could not be said to Slurm."""
        words = partitions.update_command(name, infos)
        before = _facts((await self.get([name]))[name], infos)
        if dry_run:
            after = {**before, **{key.name.lower(): text for key, text in infos.items()}}
            return Change(before, after, changed=before != after)
        await self._administration.ask(words)
        after = _facts((await self.get([name]))[name], infos)
        return Change(before, after, changed=before != after)


def _facts(fields: Mapping[str, str], infos: Mapping[PartitionKey, str]) -> Facts:
    keys = dict.fromkeys([PartitionKey.STATE, *infos])
    return {key.name.lower(): fields.get(key.value, "") for key in keys}
