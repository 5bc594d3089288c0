from __future__ import annotations

import pytest

from headgate.model.job import Figures
from headgate.slurm.commands.figures import Row, put_together

JOB = Row(
    raw_id="7",
    label="7",
    submitted="1700000000",
    started="1700000001",
    ended="1700000061",
    state="COMPLETED",
    exit="0:0",
    elapsed="60",
    time_limit="60",
    nodes="2",
    cpus="4",
    cpus_asked="4",
    cpu_time="00:00:00",
    memory_asked="4G",
    used_in="",
    used_in_max="",
    used_out="",
    tres="billing=4,cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=4G,node=2",
    user="ada",
    account="physics",
    partition="main",
    qos="normal",
    hostlist="n[1-2]",
    name="job",
    work_dir="/",
    comment="",
)
STEP = JOB._replace(
    raw_id="7.0",
    label="7.0",
    cpu_time="01:00.500",
    used_in="cpu=00:00:30,energy=0,fs/disk=100,mem=300,pages=0,vmem=900",
    used_in_max="cpu=00:00:10,energy=0,fs/disk=50,mem=100,pages=0,vmem=300",
    used_out="energy=0,fs/disk=7",
)


def made_of(*rows: Row) -> Figures:
    (figures,), refused = put_together(rows, cluster="c", with_steps=True)
    assert refused == 0
    return figures


def test_steps_add_up_in_cpu_time_and_disk_and_the_largest_counts_in_memory() -> None:
    batch = STEP._replace(raw_id="7.batch", used_in="cpu=00:00:02,fs/disk=1,mem=1000", used_in_max="mem=1000")
    figures = made_of(JOB, batch, STEP)
    assert figures.memory_used == 1000
    assert figures.cpu_used == 121.0
    assert (figures.disk_read, figures.disk_written) == (101, 14)
    assert figures.steps == 2
    assert figures.complete


def test_memory_of_a_step_is_the_sum_of_its_tasks_and_never_below_the_largest_of_them() -> None:
    assert made_of(JOB, STEP).memory_used == 300
    last_sample_was_low = STEP._replace(used_in="cpu=00:00:30,mem=20", used_in_max="mem=100")
    assert made_of(JOB, last_sample_was_low).memory_used == 100


def test_cpu_time_is_the_larger_of_what_was_awaited_and_what_was_sampled() -> None:
    assert made_of(JOB, STEP).cpu_used == 60.5
    assert made_of(JOB, STEP._replace(cpu_time="00:10.000")).cpu_used == 30.0


def test_step_without_figures_leaves_them_unknown_and_the_job_incomplete() -> None:
    figures = made_of(JOB, STEP._replace(used_in="", used_in_max="", used_out=""))
    assert (figures.memory_used, figures.cpu_used, figures.disk_read, figures.complete) == (None, None, None, False)


def test_step_that_had_nothing_to_say_is_complete_with_its_memory_unknown() -> None:
    figures = made_of(JOB, STEP._replace(used_in="energy=0", used_in_max="", used_out="energy=0", cpu_time="00:00.002"))
    assert (figures.memory_used, figures.cpu_used, figures.complete) == (None, 0.002, True)


def test_step_that_still_runs_keeps_a_job_that_is_over_incomplete() -> None:
    assert not made_of(JOB, STEP, STEP._replace(raw_id="7.extern", ended="Unknown")).complete


def test_job_that_runs_is_incomplete() -> None:
    assert not made_of(JOB._replace(state="RUNNING", ended="Unknown"), STEP).complete


def test_name_that_slurmdbd_gives_to_jobs_without_one_is_no_name() -> None:
    assert made_of(JOB._replace(name="allocation")).name == ""
    assert made_of(JOB._replace(name="allocations")).name == "allocations"


def test_job_whose_end_is_not_told_yet_is_incomplete_whatever_its_state() -> None:
    assert not made_of(JOB._replace(state="COMPLETED", ended="Unknown")).complete


def test_job_without_steps_is_complete_when_it_is_over() -> None:
    assert made_of(JOB).complete


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4G", 4 << 30),
        ("4Gn", 8 << 30),
        ("2000Mc", 8000 << 20),
        ("0n", None),
        ("", None),
        ("?", None),
        ("512M", 512 << 20),
    ],
)
def test_memory_asked_is_for_the_whole_job_in_all_forms(text: str, size: int | None) -> None:
    assert made_of(JOB._replace(memory_asked=text)).memory_asked == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("60", 3600), ("UNLIMITED", None), ("Partition_Limit", None), ("", None), ("INVALID", None)]
)
def test_time_limit_is_in_seconds_or_unknown(text: str, seconds: int | None) -> None:
    assert made_of(JOB._replace(time_limit=text)).time_limit == seconds


def test_special_resources_are_kept_and_plain_ones_are_not() -> None:
    assert made_of(JOB).tres == {"gres/gpu:a100": 2, "gres/gpu": 2}


@pytest.mark.parametrize("started", ["Unknown", "None", "1700000061"])
def test_job_without_nodes_never_started(started: str) -> None:
    figures = made_of(JOB._replace(state="CANCELLED by 0", started=started, hostlist="None assigned", cpus="0"))
    assert (figures.started, figures.nodes, figures.cpus, figures.cancelled_by) == (None, "", 4, 0)
    assert figures.complete
    assert figures.cpu_used is None


@pytest.mark.parametrize("word", ["NODE_FAIL", "DEADLINE", "PREEMPTED", "BOOT_FAIL", "TIMEOUT", "OUT_OF_MEMORY"])
def test_all_ends_are_ends(word: str) -> None:
    assert made_of(JOB._replace(state=word)).complete


@pytest.mark.parametrize("change", [{"state": "OUT_OF_ME+"}, {"exit": "?"}, {"submitted": "Unknown"}, {"elapsed": "x"}])
def test_record_with_a_broken_field_is_left_out(change: dict[str, str]) -> None:
    assert put_together([JOB._replace(**change)], cluster="c", with_steps=True) == ([], 1)
