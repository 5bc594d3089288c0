"""Programs and templates of pages that need no cluster: run on what they are for, and held against what pages say."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from headgate.connectors.registry import make_connector
from headgate.connectors.samples import SAMPLES
from headgate.connectors.webhook.payload import sign
from headgate.gateway.templates.store import TemplateStore
from headgate.notify.connector import Envelope, Renders
from headgate.testing.postgresql import PostgresServer
from scripts.pictures import SUBJECTS
from tests.docs.pages import runnable

BODY, SECRET = b'{"version":1}', "a-secret-of-many-characters"


def test_a_webhook_is_verified_with_headgate_as_its_page_says() -> None:
    now = int(time.time())
    headers = {"Headgate-Timestamp": str(now), "Headgate-Signature": sign(BODY, now, SECRET)}
    names: dict[str, Any] = {"body": BODY, "headers": headers, "SECRET": SECRET}
    program = compile(runnable("verify-with-headgate"), "<docs>", "exec")
    exec(program, dict(names))  # noqa: S102 - our own pages
    with pytest.raises(PermissionError):
        exec(program, {**names, "body": BODY + b" "})  # noqa: S102 - our own pages


def test_openssl_makes_the_signature_that_headgate_makes(tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(BODY)
    lines = f"timestamp=1795000000 secret={SECRET}\n{runnable('openssl')}"
    done = subprocess.run(["/bin/bash", "-c", lines], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sign(BODY, 1795000000, SECRET).partition("=")[2] == done.stdout.split()[-1]


def test_the_program_that_makes_keys_for_ssh_makes_one_for_a_user_that_is_good_for_minutes(tmp_path: Path) -> None:
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{tmp_path}/ca"], check=True)
    program = tmp_path / "headgate-key"
    program.write_text(runnable("headgate-key").replace("/etc/headgate/ca", f"{tmp_path}/ca"))
    program.chmod(0o755)
    printed = subprocess.run([program, "ada"], capture_output=True, text=True, check=True).stdout
    assert printed.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    certificate = tmp_path / "key-cert.pub"
    certificate.write_text(printed.splitlines()[-1] + "\n")
    shown = subprocess.run(
        ["/usr/bin/ssh-keygen", "-L", "-f", certificate], capture_output=True, text=True, check=True
    ).stdout
    assert "Principals: \n                ada\n" in shown
    assert "source-address 192.0.2.10" in shown
    assert "Extensions: (none)" in shown


def test_a_job_template_makes_the_script_that_its_page_shows(tmp_path: Path) -> None:
    (tmp_path / "fit.j2").write_text(runnable("fit-template"))
    (tmp_path / "fit.json").write_text(runnable("fit-schema"))
    asked = json.loads(runnable("fit-request"))["template"]
    made = TemplateStore(tmp_path).render("portal", asked["name"], asked["parameters"])
    assert made.startswith(runnable("fit-script"))
    assert subprocess.run(["/bin/bash", "-n"], input=made, text=True, check=False).returncode == 0


@pytest.mark.postgresql
def test_the_query_about_connections_and_roles_counts_what_a_session_holds(postgres: PostgresServer) -> None:
    url = make_url(postgres.new_database())
    query = runnable("who-has-roles").replace("'headgate'", f"'{url.database}'")
    engine = create_engine(url.set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(7)"))
        [row] = connection.execute(text(query)).mappings()
    engine.dispose()
    assert (row["state"], row["roles"]) == ("active", 1)


@pytest.mark.parametrize("kind", ["slack", "telegram", "msteams"])
async def test_a_template_of_a_page_renders_a_real_message_in_the_real_sandbox(kind: str, tmp_path: Path) -> None:
    blocks = {"slack": "slack-template", "telegram": "telegram-template", "msteams": "msteams-template"}
    (tmp_path / "message.j2").write_text(runnable(blocks[kind]))
    subject = SUBJECTS[kind]
    connector = make_connector(kind, kind, {**subject.settings, "templates": str(tmp_path)})
    try:
        assert isinstance(connector, Renders)
        said = connector.render(Envelope(subject.target, SAMPLES["failed"], "docs-1")).payload
    finally:
        await connector.aclose()
    wanted = {
        "slack": "Peak memory: 56 GiB",
        "telegram": "<b>Nodes:</b> node[01-04]",
        "msteams": "https://help.example.org",
    }
    assert wanted[kind] in said
    assert "train" in said
