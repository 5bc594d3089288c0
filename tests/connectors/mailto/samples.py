"""Messages as the pipeline makes them, to be looked at."""

from __future__ import annotations

from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, Link, LogTail, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

_JOB = JobIdentity(cluster="dev", job_id="1051492", name="train_model", user="ada")
_TIME = 1_795_000_000.0

FAILED = Message(
    title="Failed: job 1051492 (train_model), exit code 2",
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
        Fact(label="Working directory", value="/home/ada/projects/a-rather-long-project-name/experiments/2026-11-21/run-0001"),
    ),
    bars=(
        Bar(label="CPU", fraction=0.41, text="101 h 41 min of 248 h (32 cores)"),
        Bar(label="Memory", fraction=0.874, text="55.9 GiB of 64 GiB"),
        Bar(label="GPU", fraction=0.0, text="no figures above 0 of 4 GPUs"),
        Bar(label="Time", fraction=0.043, text="1 h 2 min of 1 day"),
    ),
    hints=(
        "The 32 CPUs were busy for 41 % of the time, as much as 14 CPUs can do. Does the program know how many it has?",
        "The job ran for 1 h 2 min of the 1 day it had asked for. With a shorter limit, such as --time=01:30:00, it can "
        "fill gaps and may start sooner.",
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
    notes=("The figures are those of the batch step; steps that were still running are not counted.",),
)
SUCCEEDED = Message(
    title="Succeeded: job 17 (hello)",
    outcome=Outcome.SUCCEEDED,
    time=_TIME,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    summary="The job ended well after 12 s.",
    facts=(Fact(label="Nodes", value="node01"), Fact(label="Ended", value="Sat 21 Nov 2026, 03:43:02 UTC")),
    bars=(Bar(label="CPU", fraction=0.99, text="11.9 s of 12 s"), Bar(label="Memory", fraction=1.12, text="9 GiB of 8 GiB")),
)
DIGEST = Message(
    title="Digest: 7 messages about your jobs",
    outcome=Outcome.NEUTRAL,
    time=_TIME,
    summary="So much happened within a minute that it is told in one mail.",
    digest=tuple(
        DigestLine(outcome=outcome, text=f"job {number} ({name}){more}")
        for number, (outcome, name, more) in enumerate(
            (
                (Outcome.STARTED, "prepare", " on node01"),
                (Outcome.SUCCEEDED, "prepare", " after 2 min"),
                (Outcome.FAILED, "train", ", exit code 1"),
                (Outcome.TIMED_OUT, "evaluate_everything_with_a_very_long_name_that_has_no_blank_in_it_at_all", ""),
                (Outcome.OUT_OF_MEMORY, "train", " on node02"),
                (Outcome.MIXED, "sweep", ", 3 of 20 tasks failed: 4, 7-8"),
                (Outcome.CANCELLED, "sleep", " by ada"),
            ),
            start=100,
        )
    ),
)
SAMPLES = {
    "failed": FAILED,
    "succeeded": SUCCEEDED,
    "digest": DIGEST,
    **{
        outcome.name.lower(): FAILED.model_copy(update={"outcome": outcome, "title": f"A mail about {outcome.value}"})
        for outcome in Outcome
        if outcome not in (Outcome.FAILED, Outcome.SUCCEEDED)
    },
    "crowded": crowded_message(60),
    **{f"hostile {name}": hostile_message(text) for name, text in HOSTILE.items()},
}
