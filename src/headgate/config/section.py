"""What all sections of the configuration have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


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
