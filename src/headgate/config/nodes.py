"""How nodes are watched."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from headgate.config.section import Count, Seconds, Section


class NodeWatcherSettings(Section):
    """How nodes are watched."""

    enabled: bool = Field(True, description="Whether nodes are watched at all.")
    interval: Seconds = Field(10, description="Seconds between two looks at the nodes, each one `scontrol` for all.")
    min_interval: Seconds = Field(
        1, description="Seconds that lie between two looks at least, when something makes the watcher look at once."
    )
    slow_after: Seconds = Field(
        5, description="Seconds after which an answer of Slurm counts as slow and the watcher asks less often."
    )
    outages_interval: Seconds = Field(
        30,
        description="Seconds between two questions to slurmdbd (one `sacctmgr`) for what came and went between two "
        "looks; when a look sees a change, slurmdbd is asked at once.",
    )
    cluster_interval: Seconds = Field(60, description="Seconds between two looks at partitions and controllers.")
    catch_up_days: Count = Field(
        7, description="Days to look back in slurmdbd for what happened to nodes while Headgate was not running."
    )

    @model_validator(mode="after")
    def _intervals_in_order(self) -> Self:
        if self.min_interval > self.interval:
            raise ValueError("min_interval should not be longer than interval")
        return self
