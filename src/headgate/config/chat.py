"""Settings that all connectors to chat services share: templates of the site's own, and the bot."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headgate.config.connector import ConnectorSettings
from headgate.config.section import AbsolutePath, Section

Command = Literal["jobs", "job", "output", "cancel", "mute", "action", "approve", "refuse"]
"""What a bot does for people whose account it knows; ``help`` and ``link`` it always answers."""


class BotSettings(Section):
    """What the bot of a chat connector does."""

    enabled: bool = Field(False, description="Whether the bot listens: it enrols users and answers their commands.")
    commands: tuple[Command, ...] = Field(
        ("jobs", "job", "output", "mute"),
        description="What linked users may ask of it: `jobs`, `job`, `output`, `cancel`, `mute`, `action`, "
        "`approve`, `refuse`. `cancel` needs the executor, or a service account that may cancel others' jobs (a Slurm "
        "operator); `action`, `approve` and `refuse` are for those who have a role (`[roles]`).",
    )
    trigger: str = Field(
        "showmeslurm",
        min_length=1,
        max_length=60,
        description="Words that address the bot in a channel, beside a mention of it.",
    )
    buttons: bool = Field(True, description="Whether messages and answers have buttons, where the service has them.")


class ChatSettings(ConnectorSettings):
    """One ``[connectors.NAME]`` table of a chat service: the part that is the same for all of them."""

    templates: AbsolutePath | None = Field(
        default=None,
        description="Directory of the site's own templates for this connector, such as `failed.j2` or `message.j2`.",
    )
    bot: BotSettings = Field(default_factory=BotSettings, description="The bot that listens in this service.")
