"""The EESSI build-test-deploy bot's configuration as one of Headgate. Pure.

``app.cfg`` is read as the bot reads it, with ``%%`` and JSON in values, and is refused where the bot would not start
with it; all that is wrong is named at once, with section, key and line. What it says is carried over into ``[builds]``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from headgate.config.build_values import check_names
from headgate.config.builds import PermissionSettings
from headgate.config.convert.address import origin
from headgate.config.convert.eessi_deploy import carry_deploy, carry_texts
from headgate.config.convert.eessi_file import AppCfg
from headgate.config.convert.eessi_jobs import carry_jobs, carry_path
from headgate.config.convert.eessi_targets import carry_arguments, carry_targets
from headgate.config.convert.page import Page, Table
from headgate.config.ini_text import WrongIniError
from headgate.config.repos_cfg import parse
from headgate.errors import ConfigError

_CHAT: Final = ("incognito", "minimal", "basic", "chatty")


def convert(app_cfg: str, name: str = "app.cfg", repos_cfg: str | None = None, *, options: Collection[str] = ()) -> str:
    """Return a configuration of Headgate, as TOML, that does what the bot did with a file called ``name``.

    ``options``: those of sbatch that jobs may be given here. Raises ConfigError, which names all that is wrong, a line
    each.
    """
    try:
        given = AppCfg(app_cfg, name)
    except WrongIniError as error:
        raise ConfigError(str(error)) from None
    known = None if repos_cfg is None else _known(given, repos_cfg)
    page = Page()
    page.remark(f"Made from {name} by headgate config convert eessi. It holds no secrets.")
    builds = page.table("builds")
    _carry_instance(given, builds)
    carry_arguments(given, builds)
    _carry_forge(given, page)
    _carry_permissions(given, page.table("builds.permissions"))
    carry_targets(given, page, known, options)
    carry_jobs(given, page, options)
    carry_deploy(given, page)
    carry_texts(given, page.table("builds.texts"))
    _remark(given, page)
    if given.wrong:
        raise ConfigError("\n".join(str(one) for one in sorted(given.wrong, key=lambda one: one.line or 0)))
    return page.text()


def _known(given: AppCfg, text: str) -> Collection[str]:
    try:
        return parse(text)
    except WrongIniError as error:
        given.wrong.append(error.wrong)
        return ()


def _carry_instance(given: AppCfg, builds: Table) -> None:
    app_name = given.text("gitlab", "bot_name") if given.on_gitlab else given.text("github", "app_name")
    if app_name:
        ours = re.sub(r"[^A-Za-z0-9_.+-]+", "-", app_name).strip("-_.+")[:64] or "headgate"
        why = f"It was {app_name}: an instance is named without blanks here." if ours != app_name else ""
        check_names("instance", {ours: None})
        builds.set("instance", ours, why)
    chat = given.text("bot_control", "chatlevel").lower()
    if chat and chat not in _CHAT:
        given.complain("bot_control", "chatlevel", f"should be one of {', '.join(_CHAT)}")
    elif chat:
        builds.set("chat", chat)
    directory = carry_path(given, builds, "repo_targets", "repos_cfg_dir")
    if directory:
        builds.set("repos_dir", directory)


def _carry_forge(given: AppCfg, page: Page) -> None:
    if given.on_gitlab:
        forge = page.table("builds.forges.gitlab")
        forge.set("kind", "gitlab")
        url = given.text("gitlab", "instance_url")
        if url and not origin(url):
            given.complain("gitlab", "instance_url", "is no address: http:// or https://")
        elif url:
            forge.set("url", url.rstrip("/"))
        forge.set(
            "token_env", "GITLAB_PROJECT_ACCESS_TOKEN", "The variables the bot had; token_file names a file instead."
        )
        forge.set("webhook_secret_env", "GITLAB_WEBHOOK_SECRET_TOKEN")
        forge.remark('To find what webhooks did not tell, name the projects: projects = ["GROUP/NAME"]')
        forge.remark("The address for webhooks is now https://HOST/gitlab/webhook.")
        _carry_timeout(given, forge, "gitlab")
        return
    forge = page.table("builds.forges.github")
    forge.set("kind", "github")
    app_id = given.text("github", "app_id")
    if app_id.isascii() and app_id.isdigit() and int(app_id[:10]) > 0:
        forge.set("app_id", int(app_id[:10]))
    elif app_id:
        given.complain("github", "app_id", "should be a number above 0")
    key = carry_path(given, forge, "github", "private_key")
    if key:
        forge.set("private_key", key)
    forge.set(
        "webhook_secret_env",
        "GITHUB_APP_SECRET_TOKEN",
        "The variable the bot had; webhook_secret_file names a file instead. GITHUB_TOKEN is needed no more.",
    )
    forge.remark(
        "The address for webhooks is now https://HOST/github/webhook. If a relay such as smee passed them on, name its"
    )
    forge.remark('channel, which is a secret: relay_file = "/etc/headgate/smee-channel". No smee client is needed.')
    forge.remark("installation_id is needed no more: all installations of the App are served.")
    _carry_timeout(given, forge, "github")


def _carry_timeout(given: AppCfg, forge: Table, section: str) -> None:
    seconds = given.number(section, "api_timeout", 0)
    if seconds > 0:
        forge.set("timeout", seconds)


def _carry_permissions(given: AppCfg, table: Table) -> None:
    for section, key, ours in (
        ("bot_control", "command_permission", "command"),
        ("buildenv", "build_permission", "build"),
        ("deploycfg", "deploy_permission", "deploy"),
    ):
        kept: list[str] = []
        left: list[str] = []
        for login in dict.fromkeys(given.text(section, key).split()):
            try:
                PermissionSettings.model_validate({ours: [login]})
            except ValueError:
                left.append(login)
            else:
                (left if login == "author" or login.startswith("team:") else kept).append(login)
        why = f"{', '.join(left)}: no login; left out." if left else ""
        if not kept:
            empty = f"{key} was empty. The bot's guide says that is everybody, but it let nobody: so it is here."
            why = f"{why} {empty}".strip()
        table.set(ours, kept, why)
    table.remark("cancel: who may cancel the jobs of others. Everybody may cancel those they asked for themselves.")


def _remark(given: AppCfg, page: Page) -> None:
    """Say what is not carried over, and why."""
    if given.text("buildenv", "allow_update_submit_opts").lower() in ("1", "yes", "true", "on"):
        page.remark(
            "allow_update_submit_opts: not there. It ran code of pull requests in the service. Options that commands "
            "may set are allowed by submit_arguments."
        )
    if given.has("buildenv", "cvmfs_customizations"):
        page.remark("cvmfs_customizations: the bot read it and never applied it; it was left out.")
    if given.text("buildenv", "clone_git_repo_via") == "ssh":
        page.remark("clone_git_repo_via = ssh: private repositories are fetched by https with the App's own token.")
    page.remark(
        "submit_command, poll_command, scontrol_command and cancel_command: Slurm's programs are found by [slurm] bin; "
        "the queue is looked at by [watcher], once for all jobs. log_path: the log is in systemd's journal. "
        "job_ids_dir: jobs are in the store. download_pr_comments: git's own words are shown."
    )
    missing = given.not_there()
    if missing:
        page.remark(f"The bot would not have started without {', '.join(missing)}; Headgate can do without.")
    for place in given.left():
        page.remark(f"{place}: nothing that the bot reads; it was left out.")
