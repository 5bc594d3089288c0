from __future__ import annotations

from scripts.demo.timeline import Event, Line, of_job, time_line


def event(kind: str, subject: str = "job 7", time: float = 10.0, seen: str = "watcher", **data: object) -> Event:
    return {
        "kind": kind, "subject": subject, "job_id": 7, "time": time, "data": data,
        "witnesses": dict.fromkeys(seen.split(), 1.0),
    }  # fmt: skip


def kinds(lines: list[Line]) -> list[str]:
    return [line.kind for line in lines]


def test_lines_come_by_time_and_a_start_comes_before_an_end_of_the_same_second() -> None:
    lines = time_line(
        [event("job.ended", time=11.0), event("job.started", time=11.0), event("job.submitted", time=9.0)]
    )
    assert kinds(lines) == ["job.submitted", "job.started", "job.ended"]


def test_an_end_is_told_with_state_exit_code_and_signal() -> None:
    ended = event("job.ended", state="FAILED", exit_code=3, signal=0)
    killed = event("job.ended", time=12.0, state="TIMEOUT", exit_code=0, signal=15)
    assert [line.what for line in time_line([ended, killed])] == ["FAILED, exit code 3", "TIMEOUT, signal 15"]


def test_all_who_saw_an_event_are_named() -> None:
    assert time_line([event("job.started", seen="watcher mail")])[0].seen_by == "watcher + mail"


def test_a_mail_request_is_told_with_its_receivers() -> None:
    requested = {**event("mail.requested"), "data": {"kind": "began", "receivers": "ada"}}
    assert time_line([requested])[0].what == "began → ada"


def test_tasks_that_did_alike_are_one_line_and_few_of_them_are_named() -> None:
    done = [event("job.ended", f"job 7_{task}", state="COMPLETED") for task in range(20)]
    failed = [event("job.ended", f"job 7_{task}", 12.0, state="FAILED", exit_code=1) for task in (13, 7)]
    assert [line.what for line in time_line(failed + done)] == [
        "20 tasks: COMPLETED",
        "tasks 7, 13: FAILED, exit code 1",
    ]


def test_an_array_s_events_are_those_of_its_tasks_too() -> None:
    task, array, other = event("job.ended", "job 5_1"), event("job.submitted", "job 5_*"), event("job.ended")
    assert of_job([task, array, other], 5) == [task, array]
    assert of_job([task, array, other], 7) == [other]
