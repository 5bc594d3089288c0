from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from headgate.cli.me.service import DEFAULT_SOCKET
from headgate.config.local import LocalSettings


def test_the_client_looks_where_the_service_listens_unless_told() -> None:
    assert LocalSettings().path == DEFAULT_SOCKET


def test_the_socket_may_be_elsewhere_or_off() -> None:
    assert LocalSettings(socket="/srv/s").path == Path("/srv/s")
    assert LocalSettings(socket="off").path is None


@pytest.mark.parametrize(
    "wrong", [{"socket": "s"}, {"socket": ""}, {"code_lifetime": 5}, {"code_lifetime": 100_000}, {"wrong_codes": 0}]
)
def test_what_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LocalSettings.model_validate(wrong)
