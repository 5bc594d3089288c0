"""The commands people may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on what is built.

    ``component`` is whole: ``architecture``, ``accelerator``, ``repository``, ``instance``, ``job``. ``pattern`` is a
    value, some of its parts between slashes, or either with ``*``, ``?`` and ``[...]`` in it.
    """

    component: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Help:
    """``bot: help``."""

    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class ShowConfig:
    """``bot: show_config``: what this instance builds on."""

    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Build:
    """``bot: build``, ``bot: rebuild``.

    ``on``: conditions on the node types; ``target``: what to build for (``architecture``, ``accelerator``).
    ``again``: even what was built at this commit already. ``everything``: ``all`` in place of ``for:``;
    ``confirmed``: the word ``confirmed`` stands behind it, without which ``all`` is only a preview. ``preview``: the
    word ``preview`` does, with which anything is. ``targets.choose`` puts these together.
    """

    filters: tuple[Filter, ...] = ()
    on: tuple[Filter, ...] = ()
    target: Mapping[str, str] = field(default_factory=dict)
    job_arguments: tuple[str, ...] = ()
    """``NAME=VALUE`` for ``cfg/export_vars.sh``."""
    submit_arguments: tuple[str, ...] = ()
    """Options for sbatch."""
    again: bool = False
    everything: bool = False
    confirmed: bool = False
    preview: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """``bot: retry``: what failed of the last build, at the same commit."""

    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """``bot: status``; ``last_build``: only the newest for each target."""

    last_build: bool = False
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    """``bot: cancel jobid:N …``; without jobs, all of this pull request."""

    jobs: tuple[int, ...] = ()
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Deploy:
    """``bot: deploy``: what the label ``bot:deploy`` does."""

    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A line meant for the bot that is no command. ``message`` says what is wrong, and what may have been meant."""

    message: str


Command = Help | ShowConfig | Build | Retry | Status | Cancel | Deploy


@dataclass(frozen=True, slots=True)
class Line:
    """One line to the bot: ``text`` as it was written behind ``bot:``; ``expanded`` with all names whole."""

    number: int
    text: str
    expanded: str
    command: Command | Misspelt
