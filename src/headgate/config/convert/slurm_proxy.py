"""slurm-proxy's environment (``.env``), and its kinds of task, as a configuration of Headgate. Pure.

The variables are those that its ``constants.py`` reads. No secret is carried over: where one belongs, the
configuration names a file, and a remark says which variable's value goes into it. Of all else, only what is a setting
here, and has a setting's form, is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from headgate.config.convert.address import HOST, origin, port_number, whole_number
from headgate.config.convert.given import Given
from headgate.config.convert.page import Page, Table
from headgate.config.convert.task_kinds import carry_kinds
from headgate.config.convert.written import lines

_ALIAS: Final = "NOTIFICATIONS_"
_VERSION: Final = re.compile(r"v?(0\.0\.(?:3[6-9]|4[0-4]))")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SENDER: Final = "slurm@example.org"
_LOGIN: Final = re.compile(r"[A-Za-z0-9_.%+@\\-]{1,254}")
"""What a mail server calls somebody."""
_CHANNEL: Final = re.compile(r"[#@]?[\w.-]{1,80}")
_VHOST: Final = re.compile(r"[A-Za-z0-9_./-]{0,255}")
_ODD: Final = {
    "FLASK_APP_NAME": "the service has no name of its own.",
    "NAME": "the service has no name of its own.",
    "FLASK_APP_DEBUG_MODE": "there is no debug mode; logging.level says how much is logged.",
    "FLASK_APP_USE_RELOADER": "a running service reads its configuration again with `systemctl reload headgate`.",
    "DOTENV_FILE": "Headgate reads /etc/headgate/headgate.toml, or the file that `headgate --config` names.",
    "MONGODB_URI": "Headgate's store is SQLite, or PostgreSQL (store.url). Records of old jobs are not taken over: let "
    "them end first.",
    "MONGODB_MONITOR_DB": "the store has one database, named in store.url.",
    "MONGODB_MONITOR_JOBS_COLLECTION": "the store's tables have names of their own.",
    "MONGODB_TIMEOUT": "the store has no such bound.",
    "MONGODB_MONITOR_JOB_CREATED_AT_MAX_AGE": "a job is watched until it is over, however old it is.",
    "SSH_USERNAME": "see the remark in [executor].",
    "SSH_HOSTNAME": "see the remark in [executor].",
    "SSH_PRIVATE_KEY_PATH": "see the remark in [executor].",
}
"""Variables without a counterpart, and why."""
_BROKER: Final = ("RABBITMQ_HOST", "RABBITMQ_PORT", "RABBITMQ_USERNAME", "RABBITMQ_PASSWORD", "RABBITMQ_PATH")


def convert(
    variables: Mapping[str, str | None],
    name: str,
    kinds: Mapping[str, object] | None = None,
    unread: Sequence[int] = (),
) -> str:
    """Return a configuration of Headgate, as TOML, that does what slurm-proxy did with these variables.

    ``kinds``: its TASK_METADATA, if that was given. ``unread``: lines of the file that set nothing.
    """
    short = {key.removeprefix(_ALIAS): value for key, value in variables.items() if key.startswith(_ALIAS)}
    plain = {key: value for key, value in variables.items() if not key.startswith(_ALIAS)}
    env, page = Given({**short, **plain}), Page()
    page.remark(f"Made from {name} by headgate config convert slurm-proxy. It holds no secrets.")
    page.remark(
        "Variables that its container or unit sets counted more than this file, and were not looked at: put their "
        "values here."
    )
    page.remark(
        "Where a remark names a file for a secret, put that alone into it, readable by Headgate only: install -m 600 "
        "-o headgate. An environment variable or a systemd credential will do, too: write ..._env or ..._credential "
        "in place of ..._file."
    )
    page.remark(
        "slurm-proxy asked nobody for a token. Headgate does: headgate app add tasks --group=GROUP, and clients send "
        "it as X-Auth-Token. See [gateway] for those that cannot yet."
    )
    _carry_service(env, page)
    _carry_slurm(env, page)
    _carry_executor(page)
    _carry_watching(env, page)
    page.table("gateway").remark(
        'To open the routes to some addresses without a token: tasks_open_to = ["192.0.2.7/32"] and '
        'tasks_app = "tasks", whose rules hold for them.'
    )
    connectors = _carry_connectors(env, page)
    if kinds is None:
        page.remark("Kinds of task beside generic and echo_hello_world are in slurm-proxy's code: give --tasks FILE.")
    else:
        carry_kinds(kinds, page, connectors)
    _name_a_queue(page)
    for key, why in _ODD.items():
        if env.has(key):
            page.remark(f"{key}: {why}")
    for words in env.odd():
        page.remark(words)
    for place in env.left():
        page.remark(
            f"{place}: nothing that slurm-proxy reads; it was left out. A value that goes on there has only its first "
            "line, here as in slurm-proxy, unless it is in quotes."
        )
    if unread:
        page.remark(f"{lines(unread).capitalize()}: nothing could be read there. Is a quote not closed?")
    return page.text()


def _carry_service(env: Given, page: Page) -> None:
    host, port = env.text("FLASK_APP_HOST"), env.text("FLASK_APP_PORT") or env.text("PORT")
    env.note("PORT")
    service = page.table("service")
    own, number = host or "0.0.0.0", port_number(port, 5001)  # noqa: S104 - what the other program did
    own = f"[{own}]" if ":" in own and not own.startswith("[") else own
    if not HOST.fullmatch(own) or (port and not number):
        service.set("listen", "127.0.0.1:5001", "FLASK_APP_HOST or FLASK_APP_PORT is none: say where it listens.")
    elif own in ("0.0.0.0", "[::]"):  # noqa: S104
        why = "All addresses, without TLS, as slurm-proxy did. Put a reverse proxy before it, or name one address."
        service.set("listen", f"{own}:{number}", why)
    else:
        service.set("listen", f"{own}:{number}")


def _carry_slurm(env: Given, page: Page) -> None:
    slurm, rest = page.table("slurm"), page.table("slurm.rest")
    slurm.set(
        "driver",
        "rest",
        'As slurm-proxy did. With Slurm\'s commands on this host, driver = "cli" needs no [slurm.rest] and no key.',
    )
    given = [env.text(key) for key in ("SLURM_REST_HOST", "SLURM_REST_URL")]
    found = [(address, url) for url in given if (address := origin(url))]
    if found:
        address, url = found[0]
        more = (
            ""
            if url.rstrip("/") == address
            else "Of the address, only this: Headgate knows the paths, and logs in by token."
        )
        rest.set("url", address, more)
    else:
        rest.set("url", "https://REPLACE-THIS.example.org", "No SLURM_REST_HOST that is an address: say where it is.")
    rest.set("user", "headgate", "As whom the queue and the accounting are read; slurm-proxy said generic.")
    rest.set(
        "key_file",
        "/etc/headgate/jwt_hs256.key",
        "SLURM_JWT_HS256_KEY_BASE64 was the cluster's key: copy Slurm's own jwt_hs256.key there (mode 600, owner "
        "headgate). Whoever reads it is root on the cluster; token_command in its place is better.",
    )
    env.note("SLURM_JWT_HS256_KEY_BASE64")
    if version := env.text("SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION"):
        if known := _VERSION.fullmatch(version):
            rest.set("api_versions", [known[1]], "Without this line, the newest that both sides know.")
        else:
            rest.remark("SLURM_REST_API_DATA_PARSER_PLUGIN_VERSION: none of 0.0.36 to 0.0.44; the newest is taken.")
    if lifetime := env.text("SLURM_REST_JWT_EXPIRATION_TIME"):
        seconds = whole_number(lifetime)
        if seconds:
            rest.set("token_lifetime", seconds)
        else:
            rest.remark("SLURM_REST_JWT_EXPIRATION_TIME is no number of seconds; it was left out.")


def _carry_executor(page: Page) -> None:
    page.table("executor").set(
        "socket",
        "/run/headgate-executor.sock",
        "Directories are made and outputs read as their users: install Headgate's executor. "
        "slurm-proxy used one account's SSH key for all; to act by SSH, each user has their own ([executor.ssh]).",
    )


def _carry_watching(env: Given, page: Page) -> None:
    minutes = env.text("MONITOR_POLLING_INTERVAL")
    if not minutes:
        return
    count = whole_number(minutes)
    if count:
        why = "One question for all jobs, where slurm-proxy asked once for each; without this line, every 10 seconds."
        page.table("watcher").set("interval", count * 60, why)
    else:
        page.table("watcher").remark("MONITOR_POLLING_INTERVAL is no number of minutes; it was left out.")


def _carry_connectors(env: Given, page: Page) -> list[str]:
    """Write the connector of each method that was set up; return what they are called, the default one first."""
    made: list[str] = []
    notify = page.table("notify")
    for name, keys, carry in (
        ("mailto", ("SMTP_SERVER", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD"), _carry_mail),
        ("gmail", ("GMAIL_CREDENTIALS_PATH",), _carry_gmail),
        ("slack", ("SLACK_BOT_TOKEN", "SLACK_CHANNEL"), _carry_slack),
        ("rabbitmq", _BROKER, _carry_broker),
    ):
        if [key for key in keys if env.has(key)]:
            carry(env, page.table(f"connectors.{name}"))
            made.append(name)
    if made:
        notify.set("default_connector", made[0])
    else:
        notify.remark("Nothing in these variables says how somebody is told; tasks that want it are refused.")
    return made


def _carry_mail(env: Given, table: Table) -> None:
    server, port, user = env.text("SMTP_SERVER"), env.text("SMTP_PORT"), env.text("SMTP_USERNAME")
    table.set("kind", "mailto")
    _set_sender(table, user)
    fine = bool(HOST.fullmatch(server))
    table.set("host", server if fine else "localhost", "" if fine else "SMTP_SERVER is missing, or is no host.")
    number = port_number(port, 587)
    table.set("port", number or 587, "" if number else "SMTP_PORT is no port.")
    table.set("security", "starttls")
    named = _LOGIN.fullmatch(user) is not None
    why = "SMTP_USERNAME is missing, or is no name; slurm-proxy always logged in: as whom?"
    table.set("username", user if named else "REPLACE-THIS", "" if named else why)
    table.set("password_file", "/etc/headgate/smtp.password", "The file holds the value of SMTP_PASSWORD.")


def _carry_gmail(_: Given, table: Table) -> None:
    table.set("kind", "mailto")
    table.set("transport", "gmail")
    _set_sender(table, "")
    why = "A copy of the file that GMAIL_CREDENTIALS_PATH names: the key of a service account."
    table.set("gmail_key_file", "/etc/headgate/gmail.json", why)


def _set_sender(table: Table, user: str) -> None:
    sender = user if _ADDRESS.fullmatch(user) else _SENDER
    table.set("from_address", sender, "Every mail's sender; slurm-proxy took each task's. Say which it is.")


def _carry_slack(env: Given, table: Table) -> None:
    table.set("kind", "slack")
    table.set("token_file", "/etc/headgate/slack.token", "The file holds the value of SLACK_BOT_TOKEN (xoxb-...).")
    if env.has("SLACK_CHANNEL"):
        channel = env.text("SLACK_CHANNEL")
        shown = f" ({channel})" if _CHANNEL.fullmatch(channel) else ""
        table.remark(
            f"SLACK_CHANNEL{shown} was for tasks that named no channel: such tasks are refused. To tell a "
            "channel of every task of a kind, write it into notify of [gateway.tasks.NAME]."
        )


def _carry_broker(env: Given, table: Table) -> None:
    host, port, path = env.text("RABBITMQ_HOST"), env.text("RABBITMQ_PORT"), env.text("RABBITMQ_PATH")
    number = port_number(port, 5672)
    shown = host or "localhost" if HOST.fullmatch(host or "localhost") else "HOST"
    vhost = ("" if path == "/" else quote(path, safe="")) if _VHOST.fullmatch(path) else "VHOST"
    for key, fine in (("HOST", shown != "HOST"), ("PORT", bool(number)), ("PATH", vhost != "VHOST")):
        if not fine:
            table.remark(f"RABBITMQ_{key} is none that could be used here: say what it is in the file.")
    table.set("kind", "rabbitmq")
    table.set(
        "url_file",
        "/etc/headgate/rabbitmq.url",
        f"The file holds one line, amqp://USER:PASSWORD@{shown}:{number or 5672}/{vhost} (amqps:// for TLS), with the "
        "values of RABBITMQ_USERNAME and RABBITMQ_PASSWORD; special characters are written as in %40.",
    )
    table.remark(
        "Each queue that tasks may name is a destination of that name, below; a task that names another is refused. "
        "slurm-proxy made queues; Headgate makes a durable one with declare = true."
    )


def _name_a_queue(page: Page) -> None:
    """Write a destination for RabbitMQ, which cannot be without, if the kinds of task named none."""
    if "connectors.rabbitmq" in page.tables and not any(".destinations." in name for name in page.tables):
        table = page.table("connectors.rabbitmq.destinations.tasks")
        table.set("queue", "tasks", "An example: no queue's name is in slurm-proxy's variables.")
