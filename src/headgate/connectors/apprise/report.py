"""What a worker reports of one notification, and what that means for the message. Pure."""

from __future__ import annotations

import enum
import json
from dataclasses import asdict, dataclass

from headgate.connectors.http import Hide, outcome_of_status
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Outcome, TryAgain


class Trouble(enum.StrEnum):
    """How a request ended without an answer."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    NONSENSE = "nonsense"


_REASONS = {
    Trouble.TIMEOUT: Reason.TIMEOUT,
    Trouble.UNREACHABLE: Reason.UNREACHABLE,
    Trouble.NONSENSE: Reason.BAD_ANSWER,
}


@dataclass(frozen=True, slots=True)
class Report:
    """How it went, as far as it could be observed.

    ``status``, ``after`` and ``trouble`` are of the request that failed: Apprise itself says no more than
    ``delivered``. ``said``: the beginning of the answer, or of what Apprise logged.
    """

    delivered: bool
    status: int | None = None
    after: str | None = None
    """The answer's ``Retry-After``, as it stood there."""
    trouble: Trouble | None = None
    said: str = ""

    def written(self) -> bytes:
        """Return the report as a line."""
        return json.dumps(asdict(self)).encode() + b"\n"


def read_report(line: bytes) -> Report:
    """Read a line. Raises ConnectorError for anything that is no report."""
    try:
        raw = json.loads(line)
        trouble = Trouble(raw["trouble"]) if raw["trouble"] is not None else None
        return Report(bool(raw["delivered"]), raw["status"], raw["after"], trouble, str(raw["said"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ConnectorError("the worker's report cannot be read", transient=True) from error


def outcome_of_report(report: Report, *, after: float | None, hide: Hide) -> Outcome:
    """Say what became of a message. ``after``: the seconds that ``report.after`` asks for."""
    if report.delivered:
        return Delivered()
    if report.trouble is not None:
        return TryAgain(_REASONS[report.trouble], hide(report.said or report.trouble.value))
    if report.status is not None and report.status // 100 != 2:  # noqa: PLR2004 (a class of statuses)
        return outcome_of_status(report.status, report.said, after=after, hide=hide)
    # An answer of 200 that the service's plugin took for a refusal, or a service that is not spoken to by HTTP.
    return TryAgain(Reason.SERVICE_ERROR, hide(report.said or "Apprise says that it was not delivered"))
