"""The Mattermost connector: one post to a channel or a person."""

from __future__ import annotations

import json

import structlog

from headgate.connectors.bounds import within
from headgate.connectors.buttons import in_words
from headgate.connectors.mattermost.client import MattermostClient, RefusedError
from headgate.connectors.mattermost.directory import Directory
from headgate.connectors.mattermost.markup import escape
from headgate.connectors.mattermost.preview import page_of
from headgate.connectors.mattermost.rendering import BOUNDS, post_of
from headgate.connectors.mattermost.settings import MattermostSettings
from headgate.connectors.mattermost.targets import read_target, written
from headgate.connectors.picture import efficiency_picture
from headgate.connectors.templating import SiteTemplates
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition

_log = structlog.get_logger(__name__)
_PICTURE = "efficiency.png"


class MattermostConnector:
    """Posts messages. Raises ConnectorError when made with authorities or templates that cannot be used."""

    repeat_safe = False
    """A server knows a ``pending_post_id`` again for 30 seconds, and only the one of a cluster's servers that took it:
    https://github.com/mattermost/mattermost/pull/10006. A crash may last longer."""
    wants_events = False

    def __init__(self, name: str, settings: MattermostSettings) -> None:
        self.name = name
        self._longest = settings.max_length
        # Escaping doubles a line at most, and there is a title above.
        self.digest_room = max(200, (settings.max_length - 600) // 2)
        self._picture = settings.picture
        self._bot = settings.bot
        self._templates = SiteTemplates(settings.templates, escape)
        self._client = MattermostClient(settings)
        self._directory = Directory(self._client)

    def check_target(self, target: str) -> str:
        """Return the target in its one form. Raises RecipientError for what no channel or person is called."""
        return written(read_target(target))

    def render(self, envelope: Envelope) -> Rendition:
        """Return the post that would be made; its ``channel_id`` is the target. Raises RecipientError."""
        message = within(envelope.message, BOUNDS)
        target = self.check_target(envelope.target)
        post = self._post(message, channel=target, target=target, key=envelope.key)
        image = efficiency_picture(message) if self._picture else None
        return Rendition(
            payload=json.dumps(post, ensure_ascii=False, indent=2),
            suffix=".json",
            html=page_of(post, image),
            pictures={_PICTURE: image} if image else {},
        )

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Post once and say how it went."""
        try:
            target = read_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        message = within(envelope.message, BOUNDS)
        try:
            channel = await self._directory.channel_of(target)
        except RefusedError as error:
            return error.outcome
        post = self._post(message, channel=channel, target=written(target), key=envelope.key)
        if files := await self._upload(channel, message):
            post["file_ids"] = files
        await commit()
        outcome = await self._client.post(post)
        if isinstance(outcome, GiveUp) and outcome.reason is Reason.TARGET_REFUSED:
            self._directory.forget(target)
        return outcome

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _post(self, message: Message, *, channel: str, target: str, key: str) -> dict[str, object]:
        body = self._templates.body(message, target=target)
        message = in_words(message, self._bot)
        return post_of(message, target=channel, key=key, longest=self._longest, body=body)

    async def _upload(self, channel: str, message: Message) -> list[str]:
        """Upload the picture, if there is to be one; a text is sent without its picture rather than not at all."""
        image = efficiency_picture(message) if self._picture else None
        if image is None:
            return []
        try:
            return [await self._client.upload(channel, _PICTURE, image)]
        except RefusedError as error:
            _log.warning("mattermost.picture_refused", connector=self.name, said=error.message)
            return []
