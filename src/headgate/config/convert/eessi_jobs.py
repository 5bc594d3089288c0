"""The EESSI bot's ``[buildenv]``: how jobs are made, as ``[builds.jobs]``. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from headgate.config.convert.eessi_file import AppCfg
from headgate.config.convert.eessi_targets import carry_cluster, carry_options
from headgate.config.convert.page import Page, Table

_PROTOCOLS: Final = ("hold_release", "delayed_begin")
_OWN_SCRIPT: Final = "bot-build.slurm"
_WRITTEN: Final = (
    "shared_fs_path", "build_logs_dir", "container_cachedir", "http_proxy", "https_proxy", "load_modules", "local_tmp",
    "site_config_script",
)  # fmt: skip
"""What goes into each job's ``cfg/job.cfg``."""
_FACTOR: Final = 2.0
_INTERVAL: Final = 60.0


def carry_jobs(given: AppCfg, page: Page, options: Collection[str]) -> None:
    """Write ``[builds.jobs]``; ``options`` are those of sbatch that can be set."""
    table = page.table("builds.jobs")
    table.remark(
        "user: the Unix account jobs run as, which has to be another one than Headgate's. Nothing can be built before "
        "it is named, and the executor let act for it."
    )
    for key, ours, section in (
        ("jobs_base_dir", "directory", "buildenv"),
        ("trash_bin_dir", "trash", "clean_up"),
    ):
        directory = carry_path(given, table, section, key)
        if directory:
            why = (
                "Jobs lie below it by repository now; those of the bot stay where they are."
                if ours == "directory"
                else ""
            )
            table.set(ours, directory, why)
    name = given.text("buildenv", "job_name")
    if name and not 3 <= len(name) <= 64:  # noqa: PLR2004 - the bot's and our bounds
        given.complain("buildenv", "job_name", "should have 3 to 64 characters")
    elif name:
        table.set("name", name)
    _carry_script(given, table)
    _carry_handover(given, table)
    params = given.text("buildenv", "slurm_params")
    carry_cluster(page, table, carry_options(given, table, ("buildenv", "slurm_params"), params, options))
    for key in _WRITTEN:
        text = given.text("buildenv", key)
        if "@" in text and key.endswith("_proxy"):
            table.remark(f"{key} holds a password, as it seems, which every job could read; it was left out.")
        elif text:
            table.set(key, text)
    cluster = re.search(r"--clusters?[= ]([A-Za-z0-9_,.-]+)", given.text("job_manager", "scontrol_command"))
    if cluster or "%(cluster)s" in given.text("job_manager", "scontrol_command"):
        table.remark(
            "scontrol_command named a cluster: if jobs run on others than that of [slurm], write a table "
            '[clusters.NAME] for each, and cluster = "NAME" here, or in each target that is there.'
        )


def _carry_script(given: AppCfg, table: Table) -> None:
    script = given.text("buildenv", "build_job_script")
    if "@" in script:
        table.remark(
            "build_job_script was a file of a repository, fetched for each job. Headgate's own script does what the "
            "bot's does; to have another, put it into a file and name that: script."
        )
    elif script.startswith("/") and not script.endswith(f"/{_OWN_SCRIPT}"):
        table.set(
            "script", script, "It was the site's own. Headgate's, which does what the bot's does, is used without it."
        )


def _carry_handover(given: AppCfg, table: Table) -> None:
    protocol = given.text("buildenv", "job_handover_protocol")
    factor = given.number("buildenv", "job_delay_begin_factor", _FACTOR)
    interval = given.number("job_manager", "poll_interval", _INTERVAL)
    if protocol and protocol not in _PROTOCOLS:
        given.complain("buildenv", "job_handover_protocol", f"should be {' or '.join(_PROTOCOLS)}")
    elif protocol:
        table.set("handover", protocol)
        delay = float(int(factor * (interval if interval > 0 else _INTERVAL)))
        if protocol == "delayed_begin" and delay > 0:
            table.set("begin_delay", delay, "job_delay_begin_factor times poll_interval.")


def carry_path(given: AppCfg, table: Table, section: str, key: str) -> str:
    """Return an absolute path; where it holds a variable, one that has to be replaced, with a remark."""
    text = given.text(section, key)
    if not text:
        return ""
    if "$" in text or text.startswith("~"):
        table.remark(f"{key} was {text}: write it out.")
        return f"/REPLACE-THIS/{key}"
    if not text.startswith("/"):
        table.remark(f"{key} was {text}, in the directory the bot was started in: write it out.")
        return f"/REPLACE-THIS/{key}"
    return text
