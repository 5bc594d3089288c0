from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.config.connector import ConnectorSettings


def test_the_least_is_a_kind() -> None:
    settings = ConnectorSettings.model_validate({"kind": "mailto"})
    assert settings.rate is None
    assert settings.concurrency >= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": 5},
        {"rate": 0},
        {"rate": -1},
        {"rate": True},
        {"rate": float("inf")},
        {"burst": 0},
        {"concurrency": 0},
        {"concurrency": 10_000},
        {"recipient_burst": 0},
        {"recipient_period": 0},
        {"timeout": 0},
        {"timeout": 1e9},
        {"no_such_key": 1},
    ],
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ConnectorSettings.model_validate({"kind": "mailto", **wrong})


def test_every_field_describes_itself() -> None:
    assert all(field.description for field in ConnectorSettings.model_fields.values())
