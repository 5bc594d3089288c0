"""What is kept of a request with its submission, and what is made of that again when Slurm is asked. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from headgate.gateway.request import JobRequest
from headgate.gateway.script import DEFAULT_ARRAY_OUTPUT, DEFAULT_OUTPUT, named_files
from headgate.model.event import JSON


def output_options(request: Mapping[str, JSON]) -> dict[str, str]:
    """Return where Slurm is told to write, unless the script says so itself."""
    return {name: str(request[name]) for name in ("output", "error") if request.get(name) and not _own(request, name)}


def _own(request: Mapping[str, JSON], name: str) -> bool:
    own = request.get("script_files")
    return isinstance(own, dict) and name in own


def files_of(request: JobRequest, script: str) -> dict[str, JSON]:
    """Return where the job's output and errors will lie, and what of it the script itself says."""
    own: dict[str, JSON] = dict(named_files(script))
    given = {"output": request.output, "error": request.error}
    for name in [name for name, value in given.items() if value is not None]:
        own.pop(name, None)  # what sbatch is told counts for more than the script
    default = DEFAULT_ARRAY_OUTPUT if request.array else DEFAULT_OUTPUT
    output = given["output"] or own.get("output") or default
    error = given["error"] or own.get("error")
    files: dict[str, JSON] = {"output": output}
    if error:
        files["error"] = error
    if own:
        files["script_files"] = own
    return files


def plain(value: JSON) -> dict[str, str | int | bool]:
    """Return what of a mapping Slurm's options are made of; nothing of what is no mapping."""
    return (
        {name: one for name, one in value.items() if isinstance(one, str | int | bool)}
        if isinstance(value, dict)
        else {}
    )


def fingerprint(request: JobRequest, more: Mapping[str, JSON] | None, *, start: bool) -> str:
    """Return what tells two requests apart."""
    text = json.dumps([request.model_dump(mode="json"), more, start], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
