"""Messages such as the pipeline makes, made up: to try a connector with, and to look at how it renders them."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, Link, LogTail, Message, Outcome

_JOB = JobIdentity(cluster="dev", job_id="1051492", name="train_model", user="ada")
_TIME = 1_795_000_000.0

FAILED = Message(
    title='Failed (exit code 2): job 1051492 "train_model"',
    outcome=Outcome.FAILED,
    time=_TIME,
    job=_JOB,
    summary="The job ended after 1 h 2 min with exit code 2.",
    facts=(
        Fact(label="Partition", value="gpu"),
        Fact(label="Account", value="physics"),
        Fact(label="Nodes", value="node[01-04] (4)"),
        Fact(label="Submitted", value="Sat 21 Nov 2026, 02:40:30 UTC"),
        Fact(label="Started", value="Sat 21 Nov 2026, 02:41:02 UTC"),
        Fact(label="Ended", value="Sat 21 Nov 2026, 03:43:02 UTC"),
        Fact(
            label="Working directory",
            value="/home/ada/projects/a-rather-long-project-name/experiments/2026-11-21/run-0001",
        ),
    ),
    bars=(
        Bar(label="CPU", fraction=0.41, text="101 h 41 min of 248 h (32 cores)"),
        Bar(label="Memory", fraction=0.874, text="55.9 GiB of 64 GiB"),
        Bar(label="GPU", fraction=0.0, text="0 of 4 GPUs"),
        Bar(label="Time", fraction=0.043, text="1 h 2 min of 1 day"),
    ),
    hints=(
        "The 32 CPUs were busy for 41 % of the time, as much as 14 CPUs can do. Is the program told how many it has?",
        "The job ran for 1 h 2 min of the 1 day it had asked for. With a shorter limit it can start sooner.",
    ),
    log=LogTail(
        path="/home/ada/projects/run-0001/slurm-1051492.out",
        lines=(
            "epoch 12/100   10%\repoch 12/100   50%\repoch 12/100  100%",
            "Traceback (most recent call last):",
            '  File "train.py", line 118, in <module>',
            "    main(sys.argv[1:])",
            "ValueError: loss is \x1b[31mnan\x1b[0m at step 4711, learning rate 0.0003 too high for this batch size",
            "srun: error: node01: task 0: Exited with exit code 2",
        ),
    ),
    links=(Link(label="Job page", url="https://hpc.example.org/jobs/1051492"),),
    notes=(
        "This is a sample: there is no such job.",
        "The figures are those of the batch step; steps that were still running are not counted.",
    ),
)
SUCCEEDED = Message(
    title='Completed: job 17 "hello"',
    outcome=Outcome.SUCCEEDED,
    time=_TIME,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    summary="The job ended well after 12 s.",
    notes=("This is a sample: there is no such job.",),
    facts=(Fact(label="Nodes", value="node01"), Fact(label="Ended", value="Sat 21 Nov 2026, 03:43:02 UTC")),
    bars=(
        Bar(label="CPU", fraction=0.99, text="11.9 s of 12 s"),
        Bar(label="Memory", fraction=1.12, text="9 GiB of 8 GiB"),
    ),
)
DIGEST = Message(
    title="7 messages about jobs: 1 completed, 1 failed, 1 timed out, 4 others",
    outcome=Outcome.NEUTRAL,
    time=_TIME,
    summary="The messages are folded into this one, because there were many in a short time.",
    notes=("This is a sample: there are no such jobs.",),
    digest=tuple(
        DigestLine(outcome=outcome, text=f'{what}: job {number} "{name}"')
        for number, (outcome, what, name) in enumerate(
            (
                (Outcome.STARTED, "Started", "prepare"),
                (Outcome.SUCCEEDED, "Completed", "prepare"),
                (Outcome.FAILED, "Failed (exit code 1)", "train"),
                (
                    Outcome.TIMED_OUT,
                    "Timed out after 1 h",
                    "evaluate_everything_with_a_very_long_name_without_any_blank",
                ),
                (Outcome.OUT_OF_MEMORY, "Out of memory", "train"),
                (Outcome.MIXED, "18 of 20 tasks completed, 2 failed", "sweep"),
                (Outcome.CANCELLED, "Cancelled by ada", "sleep"),
            ),
            start=100,
        )
    ),
)
SAMPLES: Mapping[str, Message] = {"failed": FAILED, "succeeded": SUCCEEDED, "digest": DIGEST}
"""By the name under which ``headgate connector test`` sends them."""
