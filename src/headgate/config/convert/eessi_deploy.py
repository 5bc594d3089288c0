"""The EESSI bot's ``[deploycfg]`` and its texts, as settings of Headgate. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from headgate.config.builds import BuildTexts
from headgate.config.convert.eessi_file import AppCfg
from headgate.config.convert.page import Page, Table, toml_key

_POLICIES: Final = ("all", "latest", "once", "none")
_URL: Final = re.compile(r"https?://[^ ?#@]+")
_OWN_SCRIPT: Final = "eessi-upload-to-staging"
_PREFIX: Final = re.compile(r"(?:\$\{(?:github_repository|legacy_aws_path|pull_request_number)\}|[A-Za-z0-9._+=@/-])*")
TEXTS: Final[Mapping[tuple[str, str], str]] = {
    ("bot_control", "command_response_fmt"): "command_response",
    ("buildenv", "no_build_permission_comment"): "no_build_permission",
    ("deploycfg", "no_deploy_permission_comment"): "no_deploy_permission",
    ("submitted_job_comments", "awaits_release_hold_release_msg"): "awaits_release_hold_release",
    ("submitted_job_comments", "awaits_release_delayed_begin_msg"): "awaits_release_delayed_begin",
    ("submitted_job_comments", "new_job_instance_repo"): "new_job_instance_repo",
    ("submitted_job_comments", "build_on_arch"): "build_on_arch",
    ("submitted_job_comments", "build_for_arch"): "build_for_arch",
    ("submitted_job_comments", "jobdir"): "jobdir",
    ("submitted_job_comments", "commit_sha"): "commit_sha",
    ("submitted_job_comments", "with_accelerator"): "with_accelerator",
    ("new_job_comments", "awaits_launch"): "awaits_launch",
    ("running_job_comments", "running_job"): "running_job",
    ("finished_job_comments", "job_result_unknown_fmt"): "job_result_unknown",
    ("finished_job_comments", "job_test_unknown_fmt"): "job_test_unknown",
    ("clean_up", "moved_job_dirs_comment"): "moved_job_dirs",
}
"""Where the bot's texts are, and what they are called here."""


def carry_texts(given: AppCfg, table: Table) -> None:
    """Write ``[builds.texts]``: those texts that are not ours anyway."""
    for (section, key), name in TEXTS.items():
        text = given.text(section, key)
        if not text or text == BuildTexts.model_fields[name].default:
            continue
        try:
            BuildTexts.model_validate({name: text})
        except ValueError:
            given.complain(section, key, f"has placeholders that cannot be used here; {_known(name)}")
        else:
            table.set(name, text)


def _known(name: str) -> str:
    return (
        f"known are {', '.join(sorted(set(re.findall(r'{[a-z_]+}', BuildTexts.model_fields[name].description or ''))))}"
    )


def carry_deploy(given: AppCfg, page: Page) -> None:
    """Write ``[builds.deploy]`` and ``[builds.deploy.signing."REPOSITORY"]``."""
    deploy = page.table("builds.deploy")
    policy, bucket = given.text("deploycfg", "upload_policy"), given.texts_or_table("deploycfg", "bucket_name")
    if policy not in _POLICIES:
        given.complain("deploycfg", "upload_policy", "should be all, latest, once or none")
        return
    script = given.text("deploycfg", "artefact_upload_script")
    own = PurePosixPath(script).name not in ("", _OWN_SCRIPT)
    signing = given.content("deploycfg", "signing")
    if policy != "none" and own and signing:
        deploy.remark(
            f"It was {policy}. The upload script was the site's own ({script}), and signed: write kind, script, and in "
            "each table of signing the script that signs; or let Headgate sign and upload by itself."
        )
        policy = "none"
    elif policy != "none" and not own and not bucket:
        deploy.remark(f"It was {policy}, but there is no bucket_name.")
        policy = "none"
    deploy.set("policy", policy)
    if own and not signing and script.startswith("/"):
        deploy.set("kind", "script", "The site's own upload script, called as the bot called it.")
        deploy.set("script", script)
    else:
        deploy.set("kind", "s3", "Headgate uploads by itself, without a script.")
        deploy.remark(
            "The access key is read from a file as AWS's tools have it (~/.aws/credentials of the bot's account): "
            'credentials = "/etc/headgate/aws-credentials", readable by Headgate alone.'
        )
    endpoint = given.text("deploycfg", "endpoint_url")
    if endpoint and _URL.fullmatch(endpoint):
        deploy.set("endpoint_url", endpoint)
    elif endpoint:
        given.complain("deploycfg", "endpoint_url", "is no address: http:// or https://, without user and query")
    _set(deploy, "bucket", bucket)
    for key in ("artefact_prefix", "metadata_prefix"):
        prefix = given.texts_or_table("deploycfg", key)
        prefixes = prefix.values() if isinstance(prefix, dict) else (prefix,)
        if all(_PREFIX.fullmatch(one) for one in prefixes):
            _set(deploy, key, prefix)
        else:
            given.complain("deploycfg", key, "holds what no object's name may, or a variable there is not")
    _carry_signing(given, page, signing)


def _set(table: Table, key: str, value: str | dict[str, str]) -> None:
    if isinstance(value, dict):
        table.set_table(key, value)
    elif value:
        table.set(key, value)


def _carry_signing(given: AppCfg, page: Page, signing: object) -> None:
    if signing is None:
        return
    if not isinstance(signing, dict) or not all(isinstance(one, dict) for one in signing.values()):
        given.complain("deploycfg", "signing", "should be a JSON object of objects")
        return
    for repository, one in signing.items():
        key, script = one.get("key"), one.get("script", "")
        if not isinstance(key, str) or not key.startswith("/") or not isinstance(script, str):
            given.complain("deploycfg", "signing", f"should have an absolute path as the key for {repository}")
            continue
        table = page.table(f"builds.deploy.signing.{toml_key(repository)}")
        if script and not script.startswith("/"):
            table.remark(
                f"The bot ran {script} of the pull request itself with this key, which whoever writes a pull request "
                "could read. Make a new key. Headgate signs by ssh-keygen -Y sign, and runs nothing of a pull request."
            )
        elif script:
            table.remark(f"{script} is needed no more: Headgate signs by ssh-keygen -Y sign, in the same form.")
        table.set("key", key)
        if one.get("container_runtime"):
            table.remark("container_runtime is needed no more: OpenSSH of 8.2 or newer has to be on Headgate's host.")
