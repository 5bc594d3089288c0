"""Serving visitors with their own, by the same functions as the local socket."""

from __future__ import annotations

from headgate.web.own import Own, Who
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor


def own_of(site: Site) -> Own:
    """Return what serves people with their own, over the connectors that are configured."""
    connectors = {name: site.connectors[name] for name in site.settings.connectors if name in site.connectors}
    lifetime = site.settings.local.code_lifetime
    return Own(connectors, site.addressing, site.settings.notify.default_connector, lifetime)


def who_of(visitor: Visitor) -> Who:
    """Return whose things a visitor asks for."""
    return Who(visitor.user, visitor.caller.via)
