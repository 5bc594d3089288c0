"""Settings are listed one by one, with their origins, and never with a secret."""

from __future__ import annotations

from pathlib import Path

from headgate.config.listing import MASK, list_settings
from headgate.config.load import read, shown
from headgate.connectors.registry import settings_of

TEXT = """
[store]
url = "postgresql://a:hunter2@db/x"
[hints]
qos_limits = { short = 60 }
[service]
parts = ["mail"]
[connectors.webhook.endpoints.ci]
url = "https://example.org/hunter2"
headers = { Authorization = "hunter2" }
"""


def listed(tmp_path: Path, text: str) -> dict[str, tuple[object, str]]:
    path = tmp_path / "f.toml"
    path.write_text(text)
    found = read(path, env={"HEADGATE__NOTIFY__LEASE": "7"}, connector_settings=settings_of)
    assert found.settings is not None
    return {
        shown(setting.path): (setting.value, str(setting.origin).replace(str(path), "f"))
        for setting in list_settings(found.settings, found.origins)
    }


def test_each_value_has_its_origin(tmp_path: Path) -> None:
    settings = listed(tmp_path, TEXT)
    assert settings["notify.lease"] == (7.0, "HEADGATE__NOTIFY__LEASE")
    assert settings["notify.attempts"] == (12, "default")
    assert settings["hints.qos_limits.short"] == (60, "f:5")
    assert settings["service.parts"] == (["mail"], "f:7")
    assert settings["spool.path"] == ("/var/spool/headgate/mail", "default")


def test_secrets_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    settings = listed(tmp_path, TEXT)
    for key in (
        "store.url",
        "connectors.webhook.endpoints.ci.url",
        "connectors.webhook.endpoints.ci.headers.Authorization",
    ):
        assert settings[key][0] == MASK
    assert "hunter2" not in repr(settings)


def test_a_default_is_no_secret(tmp_path: Path) -> None:
    assert listed(tmp_path, "")["store.url"] == ("sqlite:////var/lib/headgate/headgate.db", "default")
