"""The EESSI bot's node types, options for sbatch and allowed arguments, as settings of Headgate. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from typing import Any, Final

from headgate.config.builds import TargetSettings
from headgate.config.convert.eessi_file import AppCfg
from headgate.config.convert.page import Page, Table, toml_key

_SHORT: Final = {
    "-A": "--account", "-C": "--constraint", "-G": "--gpus", "-L": "--licenses", "-N": "--nodes",
    "-c": "--cpus-per-task", "-n": "--ntasks", "-p": "--partition", "-q": "--qos", "-t": "--time",
    "-w": "--nodelist", "-x": "--exclude", "-H": "--hold", "-J": "--job-name", "-o": "--output", "-e": "--error",
    "-D": "--chdir", "-b": "--begin", "-M": "--clusters",
}  # fmt: skip
_OURS: Final = {
    "--begin": "`handover` and `begin_delay` say when jobs begin",
    "--chdir": "jobs run in their own directory",
    "--error": "the log is slurm-JOBID.out in the job's directory",
    "--export": "jobs see no variables but those that `environment` names",
    "--get-user-env": "jobs get no login environment",
    "--hold": "`handover` says it",
    "--job-name": "`name` says it",
    "--output": "the log is slurm-JOBID.out in the job's directory",
    "--parsable": "it is not needed",
}
"""Options that are Headgate's own."""
_PLACE: Final = ("architecturetargets", "node_type_map")
_KEYS: Final = ("os", "cpu_subdir", "slurm_params", "repo_targets", "accel")


def carry_targets(given: AppCfg, page: Page, known: Collection[str] | None, options: Collection[str]) -> None:
    """Write ``[builds.targets.NAME]``. ``known``: names in repos.cfg; ``options``: those of sbatch that can be set."""
    content = given.content(*_PLACE)
    if content is None:
        return
    if not isinstance(content, dict) or not content:
        given.complain(*_PLACE, "should be a JSON object of node types")
        return
    taken: set[str] = set()
    for name, node in content.items():
        ours = re.sub(r"[^A-Za-z0-9_.+-]+", "-", name).strip("-_.+")[:64] or "node"
        if ours in taken:
            given.complain(*_PLACE, f"has two node types that would be called {ours}")
            continue
        taken.add(ours)
        table = page.table(f"builds.targets.{toml_key(ours)}")
        if not _fine(given, name, node):
            continue
        if not node["repo_targets"]:
            page.remark(f"{name} was left out: its repo_targets is empty, so nothing is built on it.")
            continue
        _carry_target(given, table, name, node, known)
        carry_cluster(page, table, carry_options(given, table, _PLACE, node.get("slurm_params", ""), options))


def _carry_target(
    given: AppCfg, table: Table, name: str, node: Mapping[str, Any], known: Collection[str] | None
) -> None:
    try:
        TargetSettings(
            os=node["os"],
            architecture=node["cpu_subdir"],
            accelerator=node.get("accel", ""),
            repositories=tuple(node["repo_targets"]),
        )
    except ValueError:
        given.complain(
            *_PLACE, f"{name} holds a name that cannot be used: letters, digits and _.+- only, with / between"
        )
        return
    table.set("os", node["os"])
    table.set("architecture", node["cpu_subdir"])
    if node.get("accel"):
        table.set("accelerator", node["accel"])
    unknown = [one for one in node["repo_targets"] if known is not None and one not in known]
    why = f"repos.cfg has no {', '.join(unknown)}: nothing is built for that." if unknown else ""
    table.set("repositories", node["repo_targets"], why)
    for key in node:
        if key not in _KEYS:
            table.remark(f"{key}: nothing that the bot reads; it was left out.")


def _fine(given: AppCfg, name: str, node: object) -> bool:
    """Tell whether a node type has all it needs, each of its form; say what is wrong if not."""
    if not isinstance(node, dict):
        given.complain(*_PLACE, f"{name} should be a JSON object")
        return False
    missing = [key for key in ("os", "cpu_subdir", "repo_targets") if key not in node]
    wrong = [key for key in ("os", "cpu_subdir", "slurm_params", "accel") if not isinstance(node.get(key, ""), str)]
    repositories = node.get("repo_targets", [])
    if not isinstance(repositories, list) or not all(isinstance(one, str) for one in repositories):
        wrong.append("repo_targets")
    for key in missing:
        given.complain(*_PLACE, f"{name} has no {key}")
    for key in wrong:
        given.complain(*_PLACE, f"{key} of {name} is not of the right form")
    return not missing and not wrong


