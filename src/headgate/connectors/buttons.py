"""Which buttons a message has, where the connector's bot listens for them."""

from __future__ import annotations

from headgate.bots.chat import MAX_COMMAND, Button
from headgate.config.chat import BotSettings
from headgate.model.message import Message, Outcome

_GOING_ON = frozenset({Outcome.STARTED, Outcome.WARNING, Outcome.REQUEUED})


def buttons_for(message: Message, bot: BotSettings) -> tuple[Button, ...]:
    """Return the buttons of a bounded message: what the bot may do about its job, or the execution that waits.

    None where no bot listens.
    """
    if not (bot.enabled and bot.buttons) or message.digest:
        return ()
    offered = [*_about_execution(message), *_about_job(message)]
    return tuple(
        button
        for command, button, fits in offered
        if fits and command in bot.commands and button.command.isascii() and len(button.command) <= MAX_COMMAND
    )


def in_words(message: Message, bot: BotSettings) -> Message:
    """Return the message with a note of what can be said to the bot about an execution: where there are no buttons."""
    said = [button.command for button in buttons_for(message, bot)] if message.execution is not None else []
    if not said:
        return message
    note = f"You can say to the bot: {', or '.join(said)}"
    return message.model_copy(update={"notes": (*message.notes, note)})


def _about_execution(message: Message) -> list[tuple[str, Button, bool]]:
    number = message.execution
    if number is None:
        return []
    return [
        ("approve", Button("Approve", f"approve {number}"), True),
        ("refuse", Button("Refuse", f"refuse {number}", danger=True), True),
    ]


def _about_job(message: Message) -> list[tuple[str, Button, bool]]:
    """Return commands, their buttons, and whether they make sense for the job."""
    if message.job is None:
        return []
    whole_array = message.job.job_id.endswith("_*")
    job = message.job.job_id.removesuffix("_*")
    return [
        ("output", Button("Show output", f"output {job}"), not whole_array),
        ("cancel", Button("Cancel", f"cancel {job}", danger=True), message.outcome in _GOING_ON),
        ("mute", Button("Mute 2 h", "mute 2h"), True),
    ]
