from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from headgate.events.sources.node_changes import KnownNode, Look, first_sight, follow, of_outages, state_kinds
from headgate.events.sources.node_ledger import HISTORIC, Told, join, prune
from headgate.model.event import Event, EventKind, Source
from headgate.model.node import Node
from headgate.model.node_outage import NodeOutage
from tests.events.sources.seen_nodes import CLUSTER, drained, node, outage, state

START = 1000


@dataclass
class Observer:
    """Looks at one node, and joins what it sees with the outages it is given; counts what it told by key."""

    known: KnownNode
    seen_at: float = float(START)
    told: tuple[Told, ...] = ()
    facts: dict[str, Event] = field(default_factory=dict)
    witnesses: dict[str, set[Source]] = field(default_factory=dict)

    def look(self, now: float, seen: Node, outages: list[NodeOutage] | None = None) -> list[Event]:
        look = Look(self.seen_at, now)
        self.known, looked = follow(self.known, seen, look)
        joined = join(CLUSTER, {seen.name: self.told}, looked, of_outages(outages or [], START), look)
        self.told = joined.told.get(seen.name, self.told)
        self.seen_at = now
        for event in joined.events:
            self.facts.setdefault(event.key, event)
            self.witnesses.setdefault(event.key, set()).add(event.source)
        return joined.events

    @property
    def kinds(self) -> list[str]:
        return [event.kind.value for event in sorted(self.facts.values(), key=lambda event: event.time)]


def observer(seen: Node | None = None) -> Observer:
    return Observer(first_sight(seen or node(), float(START)))


def test_both_witnesses_at_once_are_one_fact_with_the_outages_time() -> None:
    watching = observer(drained(at=900.0))
    watching.look(1010.0, node(), [outage(900, 1004, "IDLE+DRAIN")])
    [(key, fact)] = watching.facts.items()
    assert (key, fact.time) == ("node.resumed/c/n1/1004", 1004.0)
    assert watching.witnesses[key] == {Source.WATCHER, Source.ACCOUNTING}
    assert (fact.data["old_flags"], fact.data["node"], fact.data["partitions"]) == (["DRAIN"], "n1", ["main"])


def test_what_a_look_told_first_is_the_same_when_an_outage_tells_it() -> None:
    watching = observer(drained(at=900.0))
    watching.look(1010.7, node())
    watching.look(1020.7, node(), [outage(900, 1004, "IDLE+DRAIN")])
    watching.look(1030.7, node(), [outage(900, 1004, "IDLE+DRAIN")])
    assert list(watching.facts) == ["node.resumed/c/n1/1010"]
    assert watching.witnesses["node.resumed/c/n1/1010"] == {Source.WATCHER, Source.ACCOUNTING}


def test_what_an_outage_told_first_is_the_same_when_a_look_sees_it() -> None:
    """slurmdbd is asked a moment after slurmctld."""
    watching = observer()
    watching.look(1010.2, node(), [outage(1010)])
    watching.look(1020.2, drained("DOWN", at=1010.0), [outage(1010)])
    assert list(watching.facts) == ["node.down/c/n1/1010"]
    assert watching.witnesses["node.down/c/n1/1010"] == {Source.WATCHER, Source.ACCOUNTING}


def test_a_second_between_the_witnesses_makes_no_second_fact() -> None:
    watching = observer()
    watching.look(1010.0, drained("DOWN", at=1005.0))
    watching.look(1020.0, drained("DOWN", at=1005.0), [outage(1006)])
    assert watching.kinds == ["node.down"]


def test_flapping_between_two_looks_is_told_in_order() -> None:
    watching = observer()
    told = watching.look(1010.0, node(), [outage(1003, 1004), outage(1005, 1006)])
    assert [(event.kind.value, event.time) for event in told] == [
        ("node.down", 1003.0),
        ("node.up", 1004.0),
        ("node.down", 1005.0),
        ("node.up", 1006.0),
    ]


def test_look_sees_the_last_of_several() -> None:
    watching = observer()
    rows = [outage(1003, 1004), outage(1007)]
    watching.look(1010.0, drained("DOWN", at=1007.0), rows)
    watching.look(1020.0, drained("DOWN", at=1007.0), rows)
    assert watching.kinds == ["node.down", "node.up", "node.down"]
    assert watching.witnesses["node.down/c/n1/1003"] == {Source.ACCOUNTING}


def test_outage_told_late_does_not_take_the_place_of_the_one_that_was_seen() -> None:
    watching = observer()
    watching.look(1010.0, drained("DOWN", at=1007.0))
    watching.look(1020.0, drained("DOWN", at=1007.0), [outage(1003, 1004)])
    watching.look(1030.0, drained("DOWN", at=1007.0), [outage(1003, 1004), outage(1007)])
    assert watching.kinds == ["node.down", "node.up", "node.down"]


def test_who_asked_for_a_drain_is_better_known_than_who_recorded_it() -> None:
    watching = observer(drained("MIXED+DRAIN", at=900.0))
    watching.look(1010.0, drained(at=900.0), [outage(1004, None, "IDLE+DRAIN", user="slurm")])
    [fact] = watching.facts.values()
    assert (fact.kind.value, fact.time, fact.data["reason_user"]) == ("node.drained", 1004.0, "root")


