from __future__ import annotations

import json

from headgate.testing.discord.limits import Bucket, banned, too_many


def test_a_bucket_lets_so_many_pass_in_so_many_seconds() -> None:
    bucket = Bucket(2, 5.0)
    assert [bucket.ask("a", now) for now in (0.0, 1.0, 2.0)] == [None, None, 3.0]
    assert bucket.ask("a", 5.0) is None
    assert bucket.ask("a", 5.5) == 0.5


def test_each_place_has_a_bucket_of_its_own() -> None:
    bucket = Bucket(1, 5.0)
    assert bucket.ask("a", 0.0) is None
    assert bucket.ask("b", 0.0) is None


def test_the_wait_is_told_with_fractions_in_the_body_and_rounded_up_in_the_header() -> None:
    answer = too_many(0.25)
    assert json.loads(answer.body) == {"message": "You are being rate limited.", "retry_after": 0.25, "global": False}
    assert answer.headers["Retry-After"] == "1"
    assert "X-RateLimit-Global" not in answer.headers


def test_a_global_limit_says_so_twice() -> None:
    answer = too_many(1.0, "global")
    assert json.loads(answer.body)["global"] is True
    assert answer.headers["X-RateLimit-Global"] == "true"


def test_cloudflare_speaks_no_json() -> None:
    assert not banned(60).body.startswith(b"{")
