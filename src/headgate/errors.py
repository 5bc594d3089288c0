"""The one error tree.

::

    HeadgateError
    ├── ConfigError          the configuration cannot be used as it stands
    ├── StoreError           the store refused or cannot be reached
    │   └── StoreBusyError   another Headgate holds this SQLite store
    ├── SlurmError           Slurm did not answer as asked
    │   ├── SlurmCommandError    a command failed, was missing or timed out
    │   └── SlurmOutputError     a command answered something that cannot be read
    ├── SpoolError           the mail spool or a record in it cannot be used
    │   └── RecordError      one record cannot be read
    ├── RecipientError       a receiver list or a target cannot be used
    ├── ConnectorError       a connector cannot be made or used
    ├── NotFoundError        what was asked for by name or number is not there
    └── ClusterError         a test cluster cannot do what was asked (headgate.testing.cluster.errors)
        ├── DaemonError          one of its daemons did not start
        └── CommandError         a command on it failed

Every error carries ``message``, fit to be shown to a user (no secrets, no paths into other people's
files), and ``transient``, which says whether trying the same again later may help.
"""

from __future__ import annotations


class HeadgateError(Exception):
    """What went wrong, in words for the person who has to act on it."""

    transient = False

    def __init__(self, message: str, *, transient: bool | None = None) -> None:
        """Keep the message; ``transient`` overrides the class's own answer."""
        super().__init__(message)
        self.message = message
        if transient is not None:
            self.transient = transient


class ConfigError(HeadgateError):
    """The configuration cannot be used as it stands."""


class StoreError(HeadgateError):
    """The store refused, or cannot be reached."""

    transient = True


class StoreBusyError(StoreError):
    """Another Headgate holds this SQLite store."""

    transient = False


class SlurmError(HeadgateError):
    """Slurm did not answer as asked."""

    transient = True


class SlurmCommandError(SlurmError):
    """A Slurm command failed, was missing, or did not end in time."""


class SlurmOutputError(SlurmError):
    """A Slurm command answered something that cannot be read."""


class SpoolError(HeadgateError):
    """The mail spool cannot be used."""


class RecordError(SpoolError):
    """One record of the mail spool cannot be read."""


class RecipientError(HeadgateError):
    """A receiver list or a target cannot be used."""


class ConnectorError(HeadgateError):
    """A connector cannot be made or used."""


class NotFoundError(HeadgateError):
    """What was asked for by name or number is not there."""
