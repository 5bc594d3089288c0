"""The site's own upload script, with the predecessor's command line: an argv list, no shell, a time-out."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from headgate.builds.deploy import names
from headgate.builds.deploy.policy import Candidate
from headgate.builds.deploy.request import DeployError, DeployRequest
from headgate.config.builds import DeploySettings
from headgate.errors import SlurmError
from headgate.slurm.process import run

MAX_SAID: Final = 500
"""Characters of the end of what the script complains that are shown."""
_OUTPUT: Final = 16 * 1024 * 1024


def command(
    settings: DeploySettings, request: DeployRequest, candidate: Candidate, instance: str, file: Path
) -> list[str]:
    """Return the words the script is started with. Prefixes go as they are: the script fills them in."""
    chosen = candidate.job.repository_id
    words = [
        str(settings.script),
        *("--artefact-prefix", names.of_repository(settings.artefact_prefix, chosen)),
        *("--bucket-name", names.of_repository(settings.bucket, chosen)),
    ]
    if settings.endpoint_url:
        words += ["--endpoint-url", settings.endpoint_url]
    words += [
        *("--metadata-prefix", names.of_repository(settings.metadata_prefix, chosen)),
        *("--pr-comment-id", str(candidate.job.comment_id)),
        *("--pull-request-number", str(request.number)),
        *("--repository", request.repository.path),
        *("--bot-instance", instance),
    ]
    signing = settings.signing.get(chosen)
    if signing is not None and signing.script is not None:
        words += ["--sign-key", str(signing.key), "--sign-script", str(signing.script)]
    return [*words, str(file)]


def environment(settings: DeploySettings, ours: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """Return all the script sees: the usual, the credentials' file, and the variables it may have of ``ours``."""
    account = pwd.getpwuid(os.geteuid())
    usual = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": account.pw_dir,
        "USER": account.pw_name,
        "LOGNAME": account.pw_name,
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(temporary),
    }
    if settings.credentials is not None:
        usual["AWS_SHARED_CREDENTIALS_FILE"] = str(settings.credentials)
    return usual | {name: ours[name] for name in settings.script_environment if name in ours}


async def upload(settings: DeploySettings, argv: list[str], variables: Mapping[str, str]) -> None:
    """Run the script, in a process group of its own. Raises DeployError unless it ends with 0.

    The time-out ends the whole group. What the script complained is in the error: its end, on one line.
    """
    try:
        answer = await run(argv, env=variables, timeout=settings.script_timeout, stdout_limit=_OUTPUT)
    except SlurmError as error:
        raise DeployError(f"the upload script failed: {error.message}", transient=error.transient) from error
    if answer.code != 0:
        complaint = said(answer.stderr)
        message = f"the upload script ended with {answer.code}"
        raise DeployError(f"{message}: {complaint}" if complaint else message)


def said(text: str) -> str:
    """Return the end of what a program printed, on one line, without control characters."""
    line = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()
    return line if len(line) <= MAX_SAID else "..." + line[-MAX_SAID:]
