"""Who may ask for what. An empty list means nobody.

A list holds logins, ``team:ORGANISATION/NAME`` and ``author``: who wrote the pull request.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from headgate.builds.forge.interface import ForbiddenError
from headgate.config.build_values import Permitted
from headgate.config.builds import BuildSettings
from headgate.model.pull_request import Repository

InTeam = Callable[[str, str, str], Awaitable[bool]]
"""Tells whether, in an organisation, in a team, somebody is: ``Forge.in_team``."""
AUTHOR: Final = "author"
TEAM: Final = "team:"


class Right(enum.StrEnum):
    """What may be asked for."""

    COMMAND = "command"
    BUILD = "build"
    DEPLOY = "deploy"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether somebody may; ``because`` says by which entry, or why nobody knows (a team that we may not look into)."""

    granted: bool
    because: str = ""


def permitted(settings: BuildSettings, repository: Repository, right: Right) -> Permitted:
    """Return who has a right: what the repository's own table says of it, else what ``[builds.permissions]`` says.

    A table is ``[builds.repositories."OWNER/NAME"]``, or ``"FORGE:OWNER/NAME"`` where two forges have the same; names
    are compared as forges do, without regard to case.
    """
    own = {name.casefold(): table for name, table in settings.repositories.items()}
    for name in (str(repository).casefold(), repository.path.casefold()):
        table = own.get(name)
        if table is not None and right.value in table.model_fields_set:
            return _of(table.command, table.build, table.deploy, table.cancel, right)
    general = settings.permissions
    return _of(general.command, general.build, general.deploy, general.cancel, right)


async def has_right(who: Permitted, login: str, *, author: str, in_team: InTeam) -> Permission:
    """Tell whether somebody is among those permitted. Raises ForgeError if a forge cannot say now.

    Teams are asked for last, and only as long as nothing else has granted it.
    """
    folded = login.casefold()
    if not folded:
        return Permission(granted=False)
    for entry in who:
        if entry.casefold() == folded and entry != AUTHOR:
            return Permission(granted=True, because=entry)
    if AUTHOR in who and folded == author.casefold():
        return Permission(granted=True, because=AUTHOR)
    unknown = ""
    for entry in (one for one in who if one.startswith(TEAM)):
        organisation, _, team = entry.removeprefix(TEAM).rpartition("/")
        try:
            if await in_team(organisation, team, login):
                return Permission(granted=True, because=entry)
        except ForbiddenError as error:
            unknown = unknown or f"{entry}: {error.message}"
    return Permission(granted=False, because=unknown)


def _of(command: Permitted, build: Permitted, deploy: Permitted, cancel: Permitted, right: Right) -> Permitted:
    return {Right.COMMAND: command, Right.BUILD: build, Right.DEPLOY: deploy, Right.CANCEL: cancel}[right]
