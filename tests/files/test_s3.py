"""Files in a bucket: the same words as on a disk, and what happens when it is away.

`ZABOTA_TEST_S3=http://host:port` tests against a real server (with the keys of `bucket.py`).
"""

import errno
import os
from collections.abc import Callable, Iterator

import pytest

from tests.cast import Cast, settle
from tests.files.bucket import BUCKET, KEY, SECRET, Server, a_bucket
from zabota.core.environment import Environment, EnvironmentProblem, env
from zabota.files import storage as module
from zabota.files.actions import delete_file, open_file, store_blob, write_file
from zabota.files.s3 import Bucket, read_bucket_url
from zabota.intake.models import Inbound
from zabota.tickets.models import Attachment


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture
def server(keys: None) -> Iterator[Server]:
    with a_bucket() as made:
        yield made


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Keep files at this address for one test."""

    def told(address: str) -> None:
        class Told:
            data_dir, files = env.data_dir, address

        monkeypatch.setattr(module, "env", Told())

    return told


def address(url: str, prefix: str = "files") -> str:
    return f"s3://{BUCKET}/{prefix}?endpoint={url}&region=us-east-1"


def check_words(use: Callable[[str], None], url: str) -> None:
    use(address(url))
    assert module.storage().problem() is None
    for content in (b"", b"abc", os.urandom(6_000_000)):
        key = write_file(content)
        with open_file(key) as file:
            assert file.read() == content
        delete_file(key)
        delete_file(key)
        with pytest.raises(FileNotFoundError):
            open_file(key)


def test_the_same_words_as_on_a_disk(server: Server, use: Callable[[str], None]) -> None:
    check_words(use, server.url)
    assert server.kept == {}


def test_against_a_real_server(keys: None, use: Callable[[str], None]) -> None:
    url = os.environ.get("ZABOTA_TEST_S3")
    if not url:
        pytest.skip("ZABOTA_TEST_S3 names no S3 server, e.g. of moto_server")
    bucket = Bucket(read_bucket_url(address(url)))
    if bucket.problem():
        bucket._client.make_bucket(BUCKET)
    check_words(use, url)


def test_attachments_go_to_the_bucket(
    cast: Cast, server: Server, use: Callable[[str], None]
) -> None:
    use(address(server.url))
    cast.receive(files={"a.txt": "paper"})
    blob = Attachment.objects.get().blob
    assert server.kept[f"files/{blob.key}"] == b"paper"


def test_a_bucket_that_is_away_sets_no_mail_aside(
    cast: Cast, server: Server, use: Callable[[str], None]
) -> None:
    use(address(server.url))
    pk = cast.accept(files={"a.txt": "paper"})
    server.is_down = True
    with pytest.raises(OSError) as caught:
        settle()
    assert caught.value.errno == errno.EHOSTUNREACH
    assert Inbound.objects.get(pk=pk).state == Inbound.State.RECEIVED
    server.is_down = False
    settle()
    assert Inbound.objects.get(pk=pk).state == Inbound.State.APPLIED


def test_no_row_without_its_bytes(db: None, server: Server, use: Callable[[str], None]) -> None:
    use(address(server.url))
    server.is_down = True
    with pytest.raises(OSError, match="bucket"):
        store_blob(b"paper")
    from zabota.files.models import Blob

    assert not Blob.objects.exists()


def test_a_wrong_secret_is_said(
    server: Server, use: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    use(address(server.url, "other"))
    assert "does not answer" in str(module.storage().problem())


@pytest.mark.parametrize(
    "odd", ["s3:///a", "http://desk/files", "s3://desk?endpoint=ftp://a", "s3://desk?colour=red"]
)
def test_an_address_that_is_none_is_said(odd: str) -> None:
    with pytest.raises(EnvironmentProblem, match="ZABOTA_FILES must look like"):
        read_bucket_url(odd)


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    from zabota.core.environment import read_environment

    monkeypatch.setenv("ZABOTA_FILES", "s3://desk")
    told: Environment = read_environment()
    assert told.files == "s3://desk"
