"""What the models say about tables that may have several models."""

from __future__ import annotations

from headgate.config.builds import BuildSettings, GitHubSettings, GitLabSettings
from headgate.config.schema import variants
from headgate.config.settings import Settings


def test_the_models_of_a_table_by_its_kind() -> None:
    found = variants(BuildSettings.model_fields["forges"].annotation)
    assert found
    assert found.key == "kind"
    assert found.models == {"github": GitHubSettings, "gitlab": GitLabSettings}
    assert found.of({"kind": "gitlab"}) is GitLabSettings
    assert [found.of(other) for other in ({"kind": "x"}, {}, {"kind": 1}, "gitlab", None)] == [None] * 5


def test_other_tables_have_one_model() -> None:
    assert [name for name, info in Settings.model_fields.items() if variants(info.annotation)] == []
    assert variants(BuildSettings.model_fields["targets"].annotation) is None
