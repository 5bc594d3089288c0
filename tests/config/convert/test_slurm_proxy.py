"""slurm-proxy's variables become a configuration that Headgate can be run with, and that holds no secret."""

from __future__ import annotations

import tomllib
import traceback
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from headgate.cli.main import headgate
from headgate.config.convert.slurm_proxy import convert
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.connectors.mailto.settings import MailtoSettings, Security, Transport
from headgate.connectors.registry import settings_of
from headgate.errors import ConfigError

SECRETS = ("c2VjcmV0a2V5", "mongo-secret", "rabbit-secret", "mail $secret", "xoxb-slack-secret")
SITE = """
FLASK_APP_NAME=slurm-proxy
FLASK_APP_PORT=5001
FLASK_APP_HOST=10.1.2.3
FLASK_APP_DEBUG_MODE=True
SLURM_JWT_HS256_KEY_BASE64=c2VjcmV0a2V5
SLURM_REST_HOST=https://slurmapi.example.org:6820
SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION=0.0.42
SLURM_REST_JWT_EXPIRATION_TIME=60
SSH_USERNAME=proxy
MONGODB_URI=mongodb://proxy:mongo-secret@db.example.org/
MONGODB_MONITOR_JOB_CREATED_AT_MAX_AGE=14
MONITOR_POLLING_INTERVAL=2
RABBITMQ_HOST=mq.example.org
RABBITMQ_USERNAME=proxy
RABBITMQ_PASSWORD=rabbit-secret
RABBITMQ_PATH=/jobs
NOTIFICATIONS_SMTP_SERVER=smtp.example.org
SMTP_PORT=2525
SMTP_USERNAME=robot@example.org
SMTP_PASSWORD='mail $secret'
GMAIL_CREDENTIALS_PATH=gmail.credentials.json
SLACK_BOT_TOKEN=xoxb-slack-secret
SLACK_CHANNEL=general
export SURPRISE=hunter2
EMPTY
"""
CONSTANTS = """
import paramiko
from app.task_notification import NotificationMethod

TASK_METADATA = {
    "echo_hello_world": {
        "cmd": "echo",
        "default_params": [],
        "description": "Says hello",
        "notification": {
            "methods": [NotificationMethod.EMAIL, NotificationMethod.SLACK, NotificationMethod.RABBITMQ],
            "params": {
                "email": {"sender": "a@example.org", "recipient": "b@example.org", "subject": "s", "body": "b"},
                "slack": {"msg": "m", "channel": "general"},
                "rabbitmq": {"queue": "done", "exchange": "", "routing_key": "done", "body": "b"},
            },
        },
    },
}
raise RuntimeError("this is read, not run")
"""


def files(tmp_path: Path) -> tuple[Path, Path]:
    env, constants = tmp_path / ".env", tmp_path / "constants.py"
    env.write_text(SITE)
    constants.write_text(CONSTANTS)
    return env, constants


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(headgate, [str(word) for word in words])


def converted(tmp_path: Path) -> str:
    env, constants = files(tmp_path)
    done = run("config", "convert", "slurm-proxy", env, "--tasks", constants)
    assert done.exit_code == 0, done.output
    return done.stdout


def put_secrets(text: str, tmp_path: Path) -> Path:
    """Do what the remarks say: put secrets into the files that are named. Returns the configuration file."""
    for name, value in (
        ("smtp.password", "mail $secret"),
        ("gmail.json", "{}"),
        ("slack.token", "xoxb-slack-secret"),
        ("rabbitmq.url", "amqp://proxy:rabbit-secret@mq.example.org:5672/%2Fjobs"),
    ):
        (tmp_path / name).write_text(value)
        (tmp_path / name).chmod(0o600)
    path = tmp_path / "headgate.toml"
    path.write_text(text.replace('"/etc/headgate/', f'"{tmp_path}/'))
    path.chmod(0o600)
    return path


