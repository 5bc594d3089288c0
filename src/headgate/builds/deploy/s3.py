"""Object stores that speak S3, by boto3, in threads of their own.

Nothing is read from the machine's own configuration of AWS but what boto3 finds where no credentials are configured.
Whether an object is there is looked up before and after, because servers differ in what they make of conditional
writes: ``If-None-Match`` is never relied on.
"""

from __future__ import annotations

import asyncio
import configparser
import contextlib
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from headgate.builds.deploy.parcel import Parcel, Piece
from headgate.builds.deploy.request import DeployError
from headgate.config.builds import DeploySettings

_T = TypeVar("_T")
_THREADS: Final = 2
_LONGEST_WAIT: Final = 60.0
"""Seconds between two attempts, at most."""
_PASSING: Final = frozenset({"SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "InternalError", "Throttling"})
_MISSING: Final = 404
_TOO_MANY: Final = 429
_SERVER_FAILED: Final = 500


Client = Any
"""A client of boto3's, which makes its methods at run time."""


class ObjectStore:
    """An object store; a `Target`. ``wait`` sleeps between attempts."""

    def __init__(self, settings: DeploySettings, *, wait: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._settings = settings
        self._wait = wait
        self._threads = ThreadPoolExecutor(_THREADS, "headgate-upload")
        self._client: Client | None = None
        self._closing = threading.Event()

    def url(self, bucket: str, key: str) -> str:
        """Return an object's address, as the predecessor writes it."""
        if self._settings.endpoint_url:
            return f"{self._settings.endpoint_url.rstrip('/')}/{bucket}/{key}"
        return f"https://{bucket}.s3.amazonaws.com/{key}"

    async def send(self, parcel: Parcel) -> bool:
        """Put a parcel's files there; say whether the artefact was there already, the same bytes. Raises DeployError.

        An object of the artefact's name with other bytes stays as it is, unless the settings say otherwise. What goes
        with our own artefact may be written anew.
        """
        there = await self._put(parcel.bucket, parcel.artefact, careful=not self._settings.overwrite)
        for piece in parcel.companions:
            await self._put(parcel.bucket, piece, careful=False)
        return there

    async def look(self, bucket: str) -> None:
        """Ask what is in a bucket. Raises DeployError."""
        await self._once(lambda _: self._connect().list_objects_v2(Bucket=bucket, MaxKeys=1))

    async def try_writing(self, bucket: str, key: str) -> None:
        """Put a small object there and remove it. Raises DeployError."""
        await self._once(lambda _: self._connect().put_object(Bucket=bucket, Key=key, Body=b"headgate"))
        await self._once(lambda _: self._connect().delete_object(Bucket=bucket, Key=key))

    async def aclose(self) -> None:
        """Break off what is under way, and let go of connections and threads."""
        self._closing.set()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    async def _put(self, bucket: str, piece: Piece, *, careful: bool) -> bool:
        """Put it there; a bounded number of times, with growing waits between, if it fails in ways that may pass."""
        attempt = 1
        while True:
            try:
                return await self._once(lambda stop: self._put_once(bucket, piece, careful, stop))
            except DeployError as error:
                if not error.transient:
                    raise
                if attempt >= self._settings.attempts:
                    raise DeployError(f"{error.message} ({attempt} attempts)", transient=True) from error
            await self._wait(min(2.0**attempt, _LONGEST_WAIT))
            attempt += 1

    async def _once(self, work: Callable[[threading.Event], _T]) -> _T:
        stop = threading.Event()

        def guarded() -> _T:
            with _told():
                return work(stop)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, guarded)
        except asyncio.CancelledError:
            stop.set()  # a thread cannot be cancelled: it looks at this
            raise

    def _put_once(self, bucket: str, piece: Piece, careful: bool, stop: threading.Event) -> bool:
        if careful and (found := self._find(bucket, piece.key)) is not None:
            if _is(found, piece):
                return True
            raise DeployError("another object of that name is there already")
        self._upload(bucket, piece, stop)
        if careful and not ((found := self._find(bucket, piece.key)) and _is(found, piece)):
            raise DeployError("what arrived is not what was sent", transient=True)
        return False

    def _upload(self, bucket: str, piece: Piece, stop: threading.Event) -> None:
        from boto3.s3.transfer import TransferConfig

        def breathe(_: int) -> None:
            if stop.is_set() or self._closing.is_set():
                raise DeployError("the upload was broken off")

        with piece.file.open("rb") as body:
            self._connect().upload_fileobj(
                body,
                bucket,
                piece.key,
                ExtraArgs={"Metadata": {"sha256": piece.sha256}},
                Callback=breathe,
                Config=TransferConfig(use_threads=False),
            )

    def _find(self, bucket: str, key: str) -> dict[str, Any] | None:
        import botocore.exceptions

        try:
            found: dict[str, Any] = self._connect().head_object(Bucket=bucket, Key=key)
        except botocore.exceptions.ClientError as error:
            if _status(error) == _MISSING:
                return None
            raise
        return found

    def _connect(self) -> Client:
        """Return the client; boto3's may be used by several threads."""
        if self._client is None:
            self._client = connect(self._settings)
        return self._client


def connect(settings: DeploySettings) -> Client:
    """Return a client of the settings' object store. Raises DeployError if its credentials cannot be read."""
    import boto3
    import botocore.config

    own = bool(settings.endpoint_url)
    needed = "when_required" if own else "when_supported"  # older servers refuse the newer check sums
    config = botocore.config.Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path" if own else "auto"},
        request_checksum_calculation=needed,
        response_checksum_validation=needed,
        ignore_configured_endpoint_urls=True,
    )
    session = boto3.Session(region_name=settings.region, **credentials(settings))
    return session.client(
        "s3",
        endpoint_url=settings.endpoint_url or None,
        verify=str(settings.ca_file) if settings.ca_file else None,
        config=config,
    )


def credentials(settings: DeploySettings) -> dict[str, str]:
    """Return what is in the file's ``[default]``; nothing, if no file is configured. Raises DeployError."""
    if settings.credentials is None:
        return {}
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(settings.credentials.read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):  # what is wrong may hold a secret
        raise DeployError(f"{settings.credentials} cannot be read, or is no file of credentials") from None
    wanted = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    found = {name: parser.get("default", name, fallback="") for name in wanted}
    if not found["aws_access_key_id"] or not found["aws_secret_access_key"]:
        raise DeployError(f"{settings.credentials} has no key in [default]")
    return {name: value for name, value in found.items() if value}


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn what goes wrong into a DeployError that says so, and holds no secret."""
    import boto3.exceptions
    import botocore.exceptions

    try:
        yield
    except botocore.exceptions.ClientError as error:
        code = re.sub(r"[^A-Za-z0-9]", "", str(error.response.get("Error", {}).get("Code", "")))[:60]
        status = _status(error)
        passing = status >= _SERVER_FAILED or status == _TOO_MANY or code in _PASSING
        word = "" if code == str(status) else f" {code}"  # an answer to HEAD has no body to say more in
        raise DeployError(f"the object store answered {status}{word}", transient=passing) from None
    except botocore.exceptions.NoCredentialsError:
        raise DeployError("there are no credentials for the object store") from None
    except botocore.exceptions.ParamValidationError:
        raise DeployError("the bucket or the object has a name that the object store cannot have") from None
    except (botocore.exceptions.BotoCoreError, boto3.exceptions.Boto3Error) as error:
        raise DeployError(f"the object store did not answer ({type(error).__name__})", transient=True) from None
    except OSError as error:
        raise DeployError(f"the copy cannot be read: {error.strerror}", transient=True) from None


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is(found: dict[str, Any], piece: Piece) -> bool:
    return found.get("ContentLength") == piece.size and found.get("Metadata", {}).get("sha256") == piece.sha256
