"""What messages hold, and the advice they give."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from headgate.config.section import Count, CountOrZero, Fraction, Number, SecondsOrZero, Section

PLACEHOLDERS: Final[Mapping[str, frozenset[str]]] = {
    "out_of_memory_text": frozenset({"asked", "used", "partition"}),
    "timeout_text": frozenset({"asked", "qos", "partition"}),
    "timeout_qos_text": frozenset({"asked", "qos", "other_qos", "other_limit"}),
    "memory_text": frozenset({"asked", "used", "percent", "enough"}),
    "cores_text": frozenset({"asked", "used", "percent"}),
    "walltime_text": frozenset({"asked", "used", "percent", "enough"}),
    "qos_text": frozenset({"asked", "used", "qos", "other_qos", "other_limit"}),
    "job_link": frozenset({"cluster", "job_id", "raw_job_id", "user"}),
}
"""Which names each text may hold in braces."""
_MAX_TEXT: Final = 500
_QOS_LIMIT = Annotated[int, Number, Field(ge=1)]


def check_template(text: str, names: frozenset[str]) -> str:
    """Return the template, if it holds only ``{name}`` of the names given.

    Attribute access, indexes, conversions and format specifications are refused, so that filling one in can do nothing
    but put a text in its place. Raises ValueError with what is wrong.
    """
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"has a brace without its partner ({error}); write {{{{ and }}}} for plain braces") from error
    known = ", ".join(f"{{{name}}}" for name in sorted(names))
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in names or spec or conversion:
            raise ValueError(f"has a placeholder that is not known here; there are {known}")
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("should be one line without control characters")
    return text


_Text = Annotated[str, Field(max_length=_MAX_TEXT), AfterValidator(_one_line)]


class HintSettings(Section):
    """Advice to users: when it is given, and in which words.

    A hint is given only when accounting knows the figures it rests on, and when its text is not empty.
    """

    enabled: bool = Field(True, description="Whether messages give advice at all.")
    min_elapsed: SecondsOrZero = Field(
        300, description="Seconds a job must have run before its use of memory, cores or time is judged."
    )
    memory_fraction: Fraction = Field(0.5, description="Advise when less than this part of the memory was used.")
    memory_floor_mib: CountOrZero = Field(1024, description="MiB up to which asking for too much memory is forgiven.")
    memory_text: _Text = Field(
        "At most {used} of the {asked} of memory were used at once ({percent} %). With less asked for "
        "({enough} in all would do), such jobs may start sooner.",
        description="Advice for memory; may hold {asked}, {used}, {percent}, {enough}.",
    )
    cores_fraction: Fraction = Field(
        0.4,
        description="Advise when less than this part of the CPUs' time was used. Where Slurm counts hardware threads, "
        "one busy thread on each core is 0.5.",
    )
    cores_text: _Text = Field(
        "The {asked} CPUs were busy for {percent} % of the time, as if {used} of them had worked. "
        "Does the program know how many it has?",
        description="Advice for cores, for jobs with more than one CPU; may hold {asked}, {used}, {percent}.",
    )
    walltime_fraction: Fraction = Field(0.5, description="Advise when less than this part of the time limit was used.")
    walltime_text: _Text = Field(
        "The job ran for {used} of the {asked} it had asked for. With a shorter limit, such as --time={enough}, "
        "it can fill gaps and may start sooner.",
        description="Advice for the time limit; may hold {asked}, {used}, {percent}, {enough}.",
    )
    qos_limits: dict[str, _QOS_LIMIT] = Field(
        default_factory=dict,
        description="Time limit of each QOS a user may choose, in seconds: `short = 28800`. Empty: no QOS is advised.",
    )
    qos_text: _Text = Field(
        "The job ran for {used}: QOS {other_qos} (up to {other_limit}) would have been enough, in place of {qos}.",
        description="Advice for the QOS; may hold {asked}, {used}, {qos}, {other_qos}, {other_limit}.",
    )
    out_of_memory_text: _Text = Field(
        "The job needed more memory than it had asked for. Ask for more with --mem, --mem-per-cpu or --mem-per-gpu.",
        description="Advice after running out of memory; may hold {asked}, {used}, {partition}.",
    )
    timeout_text: _Text = Field(
        "The job was not done when its time limit was reached. Ask for more time with --time.",
        description="Advice after running out of time; may hold {asked}, {qos}, {partition}.",
    )
    timeout_qos_text: _Text = Field(
        "QOS {other_qos} allows up to {other_limit}.",
        description="Added to `timeout_text` when a QOS with a longer limit is known; may hold {asked}, {qos}, "
        "{other_qos}, {other_limit}.",
    )

    @field_validator(*(name for name in PLACEHOLDERS if name.endswith("_text")))
    @classmethod
    def _known_placeholders(cls, text: str, info: ValidationInfo) -> str:
        return check_template(text, PLACEHOLDERS[str(info.field_name)])


class MessageSettings(Section):
    """What messages hold."""

    time_zone: str = Field("", description="Time zone of the times shown, such as `Europe/Vienna`; empty: the host's.")
    listed: Count = Field(20, description="Ranges of array tasks, and nodes, named in one line of a message at most.")
    job_link: str = Field(
        "",
        max_length=_MAX_TEXT,
        description="Address of a page about the job, for a link in messages; may hold {cluster}, {job_id}, "
        "{raw_job_id}, {user}. Empty: no link.",
    )
    job_link_label: _Text = Field("Job page", min_length=1, description="Words of that link.")
    log_lines: Annotated[int, Number, Field(ge=0, le=200)] = Field(
        0, description="Last lines of a job's output shown when it is over; 0 shows none."
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError("is not a time zone this machine knows") from error
        return name

    @field_validator("job_link")
    @classmethod
    def _web_address(cls, link: str) -> str:
        if link and not (link.startswith(("https://", "http://")) and link.isprintable() and " " not in link):
            raise ValueError("should begin with https:// or http:// and hold no blanks")
        return check_template(link, PLACEHOLDERS["job_link"])
