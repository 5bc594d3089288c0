"""Whom an app may act for, and what is kept of a token."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.model.app import AppRules, AppToken, new_token, same_hash, token_hash


def test_without_rules_an_app_acts_for_nobody() -> None:
    assert not AppRules().names("ada")


@pytest.mark.parametrize(
    ("rules", "user", "may"),
    [
        (AppRules(users=("ada",)), "ada", True),
        (AppRules(users=("ada",)), "ben", False),
        (AppRules(user_pattern="p[0-9]+"), "p12", True),
        (AppRules(user_pattern="p[0-9]+"), "p12x", False),
        (AppRules(any_user=True), "ben", True),
    ],
)
def test_users_are_named_by_list_or_by_the_whole_pattern(rules: AppRules, user: str, *, may: bool) -> None:
    assert rules.names(user) is may


@pytest.mark.parametrize("wrong", [{"user_pattern": "("}, {"users": ["a b"]}, {"rate": 0}, {"more": 1}])
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AppRules.model_validate(wrong)


def test_tokens_differ_and_only_their_hash_tells_them_apart() -> None:
    one, other = new_token(), new_token()
    assert one != other
    assert len(one) > 40
    assert one not in token_hash(one)
    assert same_hash(token_hash(one), token_hash(one))
    assert not same_hash(token_hash(one), token_hash(other))


def test_a_token_expires_at_its_moment() -> None:
    token = AppToken("t", None, "x", None, 0.0, 100.0, None)
    assert (token.expired(99.9), token.expired(100.0)) == (False, True)
    assert not AppToken("t", None, "x", None, 0.0, None, None).expired(1e12)
