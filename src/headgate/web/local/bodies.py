"""What is sent over the local socket, in both directions. Times are seconds since the epoch."""

from __future__ import annotations

import json
import math
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from headgate.model.person import Link, Preferences, Subscription, SubscriptionFilter
from headgate.store.deliveries import Delivery
from headgate.web.own import Reach

MAX_PARTITIONS: Final = 16
_MAX_NAME: Final = 64

Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CodeRequest(_Body):
    """Asks for a code that links a chat to the account of whoever asks."""

    connector: Name


class Code(_Body):
    """A code, and until when it is good. ``say``: what to say to the bot, in private."""

    connector: str
    code: str
    say: str
    expires_at: float


class SignIn(_Body):
    """A link that signs the asker in to the pages, once, and until when."""

    url: str
    expires_at: float


class ShownLink(_Body):
    """A chat that is linked to the asker's account."""

    connector: str
    identity: str
    name: str
    target: str
    linked_at: float

    @classmethod
    def of(cls, link: Link) -> ShownLink:
        """Show a link."""
        return cls(
            connector=link.connector,
            identity=link.identity,
            name=link.name,
            target=link.target,
            linked_at=link.linked_at,
        )


def bounded(wanted: SubscriptionFilter) -> SubscriptionFilter:
    """Return a filter that is not too large. Raises ValueError."""
    if len(wanted.partitions) > MAX_PARTITIONS:
        raise ValueError(f"at most {MAX_PARTITIONS} partitions")
    if any(not 0 < len(partition) <= _MAX_NAME for partition in wanted.partitions):
        raise ValueError(f"a partition's name has 1 to {_MAX_NAME} characters")
    if wanted.longer_than is not None and not math.isfinite(wanted.longer_than):
        raise ValueError("longer_than should be a finite number of seconds")
    return wanted


class SubscriptionRequest(_Body):
    """Asks to be told of the asker's own jobs through a connector."""

    connector: Name
    filter: Annotated[SubscriptionFilter, AfterValidator(bounded)] = SubscriptionFilter()


class ShownSubscription(_Body):
    """A subscription of the asker."""

    id: int
    connector: str
    filter: SubscriptionFilter

    @classmethod
    def of(cls, subscription: Subscription) -> ShownSubscription:
        """Show a subscription."""
        return cls(id=subscription.id, connector=subscription.connector, filter=subscription.filter)


class ShownConnector(_Body):
    """A way to reach people. ``bot``: whether chats can be linked; ``reaches``: whether the asker is reached there."""

    name: str
    bot: bool
    reaches: bool
    why_not: str = ""

    @classmethod
    def of(cls, reach: Reach) -> ShownConnector:
        """Show a way."""
        return cls(name=reach.name, bot=reach.bot, reaches=reach.reaches, why_not=reach.why_not)


class Summary(_Body):
    """Everything about the asker."""

    user: str
    uid: int
    default_connector: str
    connectors: tuple[ShownConnector, ...]
    links: tuple[ShownLink, ...]
    preferences: Preferences
    subscriptions: tuple[ShownSubscription, ...]


class ShownDelivery(_Body):
    """A message about one of the asker's jobs, and what became of it."""

    id: int
    owed_at: float
    finished_at: float | None
    connector: str
    target: str
    subject: str
    title: str | None
    state: str
    reason: str | None
    detail: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> ShownDelivery:
        """Show a delivery."""
        return cls(
            id=delivery.id,
            owed_at=delivery.created_at,
            finished_at=delivery.finished_at,
            connector=delivery.connector,
            target=delivery.target,
            subject=delivery.subject,
            title=json.loads(delivery.message)["title"] if delivery.message else None,
            state=delivery.state.value,
            reason=delivery.reason.value if delivery.reason else None,
            detail=delivery.detail,
        )
