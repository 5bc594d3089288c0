"""Whom a reverse proxy names, where one has people sign in. From anywhere else, its header is ignored."""

from __future__ import annotations

import re
from typing import Final

from fastapi import Request

from headgate.config.pages import PagesSettings
from headgate.gateway.refusals import NotAllowedError
from headgate.web.addresses import within

_ACCOUNT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")


def named_by_proxy(request: Request, settings: PagesSettings) -> str | None:
    """Return the account that the proxy names; None if nobody is named, or it is not the proxy that asks.

    Raises NotAllowedError for what is no account, for root, and for a header that came twice.
    """
    if settings.proxy is None or request.client is None:
        return None
    if not within(request.client.host, settings.proxy.addresses):
        return None
    given = request.headers.getlist(settings.proxy.header)
    if not given:
        return None
    if len(given) > 1 or not _ACCOUNT.fullmatch(given[0]) or given[0].lower() == "root":
        raise NotAllowedError("the proxy names somebody who has no account here")
    return given[0]
