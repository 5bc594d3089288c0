"""A comment read into commands. Pure; raises nothing.

```
bot: build repo:eessi.io-2023.06-software for:arch=x86_64/amd/zen2
```
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from headgate.builds.grammar.arguments import (
    ACCELERATOR,
    ARCHITECTURE,
    COMPONENTS,
    INSTANCE,
    JOB,
    JOB_ID,
    REPOSITORY,
    Arguments,
    WrongArgumentError,
    read,
)
from headgate.builds.grammar.commands import (
    Build,
    Cancel,
    Command,
    Deploy,
    Filter,
    Help,
    Line,
    Misspelt,
    Retry,
    ShowConfig,
    Status,
)
from headgate.builds.grammar.lines import Addressed, addressed
from headgate.builds.grammar.matching import is_wild
from headgate.config.suggest import likely

MAX_COMMANDS: Final = 20
"""Commands of one comment; what stands below is answered and not done."""
MAX_TEXT: Final = 2000
"""Characters of a command."""
_TARGETS: Final = (ARCHITECTURE, ACCELERATOR, REPOSITORY, INSTANCE)
_JOBS: Final = (*_TARGETS, JOB)
_NAMES: Final = (*COMPONENTS, "on", "for", "arch", "accel", "repo")
NO_TARGET: Final = (
    "No 'for:' argument was passed to the bot:build command. This argument is required, so not submitting build jobs"
)


def parse(body: str) -> list[Line]:
    """Return the commands in a comment, in their order; empty if nobody spoke to the bot."""
    lines = [line for line in (_line(one) for one in addressed(body)) if line is not None]
    return [line if number < MAX_COMMANDS else _too_many(line) for number, line in enumerate(lines)]


def _too_many(line: Line) -> Line:
    message = f"a comment may hold {MAX_COMMANDS} commands; this one was not done"
    return Line(line.number, line.text, line.expanded, Misspelt(message))


def _line(one: Addressed) -> Line | None:
    text = one.text[:MAX_TEXT]
    if len(one.text) > MAX_TEXT:
        return Line(one.number, text, text, Misspelt(f"a command has at most {MAX_TEXT} characters"))
    expanded, command = _read(text)
    if not one.colon:
        # Prose begins with "bot" now and then: only what is a command but for its colon was meant as one.
        if isinstance(command, Misspelt):
            return None
        return Line(one.number, text, expanded, Misspelt(f"there is no colon behind bot; did you mean `bot: {text}`?"))
    if one.quoted:
        message = "this line belongs to the quotation above it and was not done; leave an empty line between them"
        return Line(one.number, text, expanded, Misspelt(message))
    return Line(one.number, text, expanded, command)


def _read(text: str) -> tuple[str, Command | Misspelt]:
    """Return a command, and its text with all names whole."""
    name, *tokens = text.split()
    reader = _READERS.get(name.lower())
    if reader is None:
        meant = likely(name, _READERS)
        more = f"; did you mean `bot: {' '.join([meant, *tokens])}`?" if meant else ""
        return text, Misspelt(f"unknown command `{name}`; use `bot: help` for usage information{more}")
    try:
        arguments = read(tokens)
        command = reader(arguments)
    except WrongArgumentError as wrong:
        return text, Misspelt(f"{wrong}{_meant(tokens)}")
    return " ".join(f"{name.lower()} {arguments.expanded()}".split()), command


def _meant(tokens: Collection[str]) -> str:
    """Say which component was probably meant by one there is not."""
    for token in tokens:
        component, colon, rest = token.partition(":")
        known = any(name.startswith(component) for name in _NAMES)
        meant = likely(component, _NAMES) if colon and not known else None
        if meant:
            return f"; did you mean `{meant}:{rest}`?"
    return ""


def _words(found: Arguments, known: Collection[str]) -> set[str]:
    """Return the bare words. Raises WrongArgumentError for one that is not known, or anything the command has not."""
    for word in found.words:
        if word not in known:
            meant = likely(word, known)
            more = f"; did you mean {meant}?" if meant else ""
            raise WrongArgumentError(f"filter string '{word}' does not conform to format 'component:pattern'{more}")
    return set(found.words)


def _only(found: Arguments, components: Collection[str], words: Collection[str] = ()) -> set[str]:
    """Refuse what only ``build`` has, and filters that this command has not. Raises WrongArgumentError."""
    if found.on or found.target or found.job_arguments or found.submit_arguments:
        raise WrongArgumentError("on:, for:, jobargs: and submitargs: go with build only")
    _known(found, components)
    return _words(found, words)


def _known(found: Arguments, components: Collection[str]) -> None:
    for one in found.filters:
        if one.component not in components:
            raise WrongArgumentError(f"the filter {one.component}: does not go with this command")


def _help(found: Arguments) -> Command:
    _only(found, (INSTANCE,), found.words)  # help is for those who do not know what to write
    return Help(tuple(found.filters))


def _show_config(found: Arguments) -> Command:
    _only(found, _TARGETS)
    return ShowConfig(tuple(found.filters))


def _status(found: Arguments) -> Command:
    words = _only(found, _JOBS, ("last_build",))
    return Status(last_build=bool(words), filters=tuple(found.filters))


def _retry(found: Arguments) -> Command:
    _only(found, _JOBS, ("failed",))
    return Retry(tuple(found.filters))


def _deploy(found: Arguments) -> Command:
    _only(found, _JOBS)
    return Deploy(tuple(found.filters))


def _cancel(found: Arguments) -> Command:
    found.filters += [Filter(JOB, word) for word in found.words if JOB_ID.fullmatch(word)]
    found.words = [word for word in found.words if not JOB_ID.fullmatch(word)]
    words = _only(found, _JOBS, ("all",))
    jobs = [int(one.pattern) for one in found.filters if one.component == JOB]
    if words and jobs:
        raise WrongArgumentError("write the numbers of jobs, or all, not both")
    filters = tuple(one for one in found.filters if one.component != JOB)
    return Cancel(tuple(dict.fromkeys(jobs)), filters)


def _build(found: Arguments, *, again: bool = False) -> Command:
    if again and found.words == ["failed"]:
        return _retry(found)
    words = _words(found, ("all", "confirmed", "preview"))
    _known(found, _TARGETS)
    everything = "all" in words
    if everything and found.target:
        raise WrongArgumentError("write all or for:, not both")
    if not everything and not found.target:
        named = [one for one in found.filters if one.component in (ARCHITECTURE, ACCELERATOR)]
        meant = ",".join(f"{one.component}={one.pattern}" for one in named)
        raise WrongArgumentError(NO_TARGET + (f"; did you mean `for:{meant}`?" if meant else ""))
    if found.on and any(is_wild(value) for value in found.target.values()):
        raise WrongArgumentError("with on:, what is built for has to be named whole")
    if everything and found.on:
        raise WrongArgumentError("all builds on each kind of node for itself; use arch: in place of on:")
    return Build(
        filters=tuple(found.filters),
        on=tuple(found.on),
        target=dict(found.target),
        job_arguments=tuple(found.job_arguments),
        submit_arguments=tuple(found.submit_arguments),
        again=again,
        everything=everything,
        confirmed="confirmed" in words,
        preview="preview" in words,
    )


def _rebuild(found: Arguments) -> Command:
    return _build(found, again=True)


_READERS: Final[Mapping[str, Callable[[Arguments], Command]]] = {
    "help": _help,
    "build": _build,
    "rebuild": _rebuild,
    "retry": _retry,
    "status": _status,
    "show_config": _show_config,
    "cancel": _cancel,
    "deploy": _deploy,
}
