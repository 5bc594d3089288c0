"""What is written into a job's directory: ``cfg/job.cfg``, ``cfg/export_vars.sh``, metadata, the batch script. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

from headgate.config.builds import BuildJobSettings, TargetSettings
from headgate.config.repos_cfg import RepositoryConfig
from headgate.errors import ConfigError
from headgate.model.build import BuildJob

_SITE_KEYS: Final = (
    "build_logs_dir",
    "container_cachedir",
    "http_proxy",
    "https_proxy",
    "load_modules",
    "local_tmp",
    "shared_fs_path",
    "site_config_script",
)
_SBATCH: Final = re.compile(rb"^#SBATCH[^\n]*\n", re.MULTILINE)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def job_cfg(
    settings: BuildJobSettings,
    target: TargetSettings,
    job: BuildJob,
    repos: Mapping[str, RepositoryConfig],
) -> str:
    """Return ``cfg/job.cfg``: what the scripts of a repository know of the job. Values hold ``%`` as it is written.

    ``repos``: what ``repos.cfg`` says.
    """
    repository = {"repos_cfg_dir": f"{job.directory}/cfg", "repo_id": job.repo_id}
    known = repos.get(job.repo_id, RepositoryConfig(job.repo_id))
    more = {"container": known.container, "repo_name": known.name, "repo_version": known.version}
    repository |= {name: value for name, value in more.items() if value}
    sections: dict[str, dict[str, str]] = {
        "site_config": {name: value for name in _SITE_KEYS if (value := str(getattr(settings, name)))},
        "repository": repository,
        "architecture": {
            "node_type": job.target,
            "software_subdir": job.for_architecture,
            "os_type": target.os,
            "accelerator": job.for_accelerator,
        },
    }
    return _ini(sections)


def metadata(job: BuildJob, comment_id: int) -> str:
    """Return ``_bot_job<ID>.metadata``."""
    return _ini(
        {
            "PR": {
                "repo": job.repository.path,
                "pr_number": str(job.number),
                "pr_comment_id": str(comment_id),
                "job_owner": job.requester,
                "commit_sha": job.commit,
            }
        }
    )


def export_vars(arguments: Sequence[str]) -> str:
    """Return ``cfg/export_vars.sh``: one line for each ``NAME=VALUE``, its value quoted. Raises ConfigError."""
    lines = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or not _NAME.fullmatch(name) or not value.isprintable():
            raise ConfigError(f"{name[:64]!a} cannot be set for a job")
        lines.append(f"export {name}={shlex.quote(value)}\n")
    return "".join(lines)


def batch_script(own: bytes | None) -> bytes:
    """Return what is given to sbatch: Headgate's part, which unpacks, then the job script in the directory.

    ``own``: the site's job script, whose ``#SBATCH`` lines come first; None for the one shipped.
    """
    directives = b"" if own is None else b"".join(_SBATCH.findall(own))
    unpack = _shipped("unpack.sh")
    return b"#!/bin/bash\n" + directives + unpack + b"\n. ./.headgate/job.sh\n"


def job_script(own: bytes | None) -> bytes:
    """Return the job script that is put into the directory: the site's, or the one shipped."""
    return _shipped("build.sh") if own is None else own


def _shipped(name: str) -> bytes:
    return files("headgate.builds.jobs.files").joinpath(name).read_bytes()


def _ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    """Return an INI file. A line break in a value would be another key, and is no part of any value here."""
    lines: list[str] = []
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{name} = {_one_line(value)}".rstrip() for name, value in keys.items()]
        lines.append("")
    return "\n".join(lines)


def _one_line(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value)
