"""The EESSI bot's ``app.cfg``: which keys there are, which it needs and which it refuses, and their values. Pure.

Two generations are read: that of 2023 to 2025, and that of 2026 with job and submit arguments, cancelling and GitLab.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from headgate.config.ini_text import Ini, Wrong, WrongIniError

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "bot_control": ("command_permission", "command_response_fmt"),
    "buildenv": ("jobs_base_dir", "job_name", "job_handover_protocol", "local_tmp", "build_permission"),
    "deploycfg": ("upload_policy", "bucket_name", "deploy_permission", "metadata_prefix", "artefact_prefix"),
    "architecturetargets": ("node_type_map",),
    "repo_targets": ("repos_cfg_dir",),
    "submitted_job_comments": (
        "awaits_release_hold_release_msg", "awaits_release_delayed_begin_msg", "new_job_instance_repo",
        "build_on_arch", "build_for_arch", "jobdir", "with_accelerator",
    ),
    "new_job_comments": ("awaits_launch",),
    "running_job_comments": ("running_job",),
    "finished_job_comments": ("job_result_unknown_fmt", "job_test_unknown_fmt"),
}  # fmt: skip
"""Keys without which the bot does not start, and Headgate would not know what was meant."""
NEEDED_ON_GITHUB: Final = ("app_id", "app_name", "private_key")
USELESS: Final[Mapping[str, tuple[str, ...]]] = {
    "github": ("installation_id",),
    "buildenv": (
        "build_job_script", "submit_command", "shared_fs_path", "build_logs_dir", "container_cachedir",
        "no_build_permission_comment",
    ),
    "deploycfg": ("artefact_upload_script", "no_deploy_permission_comment"),
    "event_handler": ("log_path",),
    "job_manager": ("log_path", "job_ids_dir", "poll_command", "poll_interval", "scontrol_command"),
    "download_pr_comments": (
        "git_clone_failure", "git_clone_tip", "git_checkout_failure", "git_checkout_tip", "curl_failure", "curl_tip",
        "git_apply_failure", "git_apply_tip", "pr_diff_failure", "pr_diff_tip",
    ),
    "clean_up": ("trash_bin_dir", "moved_job_dirs_comment"),
}  # fmt: skip
"""Keys without which the bot does not start; Headgate can do without them."""
OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "git": ("hosting_platform",),
    "github": ("api_timeout",),
    "gitlab": ("api_timeout", "bot_name", "instance_url"),
    "bot_control": ("chatlevel",),
    "buildenv": (
        "cvmfs_customizations", "http_proxy", "https_proxy", "job_delay_begin_factor", "load_modules",
        "site_config_script", "slurm_params", "allow_update_submit_opts", "allowed_exportvars", "allowed_jobargs",
        "allowed_submitargs", "clone_git_repo_via", "cancel_command",
    ),
    "deploycfg": ("endpoint_url", "signing"),
    "submitted_job_comments": ("awaits_release", "commit_sha"),
}  # fmt: skip
FORBIDDEN: Final[Mapping[tuple[str, str], str]] = {
    ("architecturetargets", "arch_target_map"): "node_type_map in the same section",
    ("repo_targets", "repo_target_map"): "repo_targets within node_type_map of [architecturetargets]",
    ("submitted_job_comments", "initial_comment"): "new_job_instance_repo, build_on_arch, build_for_arch and jobdir",
}
"""Keys of older generations with which the bot does not start, and what took their place."""


class AppCfg:
    """An ``app.cfg``. What is wrong with it is collected in ``wrong``, each with its section, key and line."""

    def __init__(self, text: str, file: str) -> None:
        """Read a file called ``file`` in messages. Raises WrongIniError if it is no INI file at all."""
        self._ini = Ini(text, file)
        self.wrong: list[Wrong] = []
        self.on_gitlab = self._on_gitlab()
        self._check()

    def has(self, section: str, key: str) -> bool:
        """Say whether a key holds something."""
        return bool(self.text(section, key))

    def text(self, section: str, key: str) -> str:
        """Return a value, without blanks around it; "" if there is none."""
        try:
            return (self._ini.get(section, key) or "").strip()
        except WrongIniError as error:
            if error.wrong not in self.wrong:
                self.wrong.append(error.wrong)
            return ""

    def number(self, section: str, key: str, otherwise: float) -> float:
        """Return a number that is not negative; ``otherwise`` if there is none."""
        text = self.text(section, key)
        if not text:
            return otherwise
        if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text):
            self.complain(section, key, "is no number")
            return otherwise
        return float(text)

    def content(self, section: str, key: str) -> object:
        """Return what is written as JSON; None if there is nothing."""
        text = self.text(section, key)
        if not text:
            return None
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            where = f", in its line {error.lineno}" if error.lineno > 1 else ""
            self.complain(section, key, f"is no JSON: {error.msg}{where}")
        except (ValueError, RecursionError):
            self.complain(section, key, "is no JSON")
        return None

    def texts_or_table(self, section: str, key: str) -> str | dict[str, str]:
        """Return a text, or a table of texts where it is written as JSON's ``{…}``."""
        text = self.text(section, key)
        if not text.startswith("{"):
            return text
        content = self.content(section, key)
        if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
            return content
        if content is not None:
            self.complain(section, key, "should be a text, or a JSON object of texts")
        return ""

    def complain(self, section: str, key: str, text: str) -> None:
        """Write down what is wrong with a key."""
        self.wrong.append(self._ini.wrong(section, key, text))

    def place(self, section: str, key: str = "") -> str:
        """Say where a key stands: ``line 12``."""
        line = self._ini.line(section, key)
        return "" if line is None else f"line {line}"

    def left(self) -> list[str]:
        """Return the keys nobody knows, with their lines; and the sections."""
        known = [NEEDED, USELESS, OPTIONAL, {"github": NEEDED_ON_GITHUB}]
        found = []
        for section in self._ini.sections:
            if not any(section in one for one in known):
                found.append(f"[{section}] ({self.place(section)})")
                continue
            keys = {key for one in known for key in one.get(section, ())} | {
                key for at, key in FORBIDDEN if at == section
            }
            unknown = [key for key in self._ini.keys(section) if key not in keys]
            found += [f"[{section}] {key} ({self.place(section, key)})" for key in unknown]
        return found

    def not_there(self) -> list[str]:
        """Return the keys without which the bot would not start, though Headgate does."""
        return [
            f"[{section}] {key}"
            for section, keys in USELESS.items()
            for key in keys
            if key not in self._ini.keys(section) and not (section == "github" and self.on_gitlab)
        ]

    def _on_gitlab(self) -> bool:
        platform = self.text("git", "hosting_platform").lower()
        if platform not in ("", "github", "gitlab"):
            self.complain("git", "hosting_platform", "should be github or gitlab")
        return platform == "gitlab"

    def _check(self) -> None:
        needed = dict(NEEDED)
        if not self.on_gitlab:
            needed["github"] = NEEDED_ON_GITHUB
        for section, keys in needed.items():
            if section not in self._ini.sections:
                self.wrong.append(Wrong(self._ini.file, None, section, "", "is missing, with all its keys"))
                continue
            for key in keys:
                if key not in self._ini.keys(section):
                    line = self._ini.line(section)
                    self.wrong.append(Wrong(self._ini.file, line, section, key, "is missing"))
        for (section, key), instead in FORBIDDEN.items():
            if key in self._ini.keys(section):
                self.complain(
                    section, key, f"is of an older generation, with which the bot does not start; use {instead}"
                )
