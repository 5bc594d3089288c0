from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.recipient import MAX_RECEIVERS, MAX_TARGET, Recipient, RefusedReceiver, read_receivers


def read(text: str) -> tuple[list[Recipient], list[RefusedReceiver]]:
    return read_receivers(text, default_connector="mailto", owner="alice")


connectors = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,10}", fullmatch=True)
targets = (
    st.text(st.characters(exclude_characters=",", exclude_categories=("C", "Z")), min_size=1, max_size=20)
    .filter(lambda target: target.strip(":") != "")
)  # fmt: skip
recipients = st.builds(Recipient, connectors, targets)
blanks = st.sampled_from(["", " ", "  ", "\t"])


@given(st.lists(recipients, min_size=1, max_size=10, unique=True), blanks, blanks)
def test_a_list_made_from_recipients_is_read_back(wanted: list[Recipient], before: str, after: str) -> None:
    text = ",".join(f"{before}{one.connector}{after}:{before}{one.target}{after}" for one in wanted)
    assert read(text) == (wanted, [])


@given(st.lists(recipients, min_size=1, max_size=8, unique=True), st.data())
def test_repetitions_and_empty_items_change_nothing(wanted: list[Recipient], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from([*map(str, wanted), "", " "]), max_size=8))
    assert read(",".join([*map(str, wanted), *again])) == (wanted, [])


@given(targets.filter(lambda target: ":" not in target))
def test_a_bare_name_goes_to_the_default_connector(target: str) -> None:
    assert read(target) == ([Recipient("mailto", target)], [])


@given(st.text(max_size=200))
def test_any_text_is_read_and_nothing_is_dropped_in_silence(text: str) -> None:
    good, refused = read(text)
    assert good or refused
    assert len(good) + len(refused) <= max(1, len([item for item in text.split(",") if item.strip()]))
    for one in good:
        assert one.target == one.target.strip() != ""
        assert one.connector
        assert "," not in one.target
        assert len(one.target) <= MAX_TARGET
    for one_refused in refused:
        assert one_refused.why
        assert "\n" not in one_refused.text


@given(st.text(max_size=60))
def test_reading_what_was_read_gives_the_same(text: str) -> None:
    good, _ = read(text)
    assert not good or read(",".join(map(str, good))) == (good, [])


@pytest.mark.parametrize("text", ["", " ", ",", " , ,", "\n"])
def test_an_empty_list_means_the_owner(text: str) -> None:
    assert read(text) == ([Recipient("mailto", "alice")], [])


def test_an_empty_list_of_an_unknown_owner_is_refused_not_lost() -> None:
    good, refused = read_receivers("", default_connector="mailto", owner="")
    assert (good, len(refused)) == ([], 1)


def test_targets_may_hold_colons_and_spaces() -> None:
    good, refused = read("matrix:!room:example.org , slack:team general,alice@example.org")
    assert refused == []
    assert good == [
        Recipient("matrix", "!room:example.org"),
        Recipient("slack", "team general"),
        Recipient("mailto", "alice@example.org"),
    ]


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (":x", "name is empty"),
        ("mailto:", "no target"),
        ("mailto: :: ", "no target"),
        ("a/b:x", "letters, digits"),
        ("-x:y", "letters, digits"),
        ("é:y", "letters, digits"),
        ("mailto:a\nb", "control character"),
        ("mailto:a\u2028b", "control character"),
        ("mailto:" + "x" * (MAX_TARGET + 1), "longer than"),
    ],
)
def test_an_item_that_names_nobody_is_refused_and_the_others_are_read(item: str, why: str) -> None:
    good, refused = read(f"bob,{item},carol")
    assert good == [Recipient("mailto", "bob"), Recipient("mailto", "carol")]
    (one,) = refused
    assert why in one.why
    assert len(one.text) <= MAX_TARGET


def test_more_receivers_than_a_list_may_have_are_refused_by_their_number() -> None:
    good, refused = read(",".join(f"u{number}" for number in range(MAX_RECEIVERS + 3)))
    assert len(good) == MAX_RECEIVERS
    assert refused == [RefusedReceiver("3 more", f"more than {MAX_RECEIVERS} receivers")]


def test_a_receiver_repeated_often_is_one_receiver() -> None:
    good, refused = read(",".join(["alice"] * 1000 + ["bob"]))
    assert (good, refused) == ([Recipient("mailto", "alice"), Recipient("mailto", "bob")], [])
