"""The whole examination."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from headgate.config.load import Reading, read
from headgate.config.settings import Settings
from headgate.connectors.registry import settings_of
from headgate.model.finding import Finding, Level, note, well, wrong
from headgate.service.doctor import builds, here, kept, slurm

_AREA = "configuration"


def examination(settings: Settings) -> Callable[[], Awaitable[list[Finding]]]:
    """Return what looks at everything, by the configuration as its file and the environment have it then."""

    async def run() -> list[Finding]:
        return await examine(await asyncio.to_thread(read, settings.path, connector_settings=settings_of))

    return run


async def examine(reading: Reading) -> list[Finding]:
    """Look at everything; what is looked at does not change. Parts that are switched off are left out."""
    found = [
        Finding(_AREA, Level.WRONG if problem.severity == "error" else Level.NOTE, str(problem))
        for problem in reading.problems
    ]
    found += await asyncio.to_thread(here.configuration_file, reading.path)
    settings = reading.settings
    if settings is None:
        return found
    if not found:
        found.append(well(_AREA, f"{reading.path} can be used"))
    if not settings.connectors:
        found.append(note("connectors", "there are none: nobody is told anything", "see docs/howto, and add one"))
    parts = await asyncio.gather(
        kept.examine(settings),
        slurm.examine(settings),
        here.spool_in_thread(settings),
        here.executor(settings),
        here.service(settings),
        here.bots(settings),
        builds.examine(settings),
        return_exceptions=True,
    )
    for part in parts:
        if isinstance(part, BaseException):
            found.append(wrong("doctor", f"a look failed: {type(part).__name__}: {part}", "please report this"))
        else:
            found += part
    return found
