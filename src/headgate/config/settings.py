"""All settings of Headgate, section by section.

Every field says what it means and, where it is a quantity, in which unit; the reference in the documentation and the
sample file are made from these descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, InstanceOf, PrivateAttr, SecretStr, SerializeAsAny, field_validator, model_validator

from headgate.config.actions import ActionSettings
from headgate.config.builds import BuildSettings
from headgate.config.connector import ConnectorSettings
from headgate.config.executor import ExecutorSettings
from headgate.config.gateway import GatewaySettings
from headgate.config.local import LocalSettings
from headgate.config.locations import KeyPath
from headgate.config.nodes import NodeWatcherSettings
from headgate.config.notify import HintSettings, MessageSettings
from headgate.config.origin import Origin
from headgate.config.pages import PagesSettings
from headgate.config.push import PushSettings
from headgate.config.roles import RolesSettings
from headgate.config.rules import RulesSettings
from headgate.config.section import Count, CountOrZero, Fraction, Number, Seconds, SecondsOrZero, Section
from headgate.config.slurm import ClusterSettings, SlurmSettings
from headgate.config.telemetry import TelemetrySettings

_STORE_URL = re.compile(r"(sqlite|postgresql)://", re.IGNORECASE)
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s/]+):(?P<port>\d{1,5})")
_MAX_PORT = 65535

Part = Literal["watcher", "nodes", "push", "mail", "worker", "bots", "local", "http", "api", "pages", "rules", "builds"]
"""A part of the service that can be run on its own: the watcher of the queue, that of the nodes, the ways in for hints,
the reader of the mail spool, the worker that sends deliveries, the bots, the local socket, the HTTP server, and in it
the job gateway's API and the pages, the engine that runs rules, and builds of pull requests."""


class StoreSettings(Section):
    """Where events and deliveries are kept, and for how long."""

    url: SecretStr = Field(
        SecretStr("sqlite:////var/lib/headgate/headgate.db"),
        description="The store: `sqlite:///` and an absolute path, or `postgresql://user:password@host/database`.",
    )
    events_days: CountOrZero = Field(90, description="Days for which events are kept; 0 keeps them for ever.")
    deliveries_days: CountOrZero = Field(
        90, description="Days for which deliveries that are over are kept; 0 keeps them for ever."
    )
    vacuum: bool = Field(True, description="Whether the space of removed rows is given back to the file system.")
    vacuum_interval: Seconds = Field(86400, description="Seconds between two clean-ups of the store.")
    pool_size: Count = Field(5, description="Connections kept open to PostgreSQL; SQLite has one writer.")

    @field_validator("url")
    @classmethod
    def _known_database(cls, url: SecretStr) -> SecretStr:
        if not _STORE_URL.match(url.get_secret_value()):
            raise ValueError("should begin with sqlite:// or postgresql://")
        return url


class SpoolSettings(Section):
    """Where Slurm's mails are handed over."""

    path: Path = Field(
        Path("/var/spool/headgate/mail"),
        description="Directory into which `headgate-mailprog` writes; set the same one there.",
    )
    poll: Seconds = Field(0.5, description="Seconds between two looks into the spool directory.")
    batch: Count = Field(500, description="Records read and journalled in one transaction.")


class WatcherSettings(Section):
    """How the queue is watched."""

    enabled: bool = Field(True, description="Whether the queue is watched at all.")
    interval: Seconds = Field(10, description="Seconds between two looks at the queue, each one `squeue` for all jobs.")
    min_interval: Seconds = Field(
        1, description="Seconds that lie between two looks at least, when a mail or a hint makes it look at once."
    )
    slow_after: Seconds = Field(
        5, description="Seconds after which an answer of Slurm counts as slow and the watcher asks less often."
    )
    catch_up_days: Count = Field(
        7, description="Days to look back in the accounting for jobs that ended while Headgate was not running."
    )
    mail_grace: SecondsOrZero = Field(
        120, description="Seconds after which a mail that Slurm should have handed over counts as lost."
    )
    lost_mail: Literal["send", "ignore"] = Field(
        "send", description="What to do about a lost mail: `send` the message all the same, or `ignore` it."
    )

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        if self.min_interval > self.interval:
            raise ValueError("min_interval should not be longer than interval")
        return self


class AccountingSettings(Section):
    """How the figures of jobs are fetched from Slurm's accounting."""

    wait: SecondsOrZero = Field(
        60, description="Seconds for which a message waits for complete figures before it goes out without them."
    )
    first_after: SecondsOrZero = Field(
        2, description="Seconds after a mail before accounting is asked for the first time."
    )
    batch: Count = Field(500, description="Jobs asked for in one `sacct`.")


class NotifySettings(Section):
    """How deliveries are sent, retried and folded."""

    default_connector: str = Field(
        "mailto",
        min_length=1,
        description="Connector of receivers that name none, and of jobs without `--mail-user`.",
    )
    attempts: Count = Field(12, description="Attempts after which a delivery is given up.")
    give_up_after: Seconds = Field(259200, description="Seconds after which a delivery is given up.")
    backoff_first: Seconds = Field(5, description="Seconds before the second attempt; each further wait doubles.")
    backoff_max: Seconds = Field(3600, description="Seconds between two attempts at most.")
    jitter: Fraction = Field(0.2, description="Part of each wait that is left to chance, from 0 to 1.")
    digest_messages: Annotated[int, Number, Field(ge=1, le=10_000)] = Field(
        5000, description="Messages folded into one digest at most; more make several."
    )
    digest_lines: Annotated[int, Number, Field(ge=1, le=400)] = Field(
        200, description="Lines of one digest at most; array tasks that fared alike share a line."
    )
    subscription_delay: SecondsOrZero = Field(
        15,
        description="Seconds a subscription waits for Slurm's own mail about the same, so that nobody is told twice.",
    )
    gather_tasks: Seconds = Field(
        60, description="Array tasks that people subscribed to are told together, at multiples of these seconds."
    )
    lease: Seconds = Field(60, description="Seconds after which the work of a worker that died is taken over.")
    batch: Count = Field(500, description="Deliveries a worker takes at once.")

    @model_validator(mode="after")
    def _backoff_in_order(self) -> Self:
        if self.backoff_first > self.backoff_max:
            raise ValueError("backoff_first should not be longer than backoff_max")
        return self


