"""How the played Telegram refuses."""

from __future__ import annotations


class RefusedError(Exception):
    """What the Bot API answers in place of a result; see https://core.telegram.org/bots/api#making-requests."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        """``parameters``: of ``ResponseParameters``."""
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(description: str) -> RefusedError:
    """Return a refusal of what was asked."""
    return RefusedError(400, f"Bad Request: {description}")


def forbidden(description: str) -> RefusedError:
    """Return a refusal to write there."""
    return RefusedError(403, f"Forbidden: {description}")
