"""Every setting of Slurmer's, slurm-proxy's and the EESSI bot's is known to its converter, and has a row in a guide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headgate.config.convert import eessi_file, slurm_proxy, slurmer

HOWTO = Path(__file__).parents[3] / "docs" / "howto"
KEYS = (
    "slurmrest.url", "slurmer.ip", "slurmer.port", "slurmer.connector", "slurmer.working_dir",
    "slurmer.templates_dir", "slurmer.executor_path", "slurmer.applications", "slurmer.poll_interval",
    "slurmer.logs.format", "slurmer.logs.stdout", "slurmer.logs.output", "slurmer.logs.level", "oidc.enabled",
    "oidc.issuer", "oidc.audience", "jwt_public_key",
)  # fmt: skip
"""The keys that Slurmer reads."""
OVERRIDES = (
    "SLURMER_IP", "SLURMER_PORT", "SLURMER_CONNECTOR", "SLURMER_WD", "SLURMER_TEMPLATES_DIR",
    "SLURMER_LOGS_FORMAT", "SLURMER_LOGS_STDOUT", "SLURMER_LOGS_OUTPUT", "SLURMER_LOGS_LEVEL", "SLURMREST_URL",
    "MIN_UID", "MAX_UID", "SLURMER_UID",
)  # fmt: skip
"""What Slurmer reads from its environment, or had built in."""
VARIABLES = (
    "FLASK_APP_NAME", "FLASK_APP_PORT", "FLASK_APP_HOST", "FLASK_APP_DEBUG_MODE", "FLASK_APP_USE_RELOADER", "NAME",
    "PORT", "DOTENV_FILE", "SLURM_JWT_HS256_KEY_BASE64", "SLURM_REST_HOST", "SLURM_REST_URL",
    "SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION", "SLURM_REST_JWT_EXPIRATION_TIME", "SSH_USERNAME", "SSH_HOSTNAME",
    "SSH_PRIVATE_KEY_PATH", "MONGODB_URI", "MONGODB_MONITOR_DB", "MONGODB_TIMEOUT",
    "MONGODB_MONITOR_JOBS_COLLECTION", "MONGODB_MONITOR_JOB_CREATED_AT_MAX_AGE", "MONITOR_POLLING_INTERVAL",
    "RABBITMQ_HOST", "RABBITMQ_PORT", "RABBITMQ_USERNAME", "RABBITMQ_PASSWORD", "RABBITMQ_PATH", "SMTP_SERVER",
    "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "GMAIL_CREDENTIALS_PATH", "SLACK_BOT_TOKEN", "SLACK_CHANNEL",
)  # fmt: skip
"""The variables that slurm-proxy's ``constants.py`` reads."""


def has_row(page: str, name: str) -> bool:
    lines = (HOWTO / page).read_text().splitlines()
    return any(f"`{name}`" in line.split("|")[1] for line in lines if line.startswith("| "))


@pytest.mark.parametrize("name", [*KEYS, *OVERRIDES])
def test_each_setting_of_slurmers_has_a_row(name: str) -> None:
    assert has_row("from-slurmer.md", name)


@pytest.mark.parametrize("name", KEYS)
def test_each_key_of_slurmers_is_known(name: str) -> None:
    content: dict[str, Any] = {}
    *above, key = name.split(".")
    own = content
    for table in above:
        own = own.setdefault(table, {})
    own[key] = [] if key == "applications" else "1"
    assert "nothing that Slurmer reads" not in slurmer.convert(content, "config.yml").text


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_of_slurm_proxys_is_known_and_has_a_row(name: str) -> None:
    text = slurm_proxy.convert({name: "1", f"NOTIFICATIONS_{name}": "1"}, ".env")
    assert "nothing that slurm-proxy reads" not in text
    assert has_row("from-slurm-proxy.md", name)


EESSI = sorted(
    {
        key
        for table in (eessi_file.NEEDED, eessi_file.USELESS, eessi_file.OPTIONAL)
        for keys in table.values()
        for key in keys
    }
    | {*eessi_file.NEEDED_ON_GITHUB}
)


@pytest.mark.parametrize("name", EESSI)
def test_each_key_of_the_eessi_bots_has_a_row(name: str) -> None:
    lines = (HOWTO / "from-eessi-bot.md").read_text().splitlines()
    named = [line.split("|")[1] for line in lines if line.startswith("| `[")]
    assert any(f"`{name}`" in cell or f"] {name}`" in cell for cell in named)
