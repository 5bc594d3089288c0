"""StackStorm's Jinja filters (https://docs.stackstorm.com/reference/jinja.html), for parameters and patterns."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Mapping
from typing import Any, Final

import regex
import yaml
from semver import Version

from headgate.rules import expressions, paths

NONE: Final = "%*****__%NONE%__*****%"
"""What ``use_none`` gives for null, as StackStorm does; casting makes null of it again."""
_LONGEST: Final = 256 * 1024
_INDENT: Final = 20
_PARTS: Final = ("s", "m", "h", "d", "y")


def use_none(value: Any) -> Any:
    """Keep null from becoming the text ``None``."""
    return NONE if value is None else value


def _from_json(value: Any) -> Any:
    return json.loads(_bounded(value))


def _from_yaml(value: Any) -> Any:
    text = _bounded(value)
    if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
        raise ValueError("aliases are not followed")
    return yaml.safe_load(text)


def _to_json(
    value: Any,
    indent: int | None = None,
    sort_keys: bool = False,
    separators: tuple[str, str] = (",", ": "),
) -> str:
    width = None if indent is None else min(int(indent), _INDENT)
    return json.dumps(value, indent=width, sort_keys=sort_keys, separators=(str(separators[0]), str(separators[1])))


def _to_yaml(value: Any, indent: int | None = None, allow_unicode: bool = True) -> str:
    width = None if indent is None else min(int(indent), _INDENT)
    return yaml.safe_dump(value, default_flow_style=False, indent=width, allow_unicode=allow_unicode)


def _json_escape(value: Any) -> str:
    return json.dumps(value).strip('"')


def _to_complex(value: Any) -> str:
    return json.dumps(value)


def _jsonpath(value: Any, query: str) -> list[Any] | None:
    try:
        return [found.value for found in paths.path(str(query)).find(value)] or None
    except paths.PathError as error:
        raise ValueError(str(error)) from error


def _flags(ignorecase: bool) -> int:
    return regex.IGNORECASE if ignorecase else 0


def _regex_match(value: Any, pattern: str, ignorecase: bool = False) -> bool:
    return expressions.match(str(pattern), str(value), _flags(ignorecase))


def _regex_search(value: Any, pattern: str, ignorecase: bool = False) -> bool:
    return expressions.search(str(pattern), str(value), _flags(ignorecase))


def _regex_replace(value: Any, pattern: str, replacement: str, ignorecase: bool = False) -> str:
    return expressions.replaced(str(pattern), str(replacement), str(value), _flags(ignorecase))


def _regex_substring(
    value: Any,
    pattern: str,
    result_index: int = 0,
    ignorecase: bool = False,
) -> str | tuple[str, ...]:
    return expressions.found(str(pattern), str(value), _flags(ignorecase))[int(result_index)]


def human_time(seconds: float) -> str:
    """Write seconds as StackStorm does: ``3m5s``, ``1h0m5s``, ``0s``."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError("not a number of seconds")
    if 0 < seconds < 1:
        return f"{seconds}\N{GREEK SMALL LETTER MU}s"
    whole = round(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    years, day = divmod(days, 365)
    parts = [second, minute, hour, day, years]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return "".join(
        f"{number}{unit}" for number, unit in zip(reversed(parts), reversed(_PARTS[: len(parts)]), strict=True)
    )


def _compare(value: str, other: str) -> int:
    return int(Version.parse(value).compare(other))


def _version_match(value: str, pattern: str) -> bool:
    return Version.parse(value).match(pattern)


def _strip_patch(value: str) -> str:
    version = Version.parse(value)
    return f"{version.major}.{version.minor}"


def _bounded(value: Any) -> str:
    text = str(value)
    if len(text) > _LONGEST:
        raise ValueError("too long")
    return text


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "from_json_string": _from_json,
    "from_yaml_string": _from_yaml,
    "to_json_string": _to_json,
    "to_yaml_string": _to_yaml,
    "json_escape": _json_escape,
    "jsonpath_query": _jsonpath,
    "to_complex": _to_complex,
    "use_none": use_none,
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "regex_match": _regex_match,
    "regex_search": _regex_search,
    "regex_replace": _regex_replace,
    "regex_substring": _regex_substring,
    "to_human_time_from_seconds": human_time,
    "version_compare": _compare,
    "version_more_than": lambda value, other: _compare(value, other) > 0,
    "version_less_than": lambda value, other: _compare(value, other) < 0,
    "version_equal": lambda value, other: _compare(value, other) == 0,
    "version_match": _version_match,
    "version_bump_major": lambda value: str(Version.parse(value).bump_major()),
    "version_bump_minor": lambda value: str(Version.parse(value).bump_minor()),
    "version_bump_patch": lambda value: str(Version.parse(value).bump_patch()),
    "version_strip_patch": _strip_patch,
}
"""Every filter of StackStorm's but ``decrypt_kv``: there is no encrypted datastore here."""