def settings(text: str, tmp_path: Path) -> Settings:
    return load(put_secrets(text, tmp_path), connector_settings=settings_of)


def remarks(text: str) -> str:
    return " ".join(line.removeprefix("# ") for line in text.splitlines())


def test_headgate_takes_what_a_whole_site_becomes_once_the_secrets_are_in_place(tmp_path: Path) -> None:
    text = converted(tmp_path)
    own = settings(text, tmp_path)
    assert own.service.listen == "10.1.2.3:5001"
    assert own.slurm.driver == "rest"
    assert own.slurm.rest is not None
    assert own.slurm.rest.url == "https://slurmapi.example.org:6820"
    assert (own.slurm.rest.api_versions, own.slurm.rest.token_lifetime) == (("0.0.42",), 60)
    assert own.watcher.interval == 120
    assert own.notify.default_connector == "mailto"
    assert set(own.connectors) == {"mailto", "gmail", "slack", "rabbitmq"}
    mail, gmail = own.connectors["mailto"], own.connectors["gmail"]
    assert isinstance(mail, MailtoSettings)
    assert isinstance(gmail, MailtoSettings)
    assert (mail.host, mail.port, mail.security, mail.way) == (
        "smtp.example.org", 2525, Security.STARTTLS, Transport.SMTP,
    )  # fmt: skip
    assert (mail.username, mail.from_address) == ("robot@example.org", "robot@example.org")
    assert gmail.way is Transport.GMAIL
    told = own.gateway.tasks["echo_hello_world"].notify
    assert told == ("mailto:b@example.org", "slack:#general", "rabbitmq:done")
    checked = run("-c", put_secrets(text, tmp_path), "config", "check")
    assert checked.exit_code == 0, checked.output


def test_no_secret_is_in_the_output(tmp_path: Path) -> None:
    env, constants = files(tmp_path)
    done = run("config", "convert", "slurm-proxy", env, "--tasks", constants)
    assert not [one for one in (*SECRETS, "hunter2") if one in done.stdout + done.stderr]


@pytest.mark.parametrize(
    "words",
    [
        "The file holds the value of SMTP_PASSWORD.",
        "The file holds the value of SLACK_BOT_TOKEN",
        "amqp://USER:PASSWORD@mq.example.org:5672/%2Fjobs",
        "copy Slurm's own jwt_hs256.key there",
        "A copy of the file that GMAIL_CREDENTIALS_PATH names",
        "FLASK_APP_NAME: the service has no name of its own.",
        "FLASK_APP_DEBUG_MODE: there is no debug mode",
        "MONGODB_URI: Headgate's store is SQLite, or PostgreSQL",
        "MONGODB_MONITOR_JOB_CREATED_AT_MAX_AGE: a job is watched until it is over",
        "SSH_USERNAME: see the remark in [executor].",
        "slurm-proxy used one account's SSH key for all",
        "SLACK_CHANNEL (general) was for tasks that named no channel",
        "One question for all jobs, where slurm-proxy asked once for each",
        "slurm-proxy asked nobody for a token.",
        "tasks_open_to",
        "Lines 25 to 26: nothing that slurm-proxy reads; it was left out.",
        "Variables that its container or unit sets counted more than this file",
    ],
)
def test_what_is_not_carried_over_exactly_has_a_remark(words: str, tmp_path: Path) -> None:
    assert words in remarks(converted(tmp_path))


def test_without_its_kinds_of_task_it_says_how_to_give_them() -> None:
    text = convert({"RABBITMQ_HOST": "mq"}, ".env")
    assert "give --tasks FILE" in remarks(text)
    assert tomllib.loads(text)["connectors"]["rabbitmq"]["destinations"] == {"tasks": {"queue": "tasks"}}


def test_ways_that_were_not_set_up_make_no_connector(tmp_path: Path) -> None:
    own = settings(convert({"SLACK_BOT_TOKEN": "xoxb-slack-secret"}, ".env"), tmp_path)
    assert (set(own.connectors), own.notify.default_connector) == ({"slack"}, "slack")
    none = convert({}, ".env")
    assert "tasks that want it are refused" in remarks(none)
    assert "connectors" not in tomllib.loads(none)


