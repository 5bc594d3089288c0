"""The specification is printed, and says what there is."""

from __future__ import annotations

import json

from click.testing import CliRunner

from headgate.cli.main import headgate


def test_the_specification_is_printed() -> None:
    result = CliRunner().invoke(headgate, ["api", "openapi"])
    assert result.exit_code == 0
    specification = json.loads(result.stdout)
    paths = specification["paths"]
    assert {"/apps/{appId}/jobs/{jobId}/out", "/jobs", "/submit", "/events", "/hooks"} <= set(paths)
    assert specification["openapi"].startswith("3.")
