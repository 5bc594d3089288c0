"""``repos.cfg``: the repositories that are built for, and the bundles of files they take. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from headgate.config.ini_text import Ini, WrongIniError

IMPLICIT: Final = ("EESSI", "EESSI-pilot")
"""Names that need no entry: the container's own repositories."""
_BUNDLE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,254}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_KEYS: Final = ("repo_name", "repo_version", "config_bundle", "config_map", "container")


@dataclass(frozen=True, slots=True)
class RepositoryConfig:
    """One ``[repo_id]``. What is not given is empty."""

    id: str
    name: str = ""
    """As in ``software.eessi.io``."""
    version: str = ""
    container: str = ""
    """As in ``docker://ghcr.io/eessi/build-node:debian12``."""
    bundle: str = ""
    """Name of an archive beside ``repos.cfg``."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Names in the bundle, and where in the container they go."""


def parse(text: str, file: str = "repos.cfg") -> dict[str, RepositoryConfig]:
    """Return the repositories by name, the implicit ones among them. Raises WrongIniError, which names the place."""
    ini = Ini(text, file)
    found = {name: RepositoryConfig(name) for name in IMPLICIT}
    for section in ini.sections:
        found[section] = _repository(ini, section)
    return found


def _repository(ini: Ini, section: str) -> RepositoryConfig:
    if not _NAME.fullmatch(section):
        raise WrongIniError(ini.wrong(section, "", "is no name: letters, digits, . _ + and - only"))
    values = {}
    for key in _KEYS:
        values[key] = (ini.get(section, key) or "").strip()
        if key != "config_map" and any(not one.isprintable() for one in values[key]):
            raise WrongIniError(ini.wrong(section, key, "should be one line"))
    bundle = values["config_bundle"]
    if bundle and not _BUNDLE.fullmatch(bundle):
        raise WrongIniError(ini.wrong(section, "config_bundle", "should be the name of a file beside repos.cfg"))
    return RepositoryConfig(
        section, values["repo_name"], values["repo_version"], values["container"], bundle, _files(ini, section, values)
    )


def _files(ini: Ini, section: str, values: Mapping[str, str]) -> Mapping[str, str]:
    if not values["config_map"]:
        return {}
    try:
        content = json.loads(values["config_map"])
    except (ValueError, RecursionError):
        raise WrongIniError(ini.wrong(section, "config_map", "is no JSON")) from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise WrongIniError(ini.wrong(section, "config_map", "should be a JSON object of texts"))
    return content
