from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.apprise.settings import AppriseSettings

SECRET = "token-of-somebody"


def settings(targets: object) -> AppriseSettings:
    return AppriseSettings.model_validate({"targets": targets})


def test_targets_are_tables_by_name_and_addresses_secret() -> None:
    made = settings({"ops": {"url": f"ntfy://{SECRET}"}})
    assert list(made.targets) == ["ops"]
    assert SECRET not in repr(made) + str(made.model_dump())


@pytest.mark.parametrize(
    "targets",
    [
        {},
        {"../x": {"url": "ntfy://topic"}},
        {"": {"url": "ntfy://topic"}},
        {"ops": {"url": "topic"}},
        {"ops": {"url": "ntfy://"}},
        {"ops": {"url": f"ntfy://{SECRET} ntfy://b"}},
        {"ops": {"url": f"ntfy://{SECRET}\n"}},
        {"ops": {"urls": ["ntfy://topic"]}},
    ],
    ids=str,
)
def test_what_is_no_target_is_refused(targets: object) -> None:
    with pytest.raises(ValidationError):
        settings(targets)