def test_reason_that_was_put_in_other_words_later_makes_no_second_fact() -> None:
    watching = observer()
    watching.look(1200.0, drained("DOWN", at=1106.0, reason="in other words"), [outage(1003)])
    [fact] = watching.facts.values()
    assert (fact.kind.value, fact.time) == ("node.down", 1003.0)


def test_reason_that_came_with_another_drain_is_not_told_twice() -> None:
    watching = observer(drained(at=900.0, reason="a"))
    rows = [outage(900, 1003, "IDLE+DRAIN", "a"), outage(1005, None, "IDLE+DRAIN", "b")]
    watching.look(1010.0, drained(at=1005.0, reason="b"), rows)
    assert watching.kinds == ["node.resumed", "node.drained"]


def test_what_only_looks_can_see_waits_for_nobody() -> None:
    watching = observer(node("MIXED"))
    watching.look(1010.0, drained("MIXED+DRAIN"))
    assert watching.kinds == ["node.draining"]
    assert watching.told == ()


def test_entries_no_outage_can_be_about_any_more_are_dropped() -> None:
    watching = observer()
    watching.look(1010.0, drained("DOWN", at=1005.0))
    assert len(prune(watching.told, 1010.0)) == 1
    assert prune(watching.told, 1100.0) == ()


STATES = ("IDLE", "MIXED", "IDLE+DRAIN", "DOWN", "DOWN+DRAIN", "IDLE+FAIL", "DOWN+FAIL")


@dataclass(frozen=True)
class Story:
    """What happened to a node, by the second, and when it was looked at."""

    steps: tuple[tuple[int, str], ...]
    looks: tuple[float, ...]

    def at(self, now: float) -> Node:
        """The node as a look at this time sees it."""
        past = [(number, at, text) for number, (at, text) in enumerate(self.steps) if at <= now]
        number, at, text = past[-1]
        if text in ("IDLE", "MIXED"):
            return node(text)
        return drained(text, at=float(at), reason=f"reason {number}")

    def outages(self, until: float) -> list[NodeOutage]:
        """What slurmdbd has at this time."""
        rows = []
        ends: list[int | None] = [at if at <= until else None for at, _ in self.steps[1:]]
        for number, ((at, text), end) in enumerate(zip(self.steps, [*ends, None], strict=True)):
            if at <= until and text not in ("IDLE", "MIXED"):
                rows.append(outage(at, end, text, f"reason {number}"))
        return rows

    def facts(self) -> list[tuple[str, float]]:
        """What is to be told."""
        told = []
        for (_, before), (at, after) in zip(self.steps, self.steps[1:], strict=False):
            kinds = state_kinds(state(before), state(after))
            out = "IDLE", "MIXED"
            reason = {EventKind.NODE_DOWN, EventKind.NODE_DRAINED, EventKind.NODE_FAIL}
            if before not in out and after not in out and not reason.intersection(kinds):
                kinds.append(EventKind.NODE_REASON_CHANGED)
            told += [(kind.value, float(at)) for kind in kinds]
        return told


@st.composite
def stories(draw: st.DrawFn, states: tuple[str, ...] = STATES) -> Story:
    gaps = draw(st.lists(st.integers(3, 9), min_size=1, max_size=9))
    steps = [(START, "IDLE")]
    for gap in gaps:
        steps.append((steps[-1][0] + gap, draw(st.sampled_from([text for text in states if text != steps[-1][1]]))))
    end = steps[-1][0] + 20
    looks = draw(st.lists(st.floats(START + 1.2, end, allow_nan=False), max_size=8, unique=True))
    # A look in the second of a change may or may not see it, as may be: the whole second has gone here.
    settled = [now for now in looks if all(not at - 1.5 < now < at + 1.5 for at, _ in steps)]
    return Story(tuple(steps), (*sorted(settled), float(end)))


@given(stories())
def test_every_fact_is_told_once_in_its_second_when_slurmdbd_is_asked_at_each_look(story: Story) -> None:
    watching = observer()
    for now in story.looks:
        watching.look(now, story.at(now), story.outages(now))
    found = [(fact.kind.value, fact.time) for fact in watching.facts.values()]
    assert sorted(found) == sorted(story.facts())


@given(st.sampled_from(["DOWN", "IDLE+DRAIN", "IDLE+FAIL"]).flatmap(lambda out: stories(("IDLE", out))), st.data())
def test_every_fact_is_told_once_when_slurmdbd_tells_late(story: Story, data: st.DataObject) -> None:
    watching = observer()
    seen = 0.0
    for now in story.looks:
        seen = max(seen, now - data.draw(st.sampled_from([0.0, 3.0, 12.0, 1000.0])))
        watching.look(now, story.at(now), story.outages(seen))
    watching.look(story.looks[-1] + 1.0, story.at(story.looks[-1]), story.outages(story.looks[-1]))
    found = Counter(fact.kind for fact in watching.facts.values() if fact.kind is not EventKind.NODE_REASON_CHANGED)
    expected = Counter(EventKind(kind) for kind, _ in story.facts() if kind != "node.reason_changed")
    assert found == expected


@given(stories())
def test_looks_alone_tell_of_what_they_see(story: Story) -> None:
    watching = observer()
    before = node()
    for now in story.looks:
        after = story.at(now)
        told = {event.kind for event in watching.look(now, after)} & HISTORIC - {EventKind.NODE_REASON_CHANGED}
        assert told == set(state_kinds(before.state, after.state))
        before = after
