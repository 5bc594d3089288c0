"""What an instance says of itself: what it builds on, and how one speaks to it. Pure."""

from __future__ import annotations

from headgate.builds.texts import cells
from headgate.config.builds import BuildSettings


def configuration(settings: BuildSettings) -> str:
    """Return the comment on what this instance builds on: that on a new pull request, and for ``show_config``."""
    lines = [f"Instance `{cells.code(settings.instance)}` is configured to build on:"]
    for name, target in settings.targets.items():
        repositories = ", ".join(f"'{cells.code(one)}'" for one in target.repositories)
        lines += [
            f"- Node type `{cells.code(name)}`:",
            f"  - OS: `{cells.code(target.os)}`",
            f"  - CPU architecture: `{cells.code(target.architecture)}`",
            f"  - Repositories: `[{repositories}]`",
        ]
        if target.accelerator:
            lines.append(f"  - Accelerators: `{cells.code(target.accelerator)}`")
    return "\n".join(lines)


def usage(settings: BuildSettings) -> str:
    """Return the answer to ``bot: help``."""
    first = next(iter(settings.targets.values()), None)
    architecture = cells.code(first.architecture) if first else "x86_64/amd/zen2"
    repository = cells.code(first.repositories[0]) if first else "REPOSITORY"
    return f"""\
How to have things built here

- A command is a line of a new comment that begins with `bot:`. Edits are not read, nor is what is \
quoted or shown as code.
- A comment may hold several commands, each on a line of its own; each is answered.
- Commands:
  - `bot: help`: this text
  - `bot: show_config`: what this instance builds on
  - `bot: build for:arch=ARCHITECTURE[,accel=ACCELERATOR] [FILTER]…`: builds, and tests what was built
  - `bot: build on:arch=ARCHITECTURE for:arch=ARCHITECTURE [FILTER]…`: builds on one kind of node for another
  - `bot: build all [FILTER]…`: says what would be built on everything there is; with `confirmed`, builds it
  - `bot: rebuild …`: as `build`, even what was built at this commit already
  - `bot: retry [FILTER]…`: builds again what failed
  - `bot: status [last_build] [FILTER]…`: how builds fare
  - `bot: cancel [jobid:NUMBER]…`: ends these jobs, or all of this pull request
  - `bot: deploy [FILTER]…`: what the label `bot:deploy` does
- Filters: `repository:`, `architecture:`, `accelerator:`, `instance:`; three characters of their names will do. A \
value is named whole, or by parts between its slashes; `*` stands for anything.
- For `build` only: `jobargs:NAME=VALUE` sets a variable for the job, `submitargs:--OPTION=VALUE` an option of sbatch, \
as far as this instance allows them.
- Example: `bot: build repo:{repository} for:arch={architecture}`"""
