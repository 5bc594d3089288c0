"""Deliveries: one message to one recipient, its states, and the closed list of reasons why it is not there yet."""

from __future__ import annotations

import enum


class DeliveryState(enum.StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    """Its message is not made yet: Slurm has not accounted for the job."""
    READY = "ready"
    """May be sent once its time has come (a delivery that failed and will be tried again is ready, too)."""
    SENDING = "sending"
    """A worker has leased it."""
    DELIVERED = "delivered"
    """The service took it."""
    FOLDED = "folded"
    """Was told as part of a digest, which was delivered."""
    DEAD = "dead"
    """Given up; it can be retried by hand."""
    DROPPED = "dropped"
    """Taken out by an operator, or found to be the same as another one."""

    @property
    def open(self) -> bool:
        """Whether it still has to be told."""
        return self in (DeliveryState.WAITING, DeliveryState.READY, DeliveryState.SENDING)


class Priority(enum.IntEnum):
    """What goes first when a connector cannot send as fast as messages come; lower values do."""

    FAILURE = 0
    """Something went wrong, or soon will."""
    END = 1
    START = 2
    """A job began; also worth least when it comes late."""


class Reason(enum.StrEnum):
    """Why a delivery failed or waits; nothing else is ever recorded as a reason."""

    TIMEOUT = "timeout"
    """The service did not answer in time."""
    UNREACHABLE = "unreachable"
    """No connection, or it broke."""
    RATE_LIMITED = "rate_limited"
    """The service asked to slow down."""
    SERVICE_ERROR = "service_error"
    """The service failed, or refused for now."""
    BAD_ANSWER = "bad_answer"
    """The service answered something that cannot be read."""
    TARGET_REFUSED = "target_refused"
    """The target does not exist, or may not be used."""
    MESSAGE_REFUSED = "message_refused"
    """The service will never take this message."""
    NOT_AUTHORISED = "not_authorised"
    """The service does not accept our credentials."""
    UNKNOWN_CONNECTOR = "unknown_connector"
    """No connector of this name is configured."""
    BAD_RECEIVER = "bad_receiver"
    """The receiver cannot be read."""
    EXPIRED = "expired"
    """Tried as often, or as long, as the settings allow."""
    DUPLICATE = "duplicate"
    """Another delivery says the same."""
    NOT_WANTED = "not_wanted"
    """The person's preferences or subscription leave it out."""
    OPERATOR = "operator"
    """An operator decided."""
    INTERNAL_ERROR = "internal_error"
    """Headgate itself failed; the log has the details."""
