"""Slurmer's configuration as one of Headgate, and its apps as ``headgate app import`` takes them. Pure.

The keys are those that Slurmer documents and reads. Tokens are never in the configuration that is made: of each app,
the SHA-256 of its token goes into a document of its own, so that the old tokens go on working. Of all else in the file,
only what is a setting here, and has a setting's form, is repeated.
"""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from headgate.config.convert.address import origin
from headgate.config.convert.given import Given
from headgate.config.convert.page import Page
from headgate.model.app import token_hash

_ENVIRONMENT: Final = (
    "SLURMER_IP, SLURMER_PORT, SLURMER_CONNECTOR, SLURMER_WD, SLURMER_TEMPLATES_DIR, SLURMER_LOGS_FORMAT, "
    "SLURMER_LOGS_STDOUT, SLURMER_LOGS_OUTPUT, SLURMER_LOGS_LEVEL and SLURMREST_URL"
)
_HOST: Final = re.compile(r"[A-Za-z0-9_.-]+")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]+")
_MOST_PORTS: Final = 65535
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h)?")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LEVELS: Final = {"trace": "debug", "debug": "debug", "info": "info", "warning": "warning", "warn": "warning"} | {
    "error": "error", "fatal": "error", "panic": "error",
}  # fmt: skip
_FORMATS: Final = {"text": "console", "json": "json"}
_NOBODY: Final = ("", "~", "null", "Null", "NULL")
_ISSUER: Final = re.compile(r"https?://[A-Za-z0-9_.:\[\]-]+(?:/[A-Za-z0-9_.~%/+-]*)?")
_AUDIENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~:/+-]{0,254}")
_SOCKET: Final = re.compile(r"/[A-Za-z0-9_./-]{1,200}")
_ON: Final = ("true", "yes", "on", "y", "1")
_OFF: Final = ("", "false", "no", "off", "n", "0")
_SHORT: Final = 32
"""Characters under which a token can be guessed; Slurmer's own have 44."""
_LONGEST: Final = 512
_LONGEST_NAME: Final = 64
_SHOWN: Final = re.compile(r"[\w ./-]{1,64}")
"""Names of apps that are repeated; what looks like more than a name is not."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of Slurmer's file. ``apps``: name, id and token_sha256 of each app that can be taken over."""

    text: str
    apps: Sequence[Mapping[str, str]]


def convert(content: Mapping[str, object], name: str) -> Converted:
    """Return a configuration of Headgate, as TOML, that does what the file called ``name`` did, and the apps in it."""
    whole, page = Given(content), Page()
    page.remark(f"Made from {name} by headgate config convert slurmer. It holds no secrets.")
    page.remark(
        f"Slurmer also read {_ENVIRONMENT} from its environment, where they count more than its file. Whether its "
        "unit sets some of them was not looked at: put those values here."
    )
    own = whole.table("slurmer")
    _carry_service(own, page)
    _carry_slurm(own, whole.table("slurmrest"), page)
    _carry_acting(own, page)
    _carry_gateway(own, page)
    apps = _carry_apps(own.tables("applications"), page)
    if "oidc" in whole:
        _carry_oidc(whole.table("oidc"), page, apps)
    if whole.has("jwt_public_key"):
        page.remark("jwt_public_key: Headgate takes tokens of an OpenID Connect provider, [gateway.oidc].")
    for words in whole.odd():
        page.remark(words)
    for place in whole.left():
        page.remark(f"{place}: nothing that Slurmer reads; it was left out.")
    return Converted(page.text(), apps)