def test_a_name_counts_more_than_the_one_with_a_prefix() -> None:
    text = convert({"NOTIFICATIONS_SMTP_SERVER": "long.example.org", "SMTP_SERVER": "short.example.org"}, ".env")
    assert tomllib.loads(text)["connectors"]["mailto"]["host"] == "short.example.org"
    assert "NOTIFICATIONS_SMTP_SERVER" not in text


@pytest.mark.parametrize(
    ("variables", "listen"),
    [
        ({}, "0.0.0.0:5001"),
        ({"FLASK_APP_HOST": "::"}, "[::]:5001"),
        ({"FLASK_APP_HOST": "127.0.0.1", "PORT": "80"}, "127.0.0.1:80"),
        ({"FLASK_APP_HOST": "a b"}, "127.0.0.1:5001"),
        ({"FLASK_APP_PORT": "http"}, "127.0.0.1:5001"),
        ({"FLASK_APP_PORT": "9" * 5000}, "127.0.0.1:5001"),
    ],
)
def test_it_listens_where_slurm_proxy_did(variables: dict[str, str], listen: str, tmp_path: Path) -> None:
    assert settings(convert(variables, ".env"), tmp_path).service.listen == listen


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"SLURM_REST_URL": "http://slurm.example.org:6820/slurm/v0.0.42"}, "http://slurm.example.org:6820"),
        ({"SLURM_REST_HOST": "https://ada:hunter2@slurm.example.org"}, "https://slurm.example.org"),
        ({"SLURM_REST_HOST": "https://slurm.example.org/?token=hunter2"}, "https://slurm.example.org"),
        ({"SLURM_REST_HOST": "https://ada:1/hunter2@slurm.example.org"}, "https://REPLACE-THIS.example.org"),
        ({"SLURM_REST_HOST": "slurm.example.org"}, "https://REPLACE-THIS.example.org"),
        ({"SLURM_REST_HOST": "https://[::1"}, "https://REPLACE-THIS.example.org"),
        ({"SLURM_REST_HOST": "https://x:99999"}, "https://REPLACE-THIS.example.org"),
        ({}, "https://REPLACE-THIS.example.org"),
    ],
)
def test_slurmrestd_is_asked_where_slurm_proxy_asked_it(variables: dict[str, str], url: str, tmp_path: Path) -> None:
    text = convert(variables, ".env")
    rest = settings(text, tmp_path).slurm.rest
    assert rest is not None
    assert rest.url == url
    assert "hunter2" not in text


@pytest.mark.parametrize(("version", "kept"), [("v0.0.40", ("0.0.40",)), ("0.0.35", ()), ("newest", ())])
def test_a_version_of_the_api_that_headgate_knows_is_kept(version: str, kept: tuple[str, ...], tmp_path: Path) -> None:
    text = convert({"SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION": version}, ".env")
    rest = settings(text, tmp_path).slurm.rest
    assert rest is not None
    assert rest.api_versions == kept


names = st.sampled_from(
    [
        "FLASK_APP_HOST", "FLASK_APP_PORT", "SLURM_REST_HOST", "SLURM_REST_URL", "SLURM_REST_JWT_EXPIRATION_TIME",
        "SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION", "MONITOR_POLLING_INTERVAL", "SMTP_SERVER", "SMTP_PORT",
        "SMTP_USERNAME", "GMAIL_CREDENTIALS_PATH", "SLACK_CHANNEL", "RABBITMQ_HOST", "RABBITMQ_PORT", "RABBITMQ_PATH",
    ]
)  # fmt: skip


