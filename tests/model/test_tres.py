from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.tres import MAX_TRES, beside_the_plain, read_tres

NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}(:[a-z0-9]{1,8})?)?", fullmatch=True)


def test_allocated_resources_are_read() -> None:
    assert read_tres("billing=4,cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=4G,node=2") == {
        "billing": 4,
        "cpu": 4,
        "gres/gpu:a100": 2,
        "gres/gpu": 2,
        "mem": 4 << 30,
        "node": 2,
    }


def test_used_resources_are_read_with_cpu_time_in_seconds() -> None:
    assert read_tres("cpu=1-00:00:01,energy=0,fs/disk=8087,mem=2818048,pages=0,vmem=5214208") == {
        "cpu": 86401,
        "energy": 0,
        "fs/disk": 8087,
        "mem": 2818048,
        "pages": 0,
        "vmem": 5214208,
    }


def test_what_cannot_be_read_is_unknown_and_not_zero() -> None:
    assert read_tres("cpu=,mem=?,=3,gres/gpu,node=1") == {"node": 1}
    assert read_tres("") == {}


def test_long_texts_are_cut() -> None:
    assert len(read_tres(",".join(f"gres/x{number}=1" for number in range(10_000)))) == MAX_TRES


@given(st.dictionaries(NAMES, st.integers(0, 2**62), max_size=20))
def test_every_set_of_resources_is_read_as_it_was_written(amounts: dict[str, int]) -> None:
    assert read_tres(",".join(f"{name}={amount}" for name, amount in amounts.items())) == amounts


def test_special_resources_are_what_is_not_plain() -> None:
    amounts = {"cpu": 4, "mem": 1, "node": 1, "billing": 3, "gres/gpu": 2, "license/matlab": 1, "gres/none": 0}
    assert beside_the_plain(amounts) == {"gres/gpu": 2, "license/matlab": 1}