def _carry_service(own: Given, page: Page) -> None:
    service = page.table("service")
    ip, port = own.text("ip"), own.text("port")
    host = f"[{ip}]" if ":" in ip and _ADDRESS.fullmatch(ip) else ip
    fine = (host.startswith("[") or _HOST.fullmatch(host)) and port.isascii() and port.isdigit()
    if fine and 0 < int(port[:6]) <= _MOST_PORTS:
        open_to_all = ip in ("0.0.0.0", "::")  # noqa: S104 - what the other program did
        why = "All addresses, without TLS: put a reverse proxy before it, or name one address." if open_to_all else ""
        service.set("listen", f"{host}:{port}", why)
    else:
        service.set("listen", "127.0.0.1:8080", "ip and port are not both there, or are none: say where it listens.")
    logs, logging = own.table("logs"), page.table("logging")
    level, form = logs.text("level"), logs.text("format")
    if level:
        ours = _LEVELS.get(level.lower())
        exact = f"Slurmer's level was {level.lower()}." if ours else "logs.level was none of Slurmer's levels."
        logging.set("level", ours or "info", "" if ours == level.lower() else exact)
    if form:
        ours = _FORMATS.get(form.lower())
        logging.set("format", ours or "auto", "" if ours else "logs.format was none of Slurmer's formats.")
    if logs.has("output") or logs.has("stdout"):
        logging.remark(
            "logs.output and logs.stdout: Headgate writes its log to standard error, where systemd's journal keeps it "
            "(journalctl -u headgate)."
        )


def _carry_slurm(own: Given, slurmrest: Given, page: Page) -> None:
    slurm, connector = page.table("slurm"), own.text("connector")
    known = connector in ("", "slurmcli")
    slurm.set("driver", "cli", "" if known else "connector was one that Slurmer never had.")
    if slurmrest.has("url"):
        slurm.remark(
            f'slurmrest.url: Slurmer never used it. To ask slurmrestd, set driver = "rest" and a table [slurm.rest] '
            f"with {_rest_url(slurmrest.text('url'))}, a user, and where tokens come from."
        )
    interval = own.text("poll_interval")
    if interval:
        watcher, seconds = page.table("watcher"), _seconds(interval)
        if not seconds:
            watcher.remark("poll_interval is no time; Headgate looks every 10 s.")
        else:
            watcher.set("interval", seconds, "Seconds between two looks, each at all jobs in one question.")
            if seconds < 1:
                watcher.set("min_interval", seconds)


def _rest_url(url: str) -> str:
    """Say what Slurmer's address of slurmrestd is here: where it is, and nothing that may be a secret."""
    try:
        parts = urlsplit(url)
        socket = parse_qs(parts.query).get("socket", [""])[0]
    except ValueError:
        return "its url"
    if parts.scheme == "http+unix" and _SOCKET.fullmatch(socket):
        return f'url = "unix:{socket}"'
    address = origin(url)
    more = "" if url.rstrip("/") == address else " (the rest of the address was left out)"
    return f'url = "{address}"{more}' if address else "its url"


def _carry_acting(own: Given, page: Page) -> None:
    executor = page.table("executor")
    if own.has("executor_path"):
        executor.remark(
            "executor_path: that program is needed no more; remove it, it may act as anybody. Install "
            "Headgate's executor. MIN_UID, MAX_UID and SLURMER_UID, which were built into the old one, are min_uid, "
            "max_uid and service in /etc/headgate/executor.ini."
        )
    executor.set("socket", "/run/headgate-executor.sock")


def _carry_gateway(own: Given, page: Page) -> None:
    gateway = page.table("gateway")
    if own.has("working_dir"):
        gateway.remark(
            "working_dir: jobs' directories lie with their users now, below one of the executor's "
            "roots, on a file system that the nodes share. Those of old jobs, and slurmer.db, stay where they are and "
            "are not taken over."
        )
    gateway.set("directory", "~/headgate")
    if own.has("templates_dir"):
        gateway.remark(
            "templates_dir: a template in Go's language, through which every job went. A job's "
            "command is quoted and started without one. If yours did more, rewrite it as a job template "
            "(batch.tmpl becomes NAME.j2), name its directory as `templates`, and let clients ask for it."
        )


