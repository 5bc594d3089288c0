"""What every connector's settings have in common; each connector's own settings derive from these."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from headgate.config.lookup import LookupSettings
from headgate.config.section import Count, Number, Seconds, Section


class ConnectorSettings(Section):
    """One ``[connectors.NAME]`` table: the part that is the same for every kind.

    Rates and bounds are kept by the pipeline, not by the connector; they stand here because a site thinks of them
    per connector.
    """

    kind: str = Field(
        description="Which connector this is: `mailto`, `webhook`, or one that an installed package adds."
    )
    rate: Annotated[float, Number, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="Messages per second, at most. Without it, as many as the service takes."
    )
    burst: Count = Field(default=20, description="Messages that may go out at once before `rate` is felt.")
    concurrency: Annotated[int, Number, Field(ge=1, le=256)] = Field(
        default=4, description="Messages being sent at the same time, at most."
    )
    recipient_burst: Count = Field(
        default=10,
        description="Single messages one recipient may get at once; over it, messages are folded into a digest.",
    )
    recipient_period: Seconds = Field(
        default=60.0, description="Seconds after which one recipient may get one more single message."
    )
    lookup: LookupSettings = Field(
        default_factory=LookupSettings, description="How the targets of Unix users are found, where jobs name users."
    )
    linked_only: bool = Field(
        default=False,
        description="Whether nobody is told but a job's owner, and only where they have linked their own account.",
    )
    timeout: Annotated[Seconds, Field(le=3600)] = Field(
        default=30.0,
        description="Seconds the service has for each step of taking a message: reaching it, and the handing over.",
    )
