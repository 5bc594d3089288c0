from __future__ import annotations

from collections.abc import Iterator

import botocore.exceptions
import pytest

from headgate.testing.s3.server import ObjectStoreServer


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStoreServer]:
    with ObjectStoreServer("one") as started:
        yield started


def status(refused: pytest.ExceptionInfo[botocore.exceptions.ClientError]) -> int:
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_it_keeps_what_is_put(store: ObjectStoreServer) -> None:
    store.client(store.key("writer")).put_object(Bucket="one", Key="a/b", Body=b"c")
    assert store.objects("one")["a/b"] == b"c"


def test_it_refuses_a_key_it_does_not_know(store: ObjectStoreServer) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        store.client({"aws_access_key_id": "AKIANOBODY", "aws_secret_access_key": "x"}).put_object(
            Bucket="one", Key="a", Body=b""
        )
    assert status(refused) == 403


def test_it_refuses_a_wrong_secret(store: ObjectStoreServer) -> None:
    key = store.key("forger") | {"aws_secret_access_key": "guessed"}
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        store.client(key).put_object(Bucket="one", Key="a", Body=b"")
    assert status(refused) == 403


def test_it_refuses_what_somebody_may_not(store: ObjectStoreServer) -> None:
    client = store.client(store.key("reader", "s3:GetObject"))
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        client.put_object(Bucket="one", Key="a", Body=b"")
    assert status(refused) == 403


def test_a_bucket_that_was_not_made_is_not_there(store: ObjectStoreServer) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        store.client().head_bucket(Bucket="other")
    assert status(refused) == 404
