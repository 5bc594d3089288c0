from __future__ import annotations

import pytest

from headgate.builds.jobs.options import options_of
from headgate.errors import ConfigError
from headgate.executor.headgate_verbs import SUBMIT_OPTIONS, among
from headgate.executor.interface import Option


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        ([], {}),
        (["--partition=cpu"], {"partition": "cpu"}),
        (["--partition", "cpu"], {"partition": "cpu"}),
        (["--partition cpu"], {"partition": "cpu"}),
        (["-p", "cpu", "-A", "physics"], {"partition": "cpu", "account": "physics"}),
        (["-p cpu"], {"partition": "cpu"}),
        (["-pcpu"], {"partition": "cpu"}),
        (["--ntasks=4", "-c2"], {"tasks": 4, "cpus_per_task": 2}),
        (["--nodes=2"], {"nodes": "2"}),
        (["--mem=8G", "--time=2-00:00:00"], {"memory": "8G", "time": "2-00:00:00"}),
        (["--exclusive"], {"exclusive": True}),
        (["--no-requeue"], {"requeue": False}),
        (["--requeue"], {"requeue": True}),
        (["--gres=gpu:a100:1", "--qos=long"], {"gres": "gpu:a100:1", "qos": "long"}),
        (["--time=1", "--time=2"], {"time": "2"}),
        (["--job-arguments"], None),
        (["--wrap=rm"], None),
        (["--uid=0"], None),
        (["--export=ALL"], None),
        (["--hold"], None),
        (["--output=/etc/passwd"], None),
        (["-o", "/etc/passwd"], None),
        (["--array=1-3"], None),
        (["--partition"], None),
        (["--partition=a;b"], None),
        (["--mem=8 G"], None),
        (["partition"], None),
        (["--exclusive=user"], None),
        ([""], None),
    ],
)
def test_options_become_the_executors_or_are_refused(argv: list[str], options: dict[str, Option] | None) -> None:
    if options is None:
        with pytest.raises(ConfigError):
            options_of(argv)
        return
    found = options_of(argv)
    assert found == options
    among(SUBMIT_OPTIONS)(found)  # raises what the executor would answer


def test_every_option_of_the_executor_can_be_given_but_those_that_are_ours() -> None:
    with_value = [words for words, _ in SUBMIT_OPTIONS.values() if words.endswith("=")]
    refused = []
    for words in with_value:
        taken = False
        for value in ("1", "n1", "0", "1:2", "append"):
            try:
                options_of([f"{words}{value}"])
            except ConfigError:
                continue
            taken = True
        refused += [] if taken else [words]
    assert refused == ["--array=", "--begin=", "--error=", "--input=", "--job-name=", "--output="]
