from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.service.setup import units


def test_the_service_is_started_from_where_it_is_installed_and_nothing_else_differs() -> None:
    there, here = (units.unit("headgate.service", Path(p)) for p in ("/opt/headgate/bin/headgate", "/usr/bin/headgate"))
    differ = [pair for pair in zip(there.splitlines(), here.splitlines(), strict=True) if pair[0] != pair[1]]
    assert differ == [("ExecStart=/opt/headgate/bin/headgate serve", "ExecStart=/usr/bin/headgate serve")]


def test_the_executor_does_not_depend_on_where_the_service_is() -> None:
    assert "/opt/" not in units.unit("headgate-executor.service", Path("/x/headgate"))


@pytest.mark.parametrize("path", ["headgate", "/a b/headgate", "/a%n/headgate", "/a\nUser=root/headgate", "/$x/y"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="systemd cannot start"):
        units.unit("headgate.service", Path(path))