@examples(deadline=None)
@given(variables=st.dictionaries(names | st.text(max_size=5), st.none() | st.text(max_size=30) | st.just("5")))
def test_whatever_they_hold_becomes_a_configuration(
    variables: dict[str, str | None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings(convert(variables, ".env"), tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(
    "value",
    [
        "SLURM_JWT_HS256_KEY_BASE64=c2VjcmV0a2V5\nhunter2",
        "SLURM_JWT_HS256_KEY_BASE64=c2VjcmV0a2V5\nhunter2==",
        "SSH_PRIVATE_KEY_PATH=-----BEGIN KEY-----\nhunter2\nhunter2=\n-----END KEY-----",
        'SMTP_PASSWORD="mail\nhunter2"',
        'SMTP_PASSWORD="mail\nhunter2',
        "SLACK_CHANNEL='general\nSLACK_BOT_TOKEN=hunter2'",
        'GMAIL_CREDENTIALS_PATH=\'{\n"private_key": "hunter2"}\'',
        "SMTP_USERNAME='robot\nhunter2'",
        "RABBITMQ_HOST='mq\nhunter2'",
        "RABBITMQ_PATH='/jobs\nhunter2'",
        "FLASK_APP_NAME='a\nhunter2'",
        "'a\nhunter2'=x",
    ],
)
def test_the_second_line_of_a_value_is_not_repeated(value: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"FLASK_APP_PORT=5002\n{value}\n")
    done = run("config", "convert", "slurm-proxy", tmp_path / ".env")
    assert done.exit_code == 0, done.output
    assert "hunter2" not in done.output
    assert tomllib.loads(done.stdout)["service"]["listen"] == "0.0.0.0:5002"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("\nSLURM_JWT_HS256_KEY_BASE64=c2Vj\nhunter2\nhunter22=", "Lines 3 to 4: nothing that slurm-proxy reads"),
        ("SMTP_USERNAME='robot\nhunter2'", "SMTP_USERNAME goes over more than one line; it was left out."),
        ("\n\nSLACK_CHANNEL='general", "Line 3: nothing could be read there. Is a quote not closed?"),
        ("RABBITMQ_HOST=amqp://ada:hunter2@mq/", "RABBITMQ_HOST is none that could be used here"),
        ("RABBITMQ_HOST=mq\nRABBITMQ_PATH=amqp://ada:hunter2@mq/", "RABBITMQ_PATH is none that could be used here"),
        ("RABBITMQ_HOST=mq\nRABBITMQ_PORT=hunter2", "RABBITMQ_PORT is none that could be used here"),
        ("SMTP_USERNAME=ada:hunter2", "SMTP_USERNAME is missing, or is no name"),
        ("SLURM_REST_URL=https://ada:hunter2@s.example.org/slurm", "Of the address, only this:"),
    ],
)
def test_what_is_not_repeated_is_told_by_its_place(value: str, words: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{value}\n")
    done = run("config", "convert", "slurm-proxy", tmp_path / ".env")
    assert words in remarks(done.stdout)
    assert "hunter2" not in done.output


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("constants.py", "x = 1", "TASK_METADATA"),
        ("constants.py", "TASK_METADATA = dict(a=1)", "line 1"),
        ("constants.py", "def (", "line 1 is no Python"),
        ("constants.py", "hunter2 hunter2 = 'hunter2", "line 1 is no Python"),
        ("constants.py", "TASK_METADATA = {['hunter2']: 1}", "line 1"),
        ("constants.py", "TASK_METADATA = " + "[" * 5000, "constants.py"),
        ("tasks.json", "[]", "tasks.json"),
        ("tasks.json", '{"hunter2": hunter2}', "line 1 is no JSON"),
    ],
)
def test_kinds_that_cannot_be_read_are_an_error_that_says_where(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    env, _ = files(tmp_path)
    (tmp_path / name).write_text(text)
    done = run("config", "convert", "slurm-proxy", env, "--tasks", tmp_path / name)
    assert done.exit_code != 0
    assert isinstance(done.exception, ConfigError)
    assert said in done.exception.message
    assert "hunter2" not in "".join(traceback.format_exception(done.exception))