def carry_options(given: AppCfg, table: Table, place: tuple[str, str], text: str, options: Collection[str]) -> str:
    """Write ``slurm_options``, a text for each, and say of which there are none here; return what cluster they name."""
    try:
        words = shlex.split(text)
    except ValueError:
        given.complain(*place, "has a quotation in its options for sbatch that is not closed")
        return ""
    kept, cluster = [], ""
    for option in _whole(words):
        word, _, value = option.partition("=")
        if word in ("--clusters", "--cluster"):
            cluster = value
        elif word in _OURS:
            table.remark(f"{word} was left out: {_OURS[word]}.")
        elif word not in options:
            table.remark(f"{word} was left out: it is no option for sbatch that the executor takes.")
        else:
            kept.append(option)
    if kept:
        table.set("slurm_options", kept)
    return cluster


def carry_cluster(page: Page, table: Table, name: str) -> None:
    """Write in which cluster jobs are, if ``--clusters`` named one, and the table of that cluster."""
    if not name:
        return
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        table.remark(f'--clusters was {name}: one cluster can be named, by its table: cluster = "NAME".')
        return
    table.set("cluster", name)
    known = page.tables.get(f"clusters.{toml_key(name)}")
    if known is None:
        further = page.table(f"clusters.{toml_key(name)}")
        why = (
            f"--clusters named {name}: its slurm.conf has to be written here, and its commands into [slurm {name}] of "
            "executor.ini. If it is the cluster of [slurm], remove this table and each cluster that names it."
        )
        further.set("conf", "/REPLACE-THIS/slurm.conf", why)


def carry_arguments(given: AppCfg, table: Table) -> None:
    """Write ``job_arguments`` and ``submit_arguments``: what commands may set."""
    allowed = _allowed_jobs(given)
    if allowed:
        table.remark("Each is a regular expression for the whole of a name or a value.")
        table.set_tables("job_arguments", allowed)
    options = _entries(given, "allowed_submitargs", ("value",))
    if options:
        table.remark("Each is a regular expression for a whole option.")
        table.set("submit_arguments", [one["value"] for one in options])


def _allowed_jobs(given: AppCfg) -> list[dict[str, str]]:
    """Return what ``jobargs:`` may set; those of 2026 count where both generations' are there, as in the bot."""
    newer = _entries(given, "allowed_jobargs", ("key", "value"))
    if newer or given.has("buildenv", "allowed_jobargs"):
        return [{"name": one["key"], "value": one["value"]} for one in newer]
    content = given.content("buildenv", "allowed_exportvars")
    if content is None:
        return []
    if not isinstance(content, list) or not all(isinstance(one, str) and "=" in one for one in content):
        given.complain("buildenv", "allowed_exportvars", 'should be a JSON list of "NAME=VALUE"')
        return []
    pairs = [one.partition("=") for one in content]
    return [{"name": re.escape(name), "value": re.escape(value) or "()"} for name, _, value in pairs]


def _entries(given: AppCfg, key: str, keys: tuple[str, ...]) -> list[dict[str, str]]:
    content = given.content("buildenv", key)
    if content is None:
        return []
    fine = isinstance(content, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(name), str) and one[name] for name in keys) for one in content
    )
    if not fine or not isinstance(content, list):
        given.complain("buildenv", key, f"should be a JSON list of objects with {' and '.join(keys)}")
        return []
    for one in content:
        for name in keys:
            try:
                re.compile(one[name])
            except re.error:
                given.complain("buildenv", key, f"has a {name} that is no regular expression")
                return []
    return [{name: one[name] for name in keys} for one in content]


def _whole(words: list[str]) -> list[str]:
    """Return each option as one text, by its long name: ``--partition=x`` for ``-p x`` and ``-px``, too."""
    found: list[str] = []
    for word in words:
        if not word.startswith("-") and found and "=" not in found[-1]:
            found[-1] = f"{found[-1]}={word}"
        elif word in _SHORT:
            found.append(_SHORT[word])
        elif word[:2] in _SHORT and not word.startswith("--"):
            found.append(f"{_SHORT[word[:2]]}={word[2:].removeprefix('=')}")
        else:
            found.append(word)
    return found
