"""An app's rules as a form brings them."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationError

from headgate.actions.refusals import ParametersError
from headgate.model.app import AppRules
from headgate.web.pages.forms import Form

LISTS: Final = ("users", "groups", "clusters", "partitions", "accounts")
NUMBERS: Final = ("max_active", "max_active_per_user", "max_upload", "rate", "burst")
_APART: Final = re.compile(r"[\s,]+")


def rules_of(form: Form) -> AppRules:
    """Return the rules that a form says. Raises ParametersError that names the field."""
    given: dict[str, Any] = {name: words for name in LISTS if (words := split(form.get(name)))}
    given |= {name: word for name in NUMBERS if (word := form.get(name))}
    if form.get("user_pattern"):
        given["user_pattern"] = form.get("user_pattern")
    given["any_user"] = form.ticked("any_user")
    try:
        return AppRules.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]).replace("_", " ")
        raise ParametersError(f"{where}: {first['msg']}") from error


def split(text: str) -> list[str]:
    """Return the words of a field in which blanks or commas stand between them."""
    return [word for word in _APART.split(text) if word]
