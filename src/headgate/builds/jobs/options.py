"""The administrator's options for sbatch, as the executor takes them: each by its own name, none as free text.

What the executor does not know is refused when the settings are read, not when the first job is submitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from headgate.errors import ConfigError
from headgate.executor.headgate_verbs import SUBMIT_OPTIONS, Refusal
from headgate.executor.interface import Option

_SHORT: Final = {
    "-A": "--account",
    "-C": "--constraint",
    "-G": "--gpus",
    "-H": "--hold",
    "-J": "--job-name",
    "-L": "--licenses",
    "-N": "--nodes",
    "-S": "--core-spec",
    "-a": "--array",
    "-b": "--begin",
    "-c": "--cpus-per-task",
    "-d": "--dependency",
    "-e": "--error",
    "-i": "--input",
    "-n": "--ntasks",
    "-o": "--output",
    "-p": "--partition",
    "-q": "--qos",
    "-t": "--time",
    "-w": "--nodelist",
    "-x": "--exclude",
}
_NOT_OURS: Final = {
    "array": "a build is one job",
    "begin": "set handover and begin_delay",
    "error": "the log is slurm-JOBID.out in the job's directory",
    "hold": "set handover",
    "input": "the job script is read by its path",
    "job_name": "set name in [builds.jobs]",
    "output": "the log is slurm-JOBID.out in the job's directory",
}
_WHOLE: Final = re.compile(r"(--[a-z0-9][a-z0-9-]*)(?:=(.*))?", re.DOTALL)
_VALUE_LESS: Final = {
    word: (name, value)
    for name, (words, _) in SUBMIT_OPTIONS.items()
    if not words.endswith("=")
    for word, value in zip(words.split("|"), (True, False), strict=False)
}
_WITH_VALUE: Final = {words[:-1]: name for name, (words, _) in SUBMIT_OPTIONS.items() if words.endswith("=")}


def options_of(argv: Sequence[str]) -> dict[str, Option]:
    """Return options for sbatch as the executor takes them; of the same option twice, the last. Raises ConfigError."""
    options: dict[str, Option] = {}
    for word, value in _pairs(argv):
        if word in _VALUE_LESS and value is None:
            name, option = _VALUE_LESS[word]
            options[name] = _checked(word, name, option)
        elif word in _WITH_VALUE and value is not None:
            name = _WITH_VALUE[word]
            options[name] = _checked(word, name, value)
        elif word in _WITH_VALUE:
            raise ConfigError(f"the option {word} for sbatch needs a value")
        else:
            raise ConfigError(f"the option {word} for sbatch is none that the executor takes; see docs/howto/executor")
    return options


def _pairs(argv: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each option by its long name, with its value if it has one."""
    words = list(argv)
    while words:
        text = words.pop(0).strip()
        head, _, behind = text.partition(" ")
        if head in _SHORT or (_WHOLE.fullmatch(head) and behind):
            word, value = _SHORT.get(head, head), behind.strip() or None
        elif text[:2] in _SHORT and len(text) > len("-p"):
            word, value = _SHORT[text[:2]], text[2:]
        elif (whole := _WHOLE.fullmatch(text)) is not None:
            word, value = whole[1], whole[2]
        else:
            raise ConfigError(f"{text[:64]!a} is no option for sbatch")
        if value is None and word in _WITH_VALUE and words and not words[0].startswith("-"):
            value = words.pop(0).strip()
        yield word, value


def _checked(word: str, name: str, value: str | bool) -> Option:
    if name in _NOT_OURS:
        raise ConfigError(f"the option {word} for sbatch is Headgate's own: {_NOT_OURS[name]}")
    check = SUBMIT_OPTIONS[name][1]
    candidates: list[Option] = [value]
    if isinstance(value, str) and value.isdigit() and len(value) < 12:  # noqa: PLR2004 - longer ones are no count
        candidates.append(int(value))
    for candidate in candidates:
        try:
            check(candidate)
        except (Refusal, TypeError, ValueError):
            continue
        return candidate
    raise ConfigError(f"the option {word} for sbatch has a value of a form that is not allowed")
