"""The one error tree.

::

    HeadgateError
    ├── ConfigError          the configuration cannot be used as it stands
    ├── StoreError           the store refused or cannot be reached
    │   └── StoreBusyError   another Headgate holds this SQLite store
    ├── SlurmError           Slurm did not answer as asked
    │   ├── SlurmCommandError    a command failed, was missing or timed out
    │   ├── SlurmOutputError     a command answered something that cannot be read
    │   └── SlurmRefusedError    Slurm, or its REST API, refused what was asked for
    ├── SpoolError           the mail spool or a record in it cannot be used
    │   └── RecordError      one record cannot be read
    ├── RecipientError       a receiver list or a target cannot be used
    ├── ConnectorError       a connector cannot be made or used
    │   └── BotError         a bot cannot listen to its service
    ├── NotFoundError        what was asked for by name or number is not there
    ├── ExecutorError        acting as a user: nobody knows what became of it (headgate.executor.refusal)
    ├── RefusedError         acting as a user: it was refused (headgate.executor.refusal)
    ├── ActionError          an action failed, or was not begun (headgate.actions.refusals)
    ├── DecisionError        an execution cannot be decided about, or not any more (headgate.rules.approval)
    ├── PackError            the pack for StackStorm cannot be written there (headgate.pack.build)
    ├── ForgeError           a forge did not do what it was asked (headgate.builds.forge.interface)
    │   ├── GoneError            what it was about is not there any more
    │   └── ForbiddenError       our account there lacks a permission
    ├── UnreadableError      a webhook that was signed cannot be read (headgate.builds.incoming.github)
    ├── GatewayError         the gateway refuses a request, one class for each answer (headgate.gateway.refusals)
    ├── TemplateError        a job template cannot be filled in (headgate.gateway.templates.values)
    ├── DeployError          an artefact of a build was not deployed (headgate.builds.deploy.request)
    ├── TrashError           a build's directories cannot be moved away (headgate.builds.trash)
    ├── CheckoutError        what is to be built cannot be got (headgate.builds.checkout.mirror)
    ├── GitError             git did not do what it was asked (headgate.builds.checkout.git)
    ├── PathError            what would become a job's directory must not (headgate.builds.jobs.paths)
    ├── ApiError             the gateway refused a client, or did not answer it (headgate.client)
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


class SlurmRefusedError(SlurmError):
    """Slurm, or its REST API, refused what was asked for.

    ``number``: Slurm's own (slurm_errno.h), 0 if it gave none.
    """

    transient = False

    def __init__(self, message: str, *, number: int = 0) -> None:
        """Keep Slurm's words and number."""
        super().__init__(message)
        self.number = number


class SpoolError(HeadgateError):
    """The mail spool cannot be used."""


class RecordError(SpoolError):
    """One record of the mail spool cannot be read."""


class RecipientError(HeadgateError):
    """A receiver list or a target cannot be used."""


class ConnectorError(HeadgateError):
    """A connector cannot be made or used."""


class BotError(ConnectorError):
    """A bot lost its service, or (not transient) is refused by it."""

    transient = True


class NotFoundError(HeadgateError):
    """What was asked for by name or number is not there."""
