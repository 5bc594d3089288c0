"""The engine that runs rules, put together from the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from headgate.actions.registry import Actions
from headgate.config.rules import RulesSettings
from headgate.config.settings import Settings
from headgate.errors import NotFoundError
from headgate.events.journal import Journal
from headgate.model.node import Node
from headgate.rules.complaints import Complaints
from headgate.rules.engine import EngineSettings, RuleEngine
from headgate.rules.following import LoopBound
from headgate.rules.matching import Names
from headgate.rules.reservations import LIST, ReservationWatch
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient
from headgate.slurm.rest.client import RestClient
from headgate.store.store import Store


def rules_parts(
    settings: Settings,
    store: Store,
    journal: Journal,
    actions: Actions,
    client: SlurmClient | RestClient,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make the parts that run rules, if they are wanted; of several services on one store, one runs them."""
    if "rules" not in settings.service.parts:
        return
    clusters = actions.context.clusters

    async def nodes(cluster: str) -> Sequence[Node]:
        if clusters is None:
            raise NotFoundError("there is no cluster whose nodes could be looked at")
        return await (await clusters.of(cluster)).client.nodes()

    def make() -> RuleEngine:
        return RuleEngine(
            store,
            actions,
            engine_settings(settings),
            names_of(settings.rules),
            nodes=nodes,
            complaint=Complaints(actions.catalogue),
            clock=store.clock.now,
        )

    running = Role(keeper, "rules", make)
    yield Part("rules", running.run, running.stop)
    own = settings.rules
    if not own.reservation_notice or LIST not in actions.catalogue:
        return

    def make_watch() -> ReservationWatch:
        return ReservationWatch(
            store,
            journal,
            actions,
            client.cluster_name,
            notice=own.reservation_notice,
            every=own.reservation_interval,
        )

    watching = Role(keeper, "reservations", make_watch)
    yield Part("reservations", watching.run, watching.stop)


def names_of(settings: RulesSettings) -> Names:
    """Return what templates of rules may name beside the event."""
    return Names(dict(settings.config), dict(settings.values))


def engine_settings(settings: Settings) -> EngineSettings:
    """Return how the engine works."""
    own = settings.rules
    return EngineSettings(
        directory=own.directory,
        settle=own.settle,
        concurrency=own.concurrency,
        loops=LoopBound(own.loop_after, own.loop_window),
        most=settings.roles.rules,
    )
