"""``headgate config sample``."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from headgate.cli.main import headgate


def test_the_sample_is_a_configuration_that_can_be_used(tmp_path: Path) -> None:
    done = CliRunner().invoke(headgate, ["config", "sample"], catch_exceptions=False)
    path = tmp_path / "f.toml"
    path.write_text(done.output)
    checked = CliRunner().invoke(headgate, ["-c", str(path), "config", "check"], catch_exceptions=False)
    assert checked.exit_code == 0
