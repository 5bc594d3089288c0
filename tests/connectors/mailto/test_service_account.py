"""The claim a service account asks for a token with, checked by another's hand."""

from __future__ import annotations

import pytest

from headgate.connectors.mailto import service_account as module
from headgate.connectors.mailto.service_account import SCOPE, parse_key
from headgate.testing.gmail.claims import RefusedError, check, new_account

NOW = 1_795_000_000.9
TOKEN_URL = "https://oauth2.googleapis.com/token"
USER = "slurm@example.org"
ACCOUNT = new_account(frozenset({SCOPE}), frozenset({USER}))


def test_the_claim_is_what_google_asks_for() -> None:
    account = parse_key(ACCOUNT.key_file(TOKEN_URL))
    assert check(account.claim(USER, NOW), ACCOUNT, NOW) == USER


def test_neither_the_account_nor_its_key_is_shown() -> None:
    account = parse_key(ACCOUNT.key_file(TOKEN_URL))
    assert "RSA" not in repr(account)
    assert repr(account) == f"ServiceAccount(email={account.email!r}, token_url={TOKEN_URL!r})"


@pytest.mark.parametrize(
    ("user", "later", "said"),
    [
        ("eve@example.org", 0, "Invalid email or User ID"),
        (USER, 3601, "short-lived"),
        (USER, -400, "short-lived"),
    ],
    ids=["another user", "too late", "too early"],
)
def test_a_claim_that_must_be_refused_is(user: str, later: float, said: str) -> None:
    account = parse_key(ACCOUNT.key_file(TOKEN_URL))
    with pytest.raises(RefusedError, match=said):
        check(account.claim(user, NOW), ACCOUNT, NOW + later)


def test_a_claim_for_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AUDIENCE", "https://elsewhere.example/token")
    claim = parse_key(ACCOUNT.key_file(TOKEN_URL)).claim(USER, NOW)
    with pytest.raises(RefusedError, match="audience"):
        check(claim, ACCOUNT, NOW)


def test_a_claim_with_another_key_or_scope_is_refused() -> None:
    claim = parse_key(ACCOUNT.key_file(TOKEN_URL)).claim(USER, NOW)
    with pytest.raises(RefusedError, match="Signature"):
        check(claim, new_account(frozenset({SCOPE}), frozenset({USER})), NOW)
    head, claims, signature = claim.split(".")
    with pytest.raises(RefusedError, match="Signature"):
        check(f"{head}.{claims[:-4]}AAAA.{signature}", ACCOUNT, NOW)
    for broken in ("", "a.b", "a.b.c.d"):
        with pytest.raises(RefusedError):
            check(broken, ACCOUNT, NOW)
