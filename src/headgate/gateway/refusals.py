"""Why the gateway does not do what it was asked.

::

    GatewayError
    ├── UnknownAppError     no token, or one that nobody gave out
    ├── NotAllowedError     the token is good, and does not allow this
    ├── BadRequestError     what was asked for makes no sense, or Slurm refused it
    ├── ConflictError       it does not fit what is there now
    ├── TooLargeError       a bound of size
    ├── TooManyError        a bound of number or rate; ``after``: seconds until it is worth trying again
    └── UnavailableError    something the gateway needs does not answer; what became of it may not be known

Something that is not there is a ``NotFoundError``, as everywhere.
"""

from __future__ import annotations

from headgate.errors import HeadgateError


class GatewayError(HeadgateError):
    """The gateway does not do it. ``message`` is for whoever asked."""


class UnknownAppError(GatewayError):
    """Nobody knows who is asking."""


class NotAllowedError(GatewayError):
    """Who asks is known, and may not."""


class BadRequestError(GatewayError):
    """What was asked for cannot be done, however often it is asked."""


class ConflictError(GatewayError):
    """It does not fit what is there now."""


class TooLargeError(GatewayError):
    """Something is larger than it may be."""


class TooManyError(GatewayError):
    """Too many, or too often."""

    transient = True

    def __init__(self, message: str, *, after: float | None = None) -> None:
        """``after``: seconds until it is worth trying again."""
        super().__init__(message)
        self.after = after


class UnavailableError(GatewayError):
    """Something the gateway needs does not answer."""

    transient = True
