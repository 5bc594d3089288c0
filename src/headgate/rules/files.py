"""From rule files to rules. One file holds one rule; one that is wrong is named, and keeps no other from being read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from headgate.config.document import Document
from headgate.config.locations import KeyPath, line_of
from headgate.config.problem import Problem
from headgate.config.wrong import Mistake, mistakes_of
from headgate.model.event import JSON
from headgate.rules import documents, expressions, operators, paths, rendering
from headgate.rules.criteria import Criterion
from headgate.rules.rule import END, FIRST, Approval, Drained, Plan, Quiet, Rate, Retry, Rule, Step
from headgate.rules.schema import DAYS, CriterionTable, Further, RateTable, RuleTable, StepTable
from headgate.rules.triggers import UNTIL

LIBRARY: Final = Path(__file__).parent / "library"
"""The rules that come with Headgate."""
_MOST_FILES: Final = 2000

Complaint = Callable[[Rule], list[tuple[KeyPath, str]]]
"""Says what is wrong with a rule that its file alone does not show: actions and triggers that are not there."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rules of all files, by their ref, and what is wrong with the files that could not be used."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load(directory: Path | None, complaint: Complaint | None = None, *, library: Path | None = LIBRARY) -> Loaded:
    """Read every rule file of the library and of a directory. A site's rule replaces the library's of the same ref."""
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for place, ours in ((library, True), (directory, False)):
        seen: dict[str, str] = {}
        for path in _files(place, problems):
            rule, wrong = load_file(path, complaint, library=ours)
            problems += wrong
            if rule is None:
                continue
            if rule.ref in seen:
                text = f"{rule.ref} is in {Path(seen[rule.ref]).name} already"
                problems.append(Problem(str(path), rule.line, "name", text))
                continue
            seen[rule.ref] = str(path)
            rules[rule.ref] = rule
    return Loaded(dict(sorted(rules.items())), tuple(problems))


def load_file(
    path: Path, complaint: Complaint | None = None, *, library: bool = False
) -> tuple[Rule | None, list[Problem]]:
    """Read a file. There is a rule only if nothing is wrong with it."""
    document = documents.read(path)
    return read_rule(document, complaint, library=library)


def read_rule(
    document: Document, complaint: Complaint | None = None, *, library: bool = False
) -> tuple[Rule | None, list[Problem]]:
    """Read a document. There is a rule only if nothing is wrong with it."""
    if document.problems:
        return None, list(document.problems)
    try:
        table = RuleTable.model_validate(document.tree)
    except ValidationError as error:
        return None, _problems(document, mistakes_of(error, RuleTable, document.tree, ("rule",)), strip=1)
    mistakes: list[Mistake] = []
    rule = _rule(table, document, mistakes, library=library)
    if not mistakes and complaint is not None:
        mistakes += [Mistake(at, text) for at, text in complaint(rule)]
    return (None if mistakes else rule), _problems(document, mistakes)


