"""Which buttons a message about a job has, where the connector's bot listens for them."""

from __future__ import annotations

from headgate.bots.chat import MAX_COMMAND, Button
from headgate.config.chat import BotSettings
from headgate.model.message import Message, Outcome

_GOING_ON = frozenset({Outcome.STARTED, Outcome.WARNING, Outcome.REQUEUED})


def buttons_for(message: Message, bot: BotSettings) -> tuple[Button, ...]:
    """Return the buttons of a bounded message: what the bot may do about its job. None where no bot listens."""
    if not (bot.enabled and bot.buttons) or message.job is None or message.digest:
        return ()
    whole_array = message.job.job_id.endswith("_*")
    job = message.job.job_id.removesuffix("_*")
    offered = [
        ("output", Button("Show output", f"output {job}"), not whole_array),
        ("cancel", Button("Cancel", f"cancel {job}", danger=True), message.outcome in _GOING_ON),
        ("mute", Button("Mute 2 h", "mute 2h"), True),
    ]
    return tuple(
        button
        for command, button, fits in offered
        if fits and command in bot.commands and button.command.isascii() and len(button.command) <= MAX_COMMAND
    )
