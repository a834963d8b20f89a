"""Bytes in a bucket of S3 or what speaks like it (MinIO, Ceph, Yandex, Cloudflare R2)."""

import errno
import io
import os
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

from zabota.core.environment import EnvironmentProblem

LOOKS = "ZABOTA_FILES must look like s3://bucket/prefix?endpoint=https://s3.example.com"
ON_AMAZON = "https://s3.amazonaws.com"
KEYS = {"endpoint", "region"}
ONE_PART = 256 * 1024 * 1024  # nearly everything goes up in one request


@dataclass(frozen=True, slots=True)
class BucketUrl:
    """Which bucket, and where in it."""

    endpoint: str
    bucket: str
    prefix: str = ""
    region: str | None = None


def read_bucket_url(address: str) -> BucketUrl:
    """`s3://bucket/prefix?endpoint=…&region=…`. Raises `EnvironmentProblem`."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    endpoint = query.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL", ON_AMAZON)
    there = urlsplit(endpoint)
    if parts.scheme != "s3" or not parts.hostname or query.keys() - KEYS:
        raise EnvironmentProblem(LOOKS)
    if there.scheme not in ("http", "https") or not there.hostname:
        raise EnvironmentProblem(LOOKS)
    prefix = parts.path.strip("/")
    region = query.get("region") or os.environ.get("AWS_REGION")
    return BucketUrl(endpoint, parts.netloc, f"{prefix}/" if prefix else "", region)


class Bucket:
    """`Storage` in a bucket. A bucket that is away is an `OSError` that passes: EHOSTUNREACH."""

    def __init__(self, url: BucketUrl) -> None:
        self.url = url
        self._client = _client(url)

    def write(self, key: str, content: bytes) -> None:
        self._ask("put_object", key, io.BytesIO(content), len(content), part_size=ONE_PART)

    def open(self, key: str) -> BinaryIO:
        answer = self._ask("get_object", key)
        try:
            return io.BytesIO(answer.read())
        except Exception as error:  # it broke off in the middle
            raise OSError(errno.EHOSTUNREACH, "the bucket does not answer") from error
        finally:
            answer.close()
            answer.release_conn()

    def delete(self, key: str) -> None:
        self._ask("remove_object", key)

    def problem(self) -> str | None:
        try:
            if self._client.bucket_exists(self.url.bucket):
                return None
        except Exception as error:
            return f"the bucket {self.url.bucket} at {self.url.endpoint} does not answer: {error}"
        return f"there is no bucket {self.url.bucket} at {self.url.endpoint}: make it"

    def _ask(self, verb: str, key: str, *more: Any, **options: Any) -> Any:
        from minio.error import S3Error

        try:
            ask = getattr(self._client, verb)
            return ask(self.url.bucket, self.url.prefix + key, *more, **options)
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise FileNotFoundError(errno.ENOENT, "no such file in the bucket", key) from error
            raise OSError(errno.EHOSTUNREACH, f"the bucket refused: {error.code}") from error
        except Exception as error:  # urllib3's, by many names
            raise OSError(errno.EHOSTUNREACH, "the bucket does not answer") from error


def _client(url: BucketUrl) -> Any:
    try:
        from minio import Minio
        from urllib3 import PoolManager, Retry, Timeout
    except ImportError as error:
        raise EnvironmentProblem(
            "ZABOTA_FILES names a bucket: install its client with "
            "pip install --require-hashes -r requirements-s3.lock"
        ) from error
    there = urlsplit(url.endpoint)
    return Minio(
        there.netloc,
        access_key=os.environ.get("AWS_ACCESS_KEY_ID"),
        secret_key=os.environ.get("AWS_SECRET_ACCESS_KEY"),
        session_token=os.environ.get("AWS_SESSION_TOKEN"),
        region=url.region,
        secure=there.scheme == "https",
        http_client=PoolManager(
            timeout=Timeout(connect=5, read=30),
            maxsize=16,
            retries=Retry(total=2, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        ),
    )
