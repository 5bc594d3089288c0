"""Where Slurm's commands are and how long they may take."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from headgate.config.section import Count, Seconds, Section
from headgate.config.slurmrestd import RestSettings


class SlurmSettings(Section):
    """How Headgate asks Slurm."""

    driver: Literal["cli", "rest"] = Field(
        "cli", description="Whether Slurm is asked by its commands, or by slurmrestd (`[slurm.rest]`)."
    )
    rest: RestSettings | None = Field(None, description="How slurmrestd is asked, where `driver` is `rest`.")
    bin: Path | None = Field(
        None, description="Directory that holds `squeue`, `sacct` and `scontrol`; if not given, `/usr/bin`."
    )
    conf: Path | None = Field(
        None, description="Path of slurm.conf, handed to the commands as SLURM_CONF; if not given, they find it."
    )
    cluster: str = Field(
        "",
        max_length=256,
        description="Name of the cluster; if not given, `scontrol show config` is asked once.",
    )
    timeout: Seconds = Field(30, description="Seconds after which a `squeue` or `scontrol` is killed.")
    accounting_timeout: Seconds = Field(120, description="Seconds after which a `sacct` is killed.")
    output_limit: Count = Field(
        512 * 1024 * 1024, description="Bytes one command may print; beyond that it is killed and its answer refused."
    )

    @model_validator(mode="after")
    def _rest_is_set(self) -> Self:
        if self.driver == "rest" and self.rest is None:
            raise ValueError("driver is rest, so the table rest is needed")
        return self


class ClusterSettings(SlurmSettings):
    """One ``[clusters.NAME]`` table: a further cluster. NAME is what the executor's ``[slurm NAME]`` calls it."""
