"""When a failed delivery is tried again, and when it is given up. Decided without I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass

from headgate.model.delivery import DeliveryState, Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain
from headgate.store.claims import Bundle
from headgate.store.outcomes import Settled

MAX_DETAIL = 500
"""Characters kept of what a service said."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait before attempt n+1, and when to stop. Times in seconds.

    The wait doubles from ``first`` up to ``longest``, each time by a random factor of up to ``jitter`` more or less.
    ``attempts`` counts only failures that concern the recipient: while a whole service is down, nothing is used up.
    """

    attempts: int = 12
    give_up_after: float = 3 * 86400.0
    first: float = 5.0
    longest: float = 3600.0
    jitter: float = 0.2

    def wait(self, failed: int) -> float:
        """Return how long to wait after the ``failed``-th failure (1, 2, …)."""
        wait = min(self.longest, self.first * 2.0 ** min(failed - 1, 40))
        return wait * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - spreads load, hides nothing


def settle(outcome: Outcome, bundle: Bundle, connector: str, policy: RetryPolicy, now: float) -> list[Settled]:
    """Say what becomes of the deliveries of a bundle after one attempt to send it."""
    ids = tuple(delivery.id for delivery in bundle.deliveries)
    match outcome:
        case Delivered():
            if len(ids) == 1:
                return [Settled(ids, DeliveryState.DELIVERED)]
            return [Settled(ids, DeliveryState.FOLDED, folded_into=bundle.key)]
        case GiveUp(reason, detail):
            return [Settled(ids, DeliveryState.DEAD, reason, detail[:MAX_DETAIL])]
        case TryAgain():
            return _again(outcome, bundle, connector, policy, now)


def _again(outcome: TryAgain, bundle: Bundle, connector: str, policy: RetryPolicy, now: float) -> list[Settled]:
    counts = outcome.scope is Scope.RECIPIENT
    detail = outcome.detail[:MAX_DETAIL]
    dead: list[int] = []
    again: list[int] = []
    most = 0
    for delivery in bundle.deliveries:
        failed = delivery.attempts + (1 if counts else 0)
        most = max(most, failed)
        late = now - delivery.created_at > policy.give_up_after
        (dead if late or (counts and failed >= policy.attempts) else again).append(delivery.id)
    settled = []
    if dead:
        why = f"given up after {most} attempts, the last one: {outcome.reason.value}: {detail}"[:MAX_DETAIL]
        settled.append(Settled(tuple(dead), DeliveryState.DEAD, Reason.EXPIRED, why))
    if again:
        # A service that says when knows better than our guess, as long as it does not ask for a stampede.
        told = outcome.after if outcome.reason is Reason.RATE_LIMITED and outcome.after else None
        wait = told if told is not None and told >= 1 else max(outcome.after or 0.0, policy.wait(max(most, 1)))
        holds = (connector, bundle.target) if counts else None
        settled.append(
            Settled(tuple(again), DeliveryState.READY, outcome.reason, detail, now + wait, counts=counts, holds=holds)
        )
    return settled