def _carry_apps(given: Sequence[Given], page: Page) -> list[Mapping[str, str]]:
    """Return the apps that can be taken over, and say how, and which cannot."""
    apps: list[Mapping[str, str]] = []
    remarks: list[str] = []
    for number, one in enumerate(given, 1):
        name, token, id_ = one.text("name"), one.secret("token"), one.text("uuid")
        called = f"App {name if _SHOWN.fullmatch(name) else number}"
        if token in _NOBODY or id_ in _NOBODY:
            remarks.append(
                f"{called} has no token or no uuid, so no client can know it. Make it anew: headgate app add"
            )
        elif (app_id := _uuid(id_)) is None:
            remarks.append(f"{called} was left out: its uuid is none. Make it anew: headgate app add")
        elif len(token) > _LONGEST:
            remarks.append(f"{called} was left out: its token has more than {_LONGEST} characters.")
        elif any(app_id == app["id"] or token_hash(token) == app["token_sha256"] for app in apps):
            remarks.append(f"{called} was left out: an app before it has the same uuid or the same token.")
        else:
            ours = _name(name, app_id, {app["name"] for app in apps})
            apps.append({"name": ours, "id": app_id, "token_sha256": token_hash(token)})
            if ours != name:
                remarks.append(f"{called} is called {ours} here; its uuid and token stay.")
            if len(token) < _SHORT:
                remarks.append(
                    f"The token of {ours} is short enough to be guessed: headgate app token rotate {ours} new"
                )
    if given:
        page.remark("Apps are in the store, not in this file. Take them over, with their tokens, by these commands:")
        page.remark("headgate config convert slurmer --apps apps.json CONFIG.yml")
        page.remark("headgate app import apps.json --any-user")
        page.remark(
            "--any-user lets each act for everybody, as Slurmer did. It is better without, and then for each: "
            "headgate app change NAME --group=GROUP"
        )
        page.remark("Who makes and lists apps by the API needs a token for that: headgate app admin-token add NAME")
    for words in remarks:
        page.remark(words)
    return apps


def _name(name: str, app_id: str, taken: set[str]) -> str:
    shown = name if _SHOWN.fullmatch(name) else ""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", shown).strip("-_.")[:_LONGEST_NAME] or f"app-{app_id[:8]}"
    return plain if plain not in taken else f"{plain[:50]}-{app_id[:8]}"


def _uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def _carry_oidc(given: Given, page: Page, apps: Sequence[Mapping[str, str]]) -> None:
    enabled, issuer, audience = given.text("enabled").lower(), given.text("issuer"), given.text("audience")
    fine, known = _ISSUER.fullmatch(issuer) is not None, _AUDIENCE.fullmatch(audience) is not None
    if enabled not in _ON:
        was = "it was off" if enabled in _OFF else "enabled was neither true nor false, and counts as off"
        named = " and ".join([f"issuer {issuer}"] * fine + [f"audience {audience}"] * known)
        page.remark(
            f"oidc: {was}; it is off here, too: without a table [gateway.oidc] no token of a provider is taken. "
            + (f"It named {named}. " if named else "It named no issuer and no audience that could be used. ")
            + "To switch it on, write [gateway.oidc] with issuer, audience, app and claim."
        )
        return
    oidc = page.table("gateway.oidc")
    oidc.set("issuer", issuer if fine else "https://REPLACE-THIS.example.org", "" if fine else "issuer is no address.")
    oidc.set("audience", audience if known else "REPLACE-THIS", "" if known else "audience is missing, or is none.")
    oidc.set(
        "app",
        apps[0]["name"] if apps else "REPLACE-THIS",
        "Slurmer wanted a token of an app beside this one, and believed the User header. Here the provider's token "
        "alone is enough, says who the user is, and this app's rules hold.",
    )
    oidc.set(
        "claim",
        "preferred_username",
        "Which claim is the Unix account? Slurmer looked at none. `pattern` and `users` map what is not.",
    )


def _seconds(text: str) -> float:
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _SECONDS[found[2] or "s"] if found else 0.0
    return math.floor(seconds) if seconds == math.floor(seconds) else seconds
