"""moto's server on a loopback port: started in a second or two, gone afterwards with all it held."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
import botocore.config
import httpx2

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.daemons import PrivateDaemons, PrivateServer, free_port

PROGRAM = Path(__file__).parents[4] / ".counterparts/venv/bin/moto_server"
"""moto, in a checkout of Headgate (installed by its set-up)."""
READ_AND_WRITE = ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
_START = 60.0
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_REGION = "us-east-1"


class ObjectStoreServer(PrivateServer):
    """A running S3; use it as a context manager. It refuses who has no key, a wrong one, or no permission.

    ``buckets``: made at the start. Its own requests are made with keys that may do everything.
    """

    name = "s3"
    account = "root"

    def __init__(self, *buckets: str) -> None:
        super().__init__()
        self._buckets = buckets
        self._port = free_port()
        self._admin: dict[str, str] = {}
        self._clients: list[Any] = []

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def prepare(self, daemons: PrivateDaemons) -> None:  # noqa: ARG002 - it keeps nothing in files
        """Look whether it is installed."""
        if not PROGRAM.exists():
            raise ClusterError("moto is not installed: set the checkout up with its test tools")

    def start(self) -> None:
        """Start it, make the buckets, and have it check who asks from then on."""
        daemons = self._running()
        log = daemons.directory / "log"
        started = daemons.start([PROGRAM, "-H", "127.0.0.1", "-p", str(self._port)], _ENVIRONMENT, log)
        daemons.wait_for(started, [self._port], _START, log)
        anyone = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        self._admin = self._make_key("operator", ["*"], anyone)
        for bucket in self._buckets:
            self.client().create_bucket(Bucket=bucket)
        httpx2.post(f"{self.url}/moto-api/reset-auth", content=b"0", timeout=20, trust_env=False).raise_for_status()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the clients, and end it."""
        for client in self._clients:
            client.close()
        super().__exit__(kind, error, trace)

    def key(self, name: str, *may: str) -> dict[str, str]:
        """Make somebody who may do this (``s3:PutObject`` ...), and return their key as boto3 takes it."""
        return self._make_key(name, may or READ_AND_WRITE, self._admin)

    def client(self, key: dict[str, str] | None = None) -> Any:
        """Return a client of boto3's with somebody's key; the operator's, if none is given."""
        return self._client("s3", key or self._admin)

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all that is in a bucket."""
        client = self.client()
        listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {one["Key"]: client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}

    def _make_key(self, name: str, may: object, by: dict[str, str]) -> dict[str, str]:
        iam = self._client("iam", by)
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": may, "Resource": "*"}]}
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def _client(self, service: str, key: dict[str, str]) -> Any:
        config = botocore.config.Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 1})
        session = boto3.Session(region_name=_REGION, **key)
        made = session.client(service, endpoint_url=self.url, config=config)
        self._clients.append(made)
        return made
