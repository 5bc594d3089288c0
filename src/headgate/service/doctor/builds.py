"""What builds need: the forges' keys and permissions, the build account, its directories, and where builds go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headgate.builds.doctor import diagnose
from headgate.config.settings import Settings
from headgate.errors import HeadgateError
from headgate.model.finding import Finding, wrong
from headgate.model.pull_request import Repository
from headgate.service import builds
from headgate.service.forges import make_forges

_AREA = "builds"


async def examine(settings: Settings) -> list[Finding]:
    """Try all of it but what others see: no job is submitted."""
    if not settings.builds.forges or "builds" not in settings.service.parts:
        return []
    return [
        replace(one, area=_AREA, what=f"{one.area}: {one.what}") for one in await try_all(settings, (), submit=False)
    ]


async def try_all(settings: Settings, repositories: Sequence[Repository], *, submit: bool) -> list[Finding]:
    """Try all that builds need. ``repositories``: whose clone is tried; ``submit``: see ``diagnose``."""
    from headgate.service.wiring import make_clusters  # which has a page of its own make this examination

    try:
        builds.check(settings)
        clusters = builds.clusters_of(settings.builds, make_clusters(settings))
        builds.repos_of(settings.builds.repos_dir)
        forges = make_forges(settings.builds)
    except HeadgateError as error:
        return [wrong("settings", error.message)]
    try:
        async with builds.build_clusters(settings, clusters) as ways:
            looks = diagnose(settings.builds, ways[""], forges, repositories, ways, submit=submit)
            return [one async for one in looks]
    except HeadgateError as error:
        return [wrong("cluster", error.message)]
    finally:
        for forge in forges.values():
            await forge.aclose()
