"""Messages such as the pipeline makes, made up: to try a connector with, and to look at how it renders them."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, Link, LogTail, Message, Outcome

_JOB = JobIdentity(cluster="dev", job_id="1051492", name="train_model", user="ada")
_TIME = 1_795_232_582.0

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
    fields={
        "SLURM_JOB_ID": 1051492,
        "SLURM_JOB_NAME": "train_model",
        "MailSubject": "Job 1051492",
        "JobName": "train_model",
        "User": "ada",
        "Account": "physics",
        "Partition": "gpu",
        "State": "FAILED",
        "Ncpus": 32,
        "Nodes": 4,
        "NodeList": "node[01-04]",
        "ReqMem": 64 * 2**30,
        "MaxRSS": int(55.9 * 2**30),
        "Runtime": 3720,
    },
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
    title="1007 messages about jobs: 3 failed, 1 out of memory, 1 timed out, 1 with failed tasks, 1 cancelled, "
    "999 completed, 1 started",
    outcome=Outcome.NEUTRAL,
    time=_TIME,
    summary="They came close together, or were held back for you, and are told in one.",
    notes=("This is a sample: there are no such jobs.",),
    digest=(
        DigestLine(outcome=Outcome.FAILED, text='Failed (exit code 1): job 102 "train"'),
        DigestLine(outcome=Outcome.FAILED, text='Failed (exit code 3): task 200_[7,193] "sweep" (2 tasks)'),
        DigestLine(outcome=Outcome.OUT_OF_MEMORY, text='Out of memory: job 104 "train"'),
        DigestLine(
            outcome=Outcome.TIMED_OUT,
            text='Timed out after 1 h: job 103 "evaluate_everything_with_a_very_long_name_without_any_blank"',
        ),
        DigestLine(outcome=Outcome.MIXED, text='18 of 20 tasks completed, 2 failed: array 105 "sweep"'),
        DigestLine(outcome=Outcome.CANCELLED, text='Cancelled by ada: job 106 "sleep"'),
        DigestLine(outcome=Outcome.SUCCEEDED, text='Completed: task 200_[1-6,8-192,194-1000] "sweep" (998 tasks)'),
        DigestLine(outcome=Outcome.SUCCEEDED, text='Completed: job 101 "prepare"'),
        DigestLine(outcome=Outcome.STARTED, text='Started: job 100 "prepare"'),
    ),
)
STARTED = Message(
    title='Started: job 1051492 "train_model"',
    outcome=Outcome.STARTED,
    time=_TIME - 3720,
    job=_JOB,
    summary="The job started on node[01-04] after 32 s in the queue.",
    facts=(
        Fact(label="Partition", value="gpu"),
        Fact(label="Nodes", value="node[01-04] (4)"),
        Fact(label="Time limit", value="1 day"),
    ),
    notes=("This is a sample: there is no such job.",),
)
WARNING = Message(
    title='80 % of the time limit reached: job 1051492 "train_model"',
    outcome=Outcome.WARNING,
    time=_TIME,
    job=_JOB,
    summary="The job has run for 19 h 12 min of the 1 day it may run.",
    facts=(Fact(label="Ends at the latest", value="Sun 22 Nov 2026, 02:41:02 UTC"),),
    notes=("This is a sample: there is no such job.",),
)
ARRAY = Message(
    title='18 of 20 tasks completed, 2 failed: array 1051500 "sweep"',
    outcome=Outcome.MIXED,
    time=_TIME,
    job=JobIdentity(cluster="dev", job_id="1051500_*", name="sweep", user="ada"),
    summary="Tasks 7 and 13 failed, with exit code 1.",
    facts=(
        Fact(label="Completed", value="18 (1-6,8-12,14-20)"),
        Fact(label="Failed", value="2 (7,13)"),
        Fact(label="Partition", value="batch"),
        Fact(label="Longest task", value="14 min 20 s"),
    ),
    bars=(
        Bar(label="CPU", fraction=0.93, text="4 h 11 min of 4 h 30 min"),
        Bar(label="Memory", fraction=0.31, text="at most 1.2 GiB of 4 GiB a task"),
        Bar(label="Time", fraction=0.48, text="14 min 20 s of 30 min"),
    ),
    hints=("No task used more than 1.2 GiB of its 4 GiB. With --mem=1600M the tasks may start sooner.",),
    notes=("This is a sample: there is no such array.",),
)
SAMPLES: Mapping[str, Message] = {
    "failed": FAILED,
    "succeeded": SUCCEEDED,
    "started": STARTED,
    "warning": WARNING,
    "array": ARRAY,
    "digest": DIGEST,
}
"""By the name under which ``headgate connector test`` sends them."""
