"""Batch scripts of commands, and the paths Slurm writes to. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

BATCH: Final = "batch.sh"
"""The name of every submission's batch script."""
DEFAULT_OUTPUT: Final = "slurm-%j.out"
DEFAULT_ARRAY_OUTPUT: Final = "slurm-%A_%a.out"
_PATTERN: Final = re.compile(r"%(%|\d*[AaJjNnstuxb])")


def command_script(command: str, arguments: Sequence[str] = (), directory: str | None = None) -> str:
    """Return a script that runs one command by ``srun``, every word quoted, in a directory if one is given."""
    words = " ".join(shlex.quote(word) for word in ("srun", "--", command, *arguments))
    change = "" if directory is None else f"cd -- {shlex.quote(directory)} || exit 1\n"
    return f"#!/bin/bash\n{change}exec {words}\n"


def expanded(pattern: str, *, job_id: int, name: str, user: str, array_id: int | None, task: int | None) -> str | None:
    """Return the file a pattern of sbatch(1) stands for; None if it names what only the nodes know.

    ``%j`` is the job's own id, ``%A`` and ``%a`` those of array and task (4294967294 for a job that is in no array).
    """
    none = 4294967294
    values = {
        "A": str(array_id if array_id is not None else job_id),
        "a": str(none if task is None else task),
        "j": str(job_id),
        "u": user,
        "x": name,
    }
    unknown = False

    def value(found: re.Match[str]) -> str:
        nonlocal unknown
        what = found[1]
        if what == "%":
            return "%"
        width, letter = what[:-1], what[-1]
        if letter not in values:
            unknown = True
            return ""
        text = values[letter]
        return text.zfill(min(int(width), 10)) if width and text.isdigit() else text

    text = _PATTERN.sub(value, pattern)
    return None if unknown else text


_OPTION: Final = re.compile(
    r"#SBATCH\s+(?:.*\s)?(?:--(?P<long>output|error|chdir)[=\s]|-(?P<short>[oeD])\s*)(?P<file>\S+)"
)
_LONG: Final = {"o": "output", "e": "error", "D": "chdir"}


def named_files(script: str) -> dict[str, str]:
    """Return what the ``#SBATCH`` lines of a script say of ``output``, ``error`` and ``chdir``: where Slurm will write.

    sbatch(1) reads them up to the first line that is a command.
    """
    found: dict[str, str] = {}
    for line in script.splitlines()[1:]:
        if line.strip() and not line.startswith("#"):
            break
        option = _OPTION.match(line)
        if option:
            name = option["long"] or _LONG[option["short"]]
            found[name] = option["file"].strip("\"'")
    return found
