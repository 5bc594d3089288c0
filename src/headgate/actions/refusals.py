"""Why an action does not do what it was asked.

::

    ActionError
    ├── ParametersError      the parameters do not fit
    ├── NotPermittedError    the caller's role does not go that far
    └── FailedError          it went wrong, and there is a ``result`` that says more
        └── PartlyFailedError    some of it was done; ``result`` says what

An action that is not there is a ``NotFoundError``, as everywhere; what Slurm refused is a ``SlurmError``.
"""

from __future__ import annotations

from headgate.errors import HeadgateError


class ActionError(HeadgateError):
    """The action failed, or was not begun."""


class ParametersError(ActionError):
    """The parameters do not fit: nothing was done."""


class NotPermittedError(ActionError):
    """Who asks is known, and may not: nothing was done."""


class FailedError(ActionError):
    """It went wrong. ``result`` is the action's result all the same, which says more."""

    def __init__(self, message: str, *, result: object, transient: bool = False) -> None:
        """Keep the result."""
        super().__init__(message, transient=transient)
        self.result = result


class PartlyFailedError(FailedError):
    """Not all of it was done. ``result`` says what was done and what was not."""
