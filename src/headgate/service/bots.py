"""The bots that the settings switch on, as parts: each runs in exactly one of the services that share a store."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping

import structlog

from headgate.actions.chat import ChatActions
from headgate.actions.desk import Desk as ActionDesk
from headgate.bots.conversation import Conversation, ConversationSettings
from headgate.bots.desk import SlurmDoor
from headgate.bots.keeper import Keeper
from headgate.bots.memory import StoreMemory
from headgate.config.chat import ChatSettings
from headgate.config.connector import ConnectorSettings
from headgate.config.local import LocalSettings
from headgate.connectors.registry import kind_named
from headgate.notify.addresses import Addressing
from headgate.notify.output import OutputReader
from headgate.rules.approval import Decisions
from headgate.rules.chat import ChatDecisions
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.store.links import GuessLimits
from headgate.store.store import Store

_log = structlog.get_logger(__name__)


def has_bot(own: ConnectorSettings) -> bool:
    """Say whether a connector's bot is switched on and there is one. Raises ConfigError or NotFoundError."""
    return isinstance(own, ChatSettings) and own.bot.enabled and kind_named(own.kind).listen is not None


def bot_parts(
    store: Store,
    connectors: Mapping[str, ConnectorSettings],
    local: LocalSettings,
    slurm: SlurmDoor,
    addressing: Mapping[str, Addressing] | None = None,
    *,
    keeper: RoleKeeper,
    outputs: OutputReader | None = None,
    actions: ActionDesk | None = None,
) -> list[Part]:
    """Make a part for every bot that is switched on. Raises ConfigError or NotFoundError.

    ``addressing``: what connectors say of whom they tell. ``keeper``: gets the roles. ``outputs``: what reads the end
    of jobs' outputs. ``actions``: what runs actions.
    """
    readers = outputs or OutputReader()
    return list(
        _parts(store, connectors, local, slurm, addressing or {}, keeper=keeper, outputs=readers, actions=actions)
    )


def _parts(
    store: Store,
    connectors: Mapping[str, ConnectorSettings],
    local: LocalSettings,
    slurm: SlurmDoor,
    addressing: Mapping[str, Addressing],
    *,
    keeper: RoleKeeper,
    outputs: OutputReader,
    actions: ActionDesk | None,
) -> Iterator[Part]:
    for name, own in connectors.items():
        if not isinstance(own, ChatSettings) or not own.bot.enabled:
            continue
        listen = kind_named(own.kind).listen
        if listen is None:
            _log.warning("bot.not_offered", connector=name, kind=own.kind)
            continue
        linked_only = addressing.get(name, Addressing()).linked_only
        settings = ConversationSettings(own.bot, guess_limits(local), local.commands_per_minute, linked_only)
        door = None if actions is None else ChatActions(actions, name)
        deciding = None if actions is None else ChatDecisions(Decisions(store), actions, name)
        conversation = Conversation(store, name, settings, slurm, outputs=outputs, actions=door, decisions=deciding)
        make = functools.partial(listen, name, own, StoreMemory(store, f"bot {name}"))
        role = Role(keeper, f"bot {name}", functools.partial(Keeper, name, make, conversation))
        yield Part(f"bot {name}", role.run, role.stop)


def guess_limits(local: LocalSettings) -> GuessLimits:
    """Return the bounds on wrong codes."""
    return GuessLimits(local.wrong_codes, local.wrong_codes_per_connector, local.wrong_codes_period)
