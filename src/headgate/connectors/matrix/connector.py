"""The Matrix connector: one event into one room, which the homeserver shows once however often it is sent."""

from __future__ import annotations

import json
from typing import Any

import structlog

from headgate.connectors.bounds import within
from headgate.connectors.buttons import buttons_for
from headgate.connectors.matrix.answers import RefusedError, refused
from headgate.connectors.matrix.homeserver import Homeserver
from headgate.connectors.matrix.identifiers import is_alias, is_room, is_user
from headgate.connectors.matrix.preview import preview
from headgate.connectors.matrix.rendering import BOUNDS, Content, content_of
from headgate.connectors.matrix.rooms import Rooms
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.connectors.matrix.text import shown
from headgate.connectors.picture import efficiency_picture
from headgate.connectors.templating import SiteTemplates
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Commit, Delivered, Envelope, GiveUp, Outcome, Rendition

_log = structlog.get_logger(__name__)
_PICTURE = "efficiency.png"


class MatrixConnector:
    """Writes into rooms. Raises ConnectorError when made with authorities or templates that cannot be used."""

    repeat_safe = True
    """A homeserver knows a transaction again by its id, per access token; Synapse does so for a day."""
    wants_events = False
    digest_room = 6000
    """An event of 60,000 octets holds it twice, as text and as HTML, whatever the job names are made of."""

    def __init__(self, name: str, settings: MatrixSettings) -> None:
        self.name = name
        self._settings = settings
        self._templates = SiteTemplates(settings.templates, shown)
        self._homeserver = Homeserver(settings)
        self._rooms = Rooms(self._homeserver, settings.join)

    def check_target(self, target: str) -> str:
        """Return the room's id or alias. Raises RecipientError for anything else."""
        if is_room(target) or is_alias(target):
            return target
        if is_user(target):
            raise RecipientError(
                f"connector {self.name} writes to rooms, not to users: invite the bot to a room and give the room's id"
            )
        raise RecipientError(f"connector {self.name}: no room id (!…) or alias (#room:server): {target[:64]!a}")

    def render(self, envelope: Envelope) -> Rendition:
        """Return what would be sent. No I/O. Raises RecipientError for a bad target."""
        target = self.check_target(envelope.target)
        message = within(envelope.message, BOUNDS)
        content = self._content(message, target)
        png = efficiency_picture(message) if self._settings.picture else None
        pictures = {_PICTURE: png} if png else {}
        payload = json.dumps(content, indent=2, ensure_ascii=False)
        return Rendition(payload, ".json", preview(content, room=target, pictures=pictures), pictures)

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Send once and say how it went."""
        try:
            target = self.check_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        message = within(envelope.message, BOUNDS)
        content = self._content(message, target)
        try:
            room = await self._rooms.ready(target)
            await commit()
            event = await self._put(room, envelope.key, content)
        except RefusedError as refusal:
            return refusal.outcome
        if self._settings.picture:
            await self._send_picture(room, envelope.key, message)
        return Delivered(event)

    async def aclose(self) -> None:
        """Close connections."""
        await self._homeserver.aclose()

    def _content(self, message: Message, target: str) -> Content:
        return content_of(
            message,
            notify=self._settings.notify,
            buttons=buttons_for(message, self._settings.bot),
            body=self._templates.body(message, target=target),
        )

    async def _put(self, room: str, key: str, content: dict[str, Any]) -> str:
        """Send an event and return its id; where only the way in was missing, once more. Raises RefusedError."""
        path = ("rooms", room, "send", "m.room.message", key)
        reply = await self._homeserver.ask("PUT", *path, content=content)
        if reply.code == "M_FORBIDDEN":
            await self._rooms.enter(room)
            await self._rooms.ready(room)
            reply = await self._homeserver.ask("PUT", *path, content=content)
            if reply.code == "M_FORBIDDEN":
                raise await self._rooms.why_silent(room)
        event = reply.content.get("event_id")
        if not reply.ok or not isinstance(event, str):
            raise RefusedError(refused(reply, self._homeserver.hide))
        return event[:255]

    async def _send_picture(self, room: str, key: str, message: Message) -> None:
        """Send the bars as a picture, if there are any. The message is delivered already: what fails here is logged."""
        png = efficiency_picture(message)
        if png is None:
            return
        try:
            uri = await self._upload(png)
            await self._put(room, f"{key}-picture", picture_content(uri, png))
        except RefusedError as refusal:
            _log.warning("matrix.picture_failed", connector=self.name, why=refusal.message)

    async def _upload(self, png: bytes) -> str:
        reply = await self._homeserver.upload(png, "image/png", _PICTURE)
        uri = reply.content.get("content_uri")
        if not reply.ok or not isinstance(uri, str):
            raise RefusedError(refused(reply, self._homeserver.hide, "uploading the picture"))
        return uri


def picture_content(uri: str, png: bytes) -> dict[str, Any]:
    """Return the content of an ``m.image`` event (client-server API, "m.image")."""
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    info = {"mimetype": "image/png", "size": len(png), "w": width, "h": height}
    body = "How much of what the job asked for was used"
    return {"msgtype": "m.image", "body": body, "filename": _PICTURE, "url": uri, "info": info, "m.mentions": {}}
