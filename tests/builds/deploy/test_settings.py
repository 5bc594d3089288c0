from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from headgate.config.builds import DeploySettings

KEY = {"key": "/etc/headgate/signing.key"}


def refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as error:
        DeploySettings.model_validate({"policy": "all", "bucket": "staging", **given})
    return str(error.value)


@pytest.mark.parametrize("prefix", ["${nobody}", "$nobody", "a${github_repository", "$", "${}"])
@pytest.mark.parametrize("name", ["artefact_prefix", "metadata_prefix"])
def test_a_prefix_with_an_unknown_variable_is_refused(name: str, prefix: str) -> None:
    assert "has a variable that is unknown" in refused(**{name: prefix})
    assert "has a variable that is unknown" in refused(**{name: {"repository": prefix}})


@pytest.mark.parametrize("prefix", ["../up", "a/../b", "a b", "a;b", "a/."])
def test_a_prefix_that_is_no_plain_path_is_refused(prefix: str) -> None:
    assert "should be made of letters" in refused(artefact_prefix=prefix)


@pytest.mark.parametrize("prefix", ["", "new/", "/a/b", "${legacy_aws_path}", "x/$pull_request_number/y"])
def test_other_prefixes_are_taken(prefix: str) -> None:
    assert DeploySettings(artefact_prefix=prefix).artefact_prefix == prefix


@pytest.mark.parametrize(
    ("given", "needs"),
    [
        ({"bucket": ""}, "needs bucket"),
        ({"kind": "directory"}, "needs directory"),
        ({"kind": "script"}, "needs script"),
    ],
)
def test_what_a_kind_needs_is_demanded_once_something_is_deployed(given: dict[str, Any], needs: str) -> None:
    assert needs in refused(**given)
    assert DeploySettings.model_validate({**given, "policy": "none"}).policy == "none"


def test_with_an_upload_script_signing_needs_the_sites_script() -> None:
    given = {"kind": "script", "script": "/opt/upload"}
    assert "needs a script in each table of signing" in refused(**given, signing={"r": KEY})
    DeploySettings.model_validate({"policy": "all", **given, "signing": {"r": KEY | {"script": "/opt/sign"}}})


@pytest.mark.parametrize("script", ["sign.sh", "./bot/sign.sh"])
def test_a_signing_script_of_the_pull_request_cannot_be_named(script: str) -> None:
    assert "should be an absolute path" in refused(signing={"r": KEY | {"script": script}})


def test_a_pattern_that_is_none_is_refused() -> None:
    assert "is no regular expression" in refused(artefact_pattern="(")


def test_an_endpoint_that_holds_a_password_is_refused() -> None:
    assert "endpoint_url" in refused(endpoint_url="https://me:secret@s3.example")
    assert "secret" not in refused(endpoint_url="https://me:secret@s3.example")
