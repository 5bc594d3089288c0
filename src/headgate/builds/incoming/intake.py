"""Where everything ends that forges tell: verified, read, and in the journal before anybody is answered.

Work that follows from it (commands, clones, jobs) is done by others, from the journal: so an answer takes milliseconds,
whatever is to be done, and nothing that was answered is lost.
"""

from __future__ import annotations

import collections
import enum
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from headgate.builds.incoming import github, gitlab
from headgate.builds.incoming.github import Delivery, UnreadableError
from headgate.builds.incoming.signature import carries
from headgate.builds.incoming.together import Together
from headgate.config.builds import ForgeSettings, GitHubSettings, GitLabSettings
from headgate.events.journal import Journal
from headgate.model import trace
from headgate.model.event import Event, Source
from headgate.store.store import Store
from headgate.telemetry.context import about, current

_log = structlog.get_logger(__name__)
_REMEMBERED: Final = 10_000
"""Deliveries whose ids are kept in memory, so that catching up does not ask for what was taken already."""

WEBHOOKS = Counter("headgate_webhooks", "Webhooks of forges, by what became of them.", ["forge", "outcome"])


class Outcome(enum.StrEnum):
    """What became of a webhook."""

    NEW = "new"
    """It told something new, which is in the journal."""
    KNOWN = "known"
    """What it told was in the journal already."""
    IGNORED = "ignored"
    """It is nothing that builds are about."""
    UNSIGNED = "unsigned"
    """Nobody we know signed it."""
    UNREADABLE = "unreadable"
    """It was signed, and cannot be read."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a webhook, and of which forge it was (empty if nobody signed it)."""

    outcome: Outcome
    forge: str = ""


class Intake:
    """Takes what the forges of one configuration tell."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        forges: Mapping[str, ForgeSettings],
        heard: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``heard`` is told of which forge a webhook came that was signed."""
        self._journal = journal
        self._together = Together(store, journal)
        self._heard = heard
        self._github = {name: own for name, own in forges.items() if isinstance(own, GitHubSettings)}
        self._gitlab = {name: own for name, own in forges.items() if isinstance(own, GitLabSettings)}
        self._seen: collections.OrderedDict[tuple[str, str], None] = collections.OrderedDict()
        self.missed: dict[str, Callable[[], None]] = {}
        """Forge -> what is called when something of it was passed on that cannot be verified, to have it looked for."""

    def has(self, kind: str, name: str | None) -> bool:
        """Say whether there is a forge of this kind (and name)."""
        own: Mapping[str, ForgeSettings] = self._github if kind == "github" else self._gitlab
        return bool(own) if name is None else name in own

    async def github(self, body: bytes, headers: Mapping[str, str], name: str | None = None) -> Taken:
        """Take a webhook of GitHub's; ``name`` None: of the forge whose secret signed it.

        ``headers``: by their names in small letters. It is verified before anything of it is read, and in the journal
        when this returns. Raises StoreError.
        """
        for forge, own in self._candidates(self._github, name, headers):
            secret = own.webhook_secret.get_secret_value().encode()
            try:
                delivery = Delivery.verified(body, headers, secret, sha1=own.sha1)
                if delivery is None:
                    continue
                self._heard(forge)
                found = github.facts_of(delivery, forge)
            except UnreadableError as error:
                return self._unreadable(forge, error)
            with about(trace.read(delivery.id)):
                taken = await self._keep(forge, found)
            self.remember(forge, delivery.id)
            return taken
        return self._unsigned()

    async def gitlab(self, body: bytes, headers: Mapping[str, str], name: str | None = None) -> Taken:
        """Take a webhook of GitLab's, in the same way."""
        for forge, own in self._gitlab.items():
            if name in (None, forge) and carries(headers, own.webhook_secret.get_secret_value().encode()):
                self._heard(forge)
                try:
                    found = gitlab.facts_of(gitlab.read(body, headers), forge)
                except UnreadableError as error:
                    return self._unreadable(forge, error)
                with about(trace.read(headers.get("x-gitlab-event-uuid"))):
                    return await self._keep(forge, found)
        return self._unsigned()

    async def found(self, forge: str, delivery: Delivery) -> Taken:
        """Take a webhook from GitHub's own list of those it sent. Raises StoreError."""
        try:
            found = github.facts_of(delivery, forge, Source.FORGE)
        except UnreadableError as error:
            taken = self._unreadable(forge, error)
        else:
            with about(trace.read(delivery.id)):
                taken = await self._keep(forge, found)
        self.remember(forge, delivery.id)
        return taken

    async def keep(self, facts: Sequence[Event]) -> int:
        """Write facts that a forge's API told; return how many were new. Raises StoreError."""
        if not facts:
            return 0
        return len(await self._write(facts))

    def append(self, connection: Connection, facts: Sequence[Event]) -> None:
        """Do what ``keep`` does, inside the caller's transaction."""
        if facts:
            self._journal.append(connection, facts)

    def knows(self, forge: str, delivery: str) -> bool:
        """Say whether this process took a delivery, as far as it remembers."""
        return (forge, delivery) in self._seen

    def remember(self, forge: str, delivery: str) -> None:
        """Note that a delivery was taken."""
        self._seen[forge, delivery] = None
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _candidates(
        self, forges: Mapping[str, GitHubSettings], name: str | None, headers: Mapping[str, str]
    ) -> Iterable[tuple[str, GitHubSettings]]:
        """Return the forges it may be of; first those whose App it says it is for, should two have one secret."""
        target = headers.get("x-github-hook-installation-target-id", "")
        wanted = [(forge, own) for forge, own in forges.items() if name in (None, forge)]
        return sorted(wanted, key=lambda one: not hmac.compare_digest(str(one[1].app_id).encode(), target.encode()))

    async def _keep(self, forge: str, found: Sequence[Event]) -> Taken:
        if not found:
            return self._counted(Outcome.IGNORED, forge)
        new = await self._write([fact.traced(current()) for fact in found])
        outcome = Outcome.NEW if new else Outcome.KNOWN
        _log.info("webhook.taken", forge=forge, outcome=outcome.value, events=sorted(new.values()))
        return self._counted(outcome, forge)

    async def _write(self, found: Sequence[Event]) -> dict[str, int]:
        return await self._together.write(found)

    def _unreadable(self, forge: str, error: UnreadableError) -> Taken:
        _log.warning("webhook.unreadable", forge=forge, error=error.message)
        return self._counted(Outcome.UNREADABLE, forge)

    def _unsigned(self) -> Taken:
        return self._counted(Outcome.UNSIGNED, "")

    def _counted(self, outcome: Outcome, forge: str) -> Taken:
        WEBHOOKS.labels(forge, outcome.value).inc()
        return Taken(outcome, forge)
