"""What all sections of the configuration have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A table of the configuration: frozen, with no room for keys nobody reads.

    Errors never show what was given, because it may be a secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _refuse_bool(value: object) -> object:
    """Keep ``true`` from being read as 1."""
    if isinstance(value, bool):
        raise ValueError("should be a number, not true or false")  # noqa: TRY004 (pydantic reports only ValueError)
    return value


Number = BeforeValidator(_refuse_bool)
Seconds = Annotated[float, Number, Field(gt=0, allow_inf_nan=False)]
"""A duration above zero."""
SecondsOrZero = Annotated[float, Number, Field(ge=0, allow_inf_nan=False)]
"""A duration, possibly none."""
Count = Annotated[int, Number, Field(ge=1)]
"""At least one."""
CountOrZero = Annotated[int, Number, Field(ge=0)]
"""A number of things, possibly none."""
Fraction = Annotated[float, Number, Field(ge=0, le=1, allow_inf_nan=False)]
"""From 0 to 1."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("should be an absolute path")
    return path


def _socket(path: str) -> str:
    if path != "off" and not Path(path).is_absolute():
        raise ValueError("should be an absolute path or off")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
"""For settings that name a file: it is read wherever the service happens to run."""
SocketOrOff = Annotated[str, AfterValidator(_socket)]
"""A Unix socket's absolute path, or ``off``."""
