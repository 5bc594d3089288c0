from __future__ import annotations

from pathlib import Path

import pytest

from headgate.builds.deploy.request import DeployError
from headgate.builds.deploy.signing import objections, public_key, sign
from headgate.config.builds import SigningSettings
from headgate.testing.cluster import process
from tests.builds.deploy.verify import verifies


async def test_ssh_keygen_verifies_a_signature(signing: SigningSettings, tmp_path: Path) -> None:
    file = tmp_path / "x-1.tar.gz"
    file.write_bytes(b"content")
    signature = await sign(file, signing, "my-bot")
    assert signature == tmp_path / "x-1.tar.gz.sig"
    allowed = await public_key(signing)
    assert verifies(file.read_bytes(), signature.read_bytes(), allowed, "my-bot", tmp_path)


async def test_a_signature_is_of_these_bytes_and_of_this_namespace(signing: SigningSettings, tmp_path: Path) -> None:
    file = tmp_path / "x-1.tar.gz"
    file.write_bytes(b"content")
    signature = (await sign(file, signing, "my-bot")).read_bytes()
    allowed = await public_key(signing)
    assert not verifies(b"Content", signature, allowed, "my-bot", tmp_path)
    assert not verifies(b"content", signature, allowed, "other-bot", tmp_path)


async def test_signing_again_replaces_the_signature(signing: SigningSettings, tmp_path: Path) -> None:
    file = tmp_path / "x"
    for content in (b"one", b"two"):
        file.write_bytes(content)
        signature = await sign(file, signing, "n")
    assert verifies(b"two", signature.read_bytes(), await public_key(signing), "n", tmp_path)


async def test_a_key_with_a_passphrase_is_an_error_and_not_a_question(tmp_path: Path) -> None:
    key = tmp_path / "locked"
    process.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", str(key)])
    file = tmp_path / "x"
    file.write_bytes(b"content")
    with pytest.raises(DeployError, match="cannot be signed"):
        await sign(file, SigningSettings(key=key), "n")
    with pytest.raises(DeployError, match="has a passphrase"):
        await public_key(SigningSettings(key=key))


async def test_a_key_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"content")
    with pytest.raises(DeployError, match="cannot be signed"):
        await sign(file, SigningSettings(key=tmp_path / "none"), "n")


async def test_a_program_that_is_not_there_is_an_error(signing: SigningSettings, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="cannot be signed"):
        await sign(tmp_path / "x", signing, "n", program=tmp_path / "no-ssh-keygen")


def test_a_key_that_others_can_read_is_objected_to(signing: SigningSettings) -> None:
    assert objections(signing.key) == []
    signing.key.chmod(0o644)
    assert "can be read by others" in objections(signing.key)[0]
    assert "No such file" in objections(signing.key.with_name("none"))[0]
