"""Who is told when a task is over: slurm-proxy's methods, as ``connector:target``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from headgate.config.connector import ConnectorSettings
from headgate.config.gateway import TaskType
from headgate.connectors.mailto.settings import MailtoSettings, Transport
from headgate.gateway.refusals import BadRequestError
from headgate.gateway.tasks.task import TaskNotification

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("mailto", "gmail"),
    "gmail": ("gmail", "mailto"),
    "slack": ("slack",),
    "rabbitmq": ("rabbitmq",),
    "rabbithq": ("rabbitmq",),
}
"""slurm-proxy's methods -> kinds of connectors that serve them, the better one first; a connector's own name is a
method, too."""
_TARGETS: Final = ("target", "recipient", "channel", "queue", "to", "routing_key")
"""What a method's parameters call the target, in the order in which they are looked at."""


def kind_of(settings: ConnectorSettings) -> str:
    """Return of which kind a connector is for tasks: its own, and ``gmail`` for mail that leaves through Gmail."""
    by_gmail = isinstance(settings, MailtoSettings) and settings.way is Transport.GMAIL
    return "gmail" if by_gmail else settings.kind


def recipients(notification: TaskNotification | None, kind: TaskType, connectors: Mapping[str, str]) -> list[str]:
    """Return who is told, each once. ``connectors``: name -> kind (``kind_of``) of those that are configured.

    Raises BadRequestError for a method that no connector serves, or that names nobody.
    """
    given = TaskNotification() if notification is None else notification
    if unused := set(given.params) - set(given.methods):
        raise BadRequestError(f"notification.params has {min(unused)[:64]!a}, which is not among the methods")
    named = []
    for method in given.methods:
        connector = _connector(method, connectors)
        named.append(f"{connector}:{_target(method, given.params.get(method, {}), connectors[connector])}")
    return list(dict.fromkeys([*kind.notify, *named]))


def _connector(method: str, connectors: Mapping[str, str]) -> str:
    """Return the connector of this name, else the first one that serves the method."""
    if method in connectors:
        return method
    for kind in _KINDS.get(method, ()):
        for name, own in connectors.items():
            if own == kind:
                return name
    served = (one for one, kinds in _KINDS.items() if not set(connectors.values()).isdisjoint(kinds))
    known = ", ".join(sorted({*connectors, *served}))
    raise BadRequestError(f"nobody can be told by {method[:64]!a} here; there are: {known or 'none'}")


def _target(method: str, params: Mapping[str, Any], kind: str) -> str:
    for name in _TARGETS:
        value = params.get(name)
        if isinstance(value, str) and value.strip() and value.isprintable():
            target = value.strip()
            # slurm-proxy named Slack's channels without their sign; ids are in capitals.
            return f"#{target}" if kind == "slack" and target[0].islower() else target
    raise BadRequestError(f"notification.params.{method[:64]} says nobody who is to be told ({', '.join(_TARGETS)})")
