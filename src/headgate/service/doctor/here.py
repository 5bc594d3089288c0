"""This host: the spool, the executor, the service's own answer."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path
from typing import Final

import httpx2
from sqlalchemy import make_url

from headgate.config.settings import Settings
from headgate.errors import HeadgateError
from headgate.events.sources.mail.spool import MailSpool
from headgate.executor.client import ExecutorClient
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.finding import Finding, note, well, wrong
from headgate.service.bots import has_bot

_WAITING: Final = 60.0
"""Seconds after which a mail in the spool should have been read."""
_PATIENCE: Final = 5.0
_LISTENING: Final = re.compile(r'^headgate_bot_listening\{bot="([^"\\]*)"\} (\d[\d.e+]*)$', re.MULTILINE)
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be asked, not to be bound


def spool(settings: Settings) -> list[Finding]:
    """Look at the spool directory, and at what lies in it."""
    if "mail" not in settings.service.parts:
        return []
    area, path = "spool", settings.spool.path
    if not path.is_dir():
        return [wrong(area, f"there is no directory {path}", "run `headgate mailprog install` as root")]
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        who = f"uid {os.geteuid()}"
        return [
            wrong(area, f"{path} cannot be read and written by {who}", "run the doctor, and Headgate, as its account")
        ]
    try:
        lying = MailSpool(path)
        names, aside = lying.names(), lying.aside()
        oldest = min([(path / name).stat().st_mtime for name in names[:1000]], default=time.time())
    except (OSError, HeadgateError) as error:
        return [wrong(area, f"{path}: {error}", "run `headgate mailprog install` as root")]
    found = [well(area, f"{path}: {len(names)} mails wait")]
    if time.time() - oldest > _WAITING:
        waited = f"the oldest has waited for {(time.time() - oldest) / 60:.0f} minutes"
        found = [wrong(area, f"{path}: {len(names)} mails wait, {waited}", "see that `headgate serve` runs")]
    if aside:
        found.append(note(area, f"{len(aside)} records could not be read", "see them: headgate spool list"))
    return found


async def executor(settings: Settings) -> list[Finding]:
    """Ask the executor about an account that it always refuses: its answer shows that it knows us."""
    area, path = "executor", settings.executor.path
    if settings.executor.way != "executor" or path is None:
        return []
    how = "see `systemctl status headgate-executor.socket`, and docs/howto/executor.md"
    try:
        await ExecutorClient(path, patience=_PATIENCE).ping("root")
    except RefusedError as error:
        if error.error in ("user", "root", "forbidden"):
            return [well(area, f"it answers on {path}")]
        advice = (
            "run the doctor as the account that the executor's configuration names" if error.error == "peer" else how
        )
        return [wrong(area, f"{path}: {error.message}", advice)]
    except ExecutorError as error:
        return [wrong(area, error.message, how)]
    return [wrong(area, f"{path} acts for root", "something else listens there: set the executor up anew")]


def _url(settings: Settings, page: str) -> str:
    """Return a page of the running service; empty if there is none, or nobody knows where."""
    address = settings.service.address
    if address is None or not address[1] or "http" not in settings.service.parts:
        return ""
    host, port = address
    host = _ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}/{page}" if ":" in host else f"http://{host}:{port}/{page}"


async def bots(settings: Settings) -> list[Finding]:
    """Ask the running service which bots listen. Of several services on one store, one has a bot."""
    url, area = _url(settings, "metrics"), "bots"
    wanted = [name for name, own in settings.connectors.items() if has_bot(own)]
    if not wanted or not url or "bots" not in settings.service.parts:
        return []
    try:
        async with httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
            text = (await client.get(url)).text
    except httpx2.HTTPError:
        return []  # that the service does not answer is told elsewhere
    listening = {name for name, value in _LISTENING.findall(text) if float(value)}
    alone = make_url(settings.store.url.get_secret_value()).get_backend_name() == "sqlite"
    found = []
    for name in wanted:
        if name in listening:
            found.append(well(area, f"{name} listens"))
        elif alone:
            advice = "its log says why: bot.lost, with the service's words; mostly it is the bot's token"
            found.append(wrong(area, f"{name} does not listen", advice))
        else:
            advice = "if it listens in no other service on this store either, see bot.lost in the log"
            found.append(note(area, f"{name} does not listen in this service", advice))
    return found


async def service(settings: Settings) -> list[Finding]:
    """Ask the running service how it is."""
    area, url = "service", _url(settings, "readyz")
    if not url:
        return []
    try:
        async with httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False) as client:
            answer = await client.get(url)
            told = answer.json()
    except (httpx2.HTTPError, ValueError) as error:
        what = f"{url} does not answer ({type(error).__name__})"
        return [wrong(area, what, "start it: systemctl start headgate; its log says more")]
    trouble = told.get("wrong") if isinstance(told, dict) else None
    if answer.status_code == httpx2.codes.OK:
        return [well(area, f"it answers on {url}")]
    if not isinstance(trouble, dict) or not trouble:
        return [wrong(area, f"{url} answers with {answer.status_code}", "something else may listen there")]
    return [wrong(area, f"{part}: {why}", "the service's log says more") for part, why in trouble.items()]


async def spool_in_thread(settings: Settings) -> list[Finding]:
    """Look at the spool without holding anybody up."""
    return await asyncio.to_thread(spool, settings)


def configuration_file(path: Path) -> list[Finding]:
    """Look who may write the configuration."""
    area = "configuration"
    try:
        found = path.stat()
    except OSError:
        return []
    if found.st_mode & 0o022:
        return [wrong(area, f"{path} can be written by others than its owner", f"chmod go-w {path}")]
    return []