def signature(directory: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file of a directory does."""
    found = []
    for path in _files(directory, []):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(found)


def _files(directory: Path | None, problems: list[Problem]) -> list[Path]:
    if directory is None:
        return []
    try:
        found = sorted(path for path in directory.iterdir() if path.suffix in documents.SUFFIXES and path.is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(Problem(str(directory), None, "", f"cannot be read: {error.strerror or error}"))
        return []
    found = [path for path in found if not path.name.startswith(".")]
    if len(found) > _MOST_FILES:
        problems.append(Problem(str(directory), None, "", f"holds more than {_MOST_FILES} files; the rest is not read"))
    return found[:_MOST_FILES]


def _problems(document: Document, mistakes: list[Mistake], strip: int = 0) -> list[Problem]:
    return [
        Problem(
            document.file,
            line_of(mistake.path[strip:], document.lines),
            ".".join(str(part) for part in mistake.path[strip:]),
            mistake.text,
            mistake.likely,
        )
        for mistake in mistakes
    ]


def _rule(table: RuleTable, document: Document, mistakes: list[Mistake], *, library: bool) -> Rule:
    further = table.headgate
    steps = tuple(_steps(table, mistakes))
    plan = Plan(
        steps=steps,
        nodes=further.nodes,
        quiet=_quiet(further),
        concurrency=further.concurrency,
        drained=None if further.drained_at_most is None else Drained(**further.drained_at_most.model_dump()),
        only_when_empty=further.only_when_empty,
        approval=None if further.approval is None else Approval(**further.approval.model_dump()),
        until=further.until or UNTIL.get(table.trigger.type, ()),
    )
    _check_templates(further.nodes, ("headgate", "nodes"), mistakes)
    if further.per:
        _check_path(further.per, ("headgate", "per"), mistakes)
    if further.held and not (further.until or table.trigger.type in UNTIL):
        text = f"nothing is known to end {table.trigger.type}: say so with until"
        mistakes.append(Mistake(("headgate", "for"), text))
    return Rule(
        ref=f"{table.pack}.{table.name}",
        name=table.name,
        pack=table.pack,
        trigger=table.trigger.type,
        plan=plan,
        description=" ".join(table.description.split()),
        enabled=table.enabled,
        parameters=table.trigger.parameters,
        criteria=tuple(_criteria(table.criteria, ("criteria",), mistakes)),
        backstop=table.type is not None and table.type.ref == "backstop",
        held=further.held,
        repeated=_rate(further.repeated),
        rate=_rate(further.rate),
        per=further.per,
        role=further.role,
        file=document.file,
        line=document.lines.get(("name",)),
        library=library,
    )


def _quiet(further: Further) -> Quiet | None:
    quiet = further.quiet
    if quiet is None:
        return None
    days = frozenset(DAYS.index(day) for day in quiet.days)
    return Quiet(hours=quiet.hours, days=days, zone=quiet.zone, skip=quiet.then == "skip")


def _rate(table: RateTable | None) -> Rate | None:
    return None if table is None else Rate(table.count, table.within)


def _steps(table: RuleTable, mistakes: list[Mistake]) -> Iterator[Step]:
    further = table.headgate
    first = StepTable.model_validate(
        {
            "name": FIRST,
            "ref": table.action.ref,
            "parameters": table.action.parameters,
            "delay": further.delay,
            "on-success": further.on_success,
            "on-failure": further.on_failure,
        }
    )
    places: list[KeyPath] = [("action",), *(("headgate", "steps", number) for number in range(len(further.steps)))]
    retries = [further.retry, *(step.retry for step in further.steps)]
    names = [first.name, *(step.name for step in further.steps)]
    for number, (place, step, retry) in enumerate(zip(places, (first, *further.steps), retries, strict=True)):
        if names.index(step.name) != number or step.name == END:
            mistakes.append(Mistake((*place, "name"), f"{step.name} cannot be the name of this step: it is taken"))
        for key, name in (("on-success", step.on_success), ("on-failure", step.on_failure)):
            if name and name not in {*names, END}:
                at: KeyPath = ("headgate", key) if place == ("action",) else (*place, key)
                mistakes.append(Mistake(at, f"there is no step {name[:60]!r}"))
        _check_templates(step.parameters, (*place, "parameters"), mistakes)
        yield Step(
            name=step.name,
            ref=step.ref,
            parameters=step.parameters,
            delay=step.delay,
            retry=Retry() if retry is None else Retry(**retry.model_dump()),
            on_success=step.on_success,
            on_failure=step.on_failure,
        )


def _criteria(tables: Mapping[str, CriterionTable], at: KeyPath, mistakes: list[Mistake]) -> Iterator[Criterion]:
    for key, table in tables.items():
        place = (*at, key)
        _check_path(key, place, mistakes)
        operator = table.type.lower()
        if operator == operators.SEARCH:
            yield Criterion(key, operator, condition=table.condition or "", items=_items(table, place, mistakes))
            continue
        if isinstance(table.pattern, str) and rendering.is_template(table.pattern):
            _check_templates(table.pattern, (*place, "pattern"), mistakes)
        elif operator in operators.EXPRESSIONS and isinstance(table.pattern, str):
            try:
                expressions.compiled(table.pattern)
            except expressions.ExpressionError as error:
                mistakes.append(Mistake((*place, "pattern"), str(error)))
        yield Criterion(key, operator, table.pattern)


def _items(table: CriterionTable, at: KeyPath, mistakes: list[Mistake]) -> tuple[Criterion, ...]:
    pattern = table.pattern if isinstance(table.pattern, dict) else {}
    inner: dict[str, CriterionTable] = {}
    for key, value in pattern.items():
        try:
            inner[key] = CriterionTable.model_validate(value)
        except ValidationError as error:
            found = mistakes_of(error, CriterionTable, value, (*at, "pattern", key))
            mistakes += found
    return tuple(_criteria(inner, (*at, "pattern"), mistakes))


def _check_path(key: str, at: KeyPath, mistakes: list[Mistake]) -> None:
    try:
        paths.path(key)
    except paths.PathError as error:
        mistakes.append(Mistake(at, str(error)))


def _check_templates(value: JSON, at: KeyPath, mistakes: list[Mistake]) -> None:
    if isinstance(value, str) and rendering.is_template(value):
        try:
            rendering.check(value)
        except rendering.RenderingError as error:
            mistakes.append(Mistake(at, str(error)))
    elif isinstance(value, dict):
        for key, one in value.items():
            _check_templates(key, (*at, key), mistakes)
            _check_templates(one, (*at, key), mistakes)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _check_templates(one, (*at, number), mistakes)
