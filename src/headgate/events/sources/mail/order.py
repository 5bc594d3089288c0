"""The order of hand-offs that came at the same moment.

slurmctld keeps mails for a while and then starts MailProg for all of them at once, each in a thread of its own: the
mail about a short job's end may overtake the one about its start (``mail_job_info`` and ``agent_trigger`` in
``src/slurmctld/agent.c``; seen with 26.05).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headgate.model.mail import MailKind, MailRequest, MailScope

AT_ONCE: Final = 2.0
"""Seconds within which hand-offs may have overtaken each other. No job that has ended starts again so soon."""


def in_order(requests: Sequence[MailRequest]) -> list[MailRequest]:
    """Return requests, which are in the order they were received, with no start behind the end of the same job."""
    ordered: list[MailRequest] = []
    for request in requests:
        ordered.insert(_place(request, ordered), request)
    return ordered


def _place(request: MailRequest, before: Sequence[MailRequest]) -> int:
    place = len(before)
    if request.kind is not MailKind.BEGAN:
        return place
    for index in range(len(before) - 1, -1, -1):
        other = before[index]
        if request.received - other.received > AT_ONCE:
            break
        if _subject(other) == _subject(request):
            if not other.kind.final:
                break
            place = index
    return place


def _subject(request: MailRequest) -> tuple[str, MailScope, int, int | None]:
    if request.array is None:
        return request.cluster, request.scope, request.job_id, None
    return request.cluster, request.scope, request.array.array_id, request.array.task
