from __future__ import annotations

from headgate.model.change import Change, failures


def test_failures_are_named_in_one_line() -> None:
    good = Change({}, {}, changed=True)
    bad = Change({}, {}, changed=False, error="no")
    assert failures({"n1": good}) == ""
    assert failures({"n1": good, "n2": bad}) == "n2: no"
    many = failures({f"n{number}": bad for number in range(9)})
    assert many == "n0: no; n1: no; n2: no; n3: no; n4: no; and 4 more"