class ServiceSettings(Section):
    """The service itself."""

    listen: str = Field(
        "127.0.0.1:8470",
        description="Address and port for the job gateway's API, `/healthz`, `/readyz` and `/metrics`, or `off`.",
    )
    stop_deadline: Seconds = Field(20, description="Seconds that running work gets to end when the service stops.")
    parts: tuple[Part, ...] = Field(
        ("watcher", "nodes", "push", "mail", "worker", "bots", "local", "http", "api", "pages", "rules", "builds"),
        min_length=1,
        description="Parts that run in this process; several hosts may share them. `api`, the job gateway, and "
        "`pages` are served by `http`.",
    )
    worker: str = Field(
        "",
        max_length=64,
        pattern=r"^[A-Za-z0-9_.-]*$",
        description="This worker's name in leases and logs; empty takes the host's name. Must differ between hosts.",
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        if listen != "off" and _host_and_port(listen) is None:
            raise ValueError("should be HOST:PORT, [IPV6]:PORT or off")
        return listen

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on; None for ``off``."""
        return _host_and_port(self.listen)


class LoggingSettings(Section):
    """What is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    format: Literal["auto", "json", "console"] = Field(
        "auto",
        description="`json` for one object a line, `console` for people, `auto` for `console` on a terminal only.",
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """Where settings were read from. Settings that say the same are equal wherever they stood."""

    path: Path | None = field(default=None, compare=False)
    origins: Mapping[KeyPath, Origin] = field(default_factory=dict, compare=False)


class Settings(Section):
    """Everything that can be set."""

    _read: _Read = PrivateAttr(default_factory=_Read)

    store: StoreSettings = Field(default_factory=StoreSettings, description="Where events and deliveries are kept.")
    spool: SpoolSettings = Field(default_factory=SpoolSettings, description="Where Slurm's mails are handed over.")
    slurm: SlurmSettings = Field(default_factory=SlurmSettings, description="How Slurm is asked.")
    clusters: dict[str, ClusterSettings] = Field(
        default_factory=dict, description="Further clusters, `[clusters.NAME]` each, with the keys of `[slurm]`."
    )
    watcher: WatcherSettings = Field(default_factory=WatcherSettings, description="How the queue is watched.")
    nodes: NodeWatcherSettings = Field(default_factory=NodeWatcherSettings, description="How nodes are watched.")
    push: PushSettings = Field(
        default_factory=PushSettings, description="How Slurm may tell the watchers to look at once."
    )
    accounting: AccountingSettings = Field(
        default_factory=AccountingSettings, description="How figures are fetched from Slurm's accounting."
    )
    notify: NotifySettings = Field(
        default_factory=NotifySettings, description="How deliveries are sent, retried and folded."
    )
    messages: MessageSettings = Field(default_factory=MessageSettings, description="What messages hold.")
    hints: HintSettings = Field(default_factory=HintSettings, description="When messages give advice, and its words.")
    executor: ExecutorSettings = Field(
        default_factory=ExecutorSettings, description="How Headgate acts as the owners of jobs."
    )
    gateway: GatewaySettings = Field(
        default_factory=GatewaySettings, description="The job gateway: applications submit and watch jobs."
    )
    actions: ActionSettings = Field(
        default_factory=ActionSettings, description="What actions may do, whoever calls them."
    )
    roles: RolesSettings = Field(default_factory=RolesSettings, description="Who may have Headgate act on the cluster.")
    rules: RulesSettings = Field(default_factory=RulesSettings, description="When an event matches, do actions.")
    builds: BuildSettings = Field(
        default_factory=BuildSettings, description="Pull requests are built, tested and deployed by comments."
    )
    local: LocalSettings = Field(
        default_factory=LocalSettings, description="What users of this host may ask and set with `headgate me`."
    )
    pages: PagesSettings = Field(
        default_factory=PagesSettings, description="The pages for people, below `/ui`, and how they sign in."
    )
    service: ServiceSettings = Field(default_factory=ServiceSettings, description="The service itself.")
    logging: LoggingSettings = Field(default_factory=LoggingSettings, description="What is logged.")
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings, description="Where traces go.")
    connectors: dict[str, SerializeAsAny[InstanceOf[ConnectorSettings]]] = Field(
        default_factory=dict,
        description="The ways to reach people, `[connectors.NAME]` each; `kind` says which one, NAME if not given.",
    )

    @property
    def path(self) -> Path | None:
        """The file these settings were read from, which may not be there; None if they were read from none."""
        return self._read.path

    @property
    def origins(self) -> Mapping[KeyPath, Origin]:
        """Where each value came from that is not a default, by its place."""
        return self._read.origins

    def read_from(self, path: Path, origins: Mapping[KeyPath, Origin]) -> Self:
        """Say where these settings came from; return them."""
        self._read = _Read(path, origins)
        return self


def _host_and_port(listen: str) -> tuple[str, int] | None:
    match = _LISTEN.fullmatch(listen)
    if not match or int(match["port"]) > _MAX_PORT:
        return None
    return match["host"].strip("[]"), int(match["port"])
