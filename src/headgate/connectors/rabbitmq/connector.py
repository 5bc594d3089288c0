"""The RabbitMQ connector: one message, confirmed by the broker."""

from __future__ import annotations

import contextlib
from urllib.parse import unquote, urlsplit

from headgate.connectors.rabbitmq.answers import outcome_of_error
from headgate.connectors.rabbitmq.line import TROUBLE, BrokerLine
from headgate.connectors.rabbitmq.post import Post, post_of
from headgate.connectors.rabbitmq.preview import page_of
from headgate.connectors.rabbitmq.settings import Destination, RabbitSettings
from headgate.connectors.redaction import Redaction
from headgate.connectors.tls import tls_context
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Commit, Delivered, Envelope, GiveUp, Outcome, Rendition, Scope


class RabbitConnector:
    """Publishes messages as JSON. Raises ConnectorError when made with authorities that cannot be read."""

    repeat_safe = True
    """Consumers are given the key by which they know a message again: ``message_id``."""
    wants_events = True

    def __init__(self, name: str, settings: RabbitSettings) -> None:
        self.name = name
        self._destinations = settings.destinations
        self._exchange = settings.exchange
        url = settings.url.get_secret_value()
        self._hide = _redaction(url)
        context = tls_context(settings.ca_file) if url.startswith("amqps:") else None
        self._line = BrokerLine(name, url, context, seconds=settings.timeout)

    def check_target(self, target: str) -> str:
        """Return the destination's name. Raises RecipientError for one that is not configured."""
        if target not in self._destinations:
            raise RecipientError(f"connector {self.name} has no destination {target[:64]!a}")
        return target

    def render(self, envelope: Envelope) -> Rendition:
        """Return what would be published, and a page that shows it. Raises RecipientError for an unknown target."""
        post = self._post(envelope, self._destinations[self.check_target(envelope.target)])
        return Rendition(payload=post.shown(), suffix=".json", html=page_of(post))

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Publish once and say how it went."""
        try:
            destination = self._destinations[self.check_target(envelope.target)]
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        post = self._post(envelope, destination)
        async with contextlib.AsyncExitStack() as stack:
            try:
                wanted = destination.queue if destination.declare else None
                channel = await stack.enter_async_context(self._line.channel(wanted))
            except TROUBLE as error:
                return self._outcome(error, post, Scope.CONNECTOR)
            await commit()
            try:
                await channel.publish(post)
            except TROUBLE as error:
                return self._outcome(error, post, Scope.RECIPIENT)
        return Delivered()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._line.aclose()

    def _post(self, envelope: Envelope, destination: Destination) -> Post:
        return post_of(envelope, self.name, destination, self._exchange)

    def _outcome(self, error: Exception, post: Post, scope: Scope) -> Outcome:
        return outcome_of_error(error, exchange=post.exchange, scope=scope, hide=self._hide)


def _redaction(url: str) -> Redaction:
    """Hide the address, and the password as it is written there and as it is."""
    password = urlsplit(url).password or ""
    return Redaction([url, password, unquote(password)])
