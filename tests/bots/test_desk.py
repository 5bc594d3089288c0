from __future__ import annotations

import os
from pathlib import Path

import pytest

from headgate.model.event import EventKind
from headgate.model.person import Preferences
from headgate.store import people
from headgate.store.store import Store
from tests.bots.site import NOW, Site, everything, happened, known, mailed


@pytest.fixture
async def site(store: Store) -> Site:
    made = Site(store)
    await made.link("ada", "U1")
    await made.link("ben", "U2")
    return made


def token(command: str) -> str:
    return command.rsplit(maxsplit=1)[-1]


async def test_jobs_lists_ones_own_and_nobody_elses(site: Site) -> None:
    await site.has(known(7), known(8, "ben", name="bens"), known(9, state="PENDING", begun=False))
    shown = everything(await site.say("jobs"))
    assert "7            RUNNING    short      name-7" in shown
    assert "PENDING" in shown
    assert "bens" not in shown


async def test_jobs_of_a_user_whose_name_is_part_of_anothers_are_not_mixed_up(site: Site) -> None:
    await site.has(known(7, "ada2", name="other"), known(8, "xada", name="other"), known(9, name='x","user":"ada'))
    shown = everything(await site.say("jobs"))
    assert "other" not in shown
    assert shown.count("RUNNING") == 1


async def test_jobs_that_were_over_long_ago_are_not_listed(site: Site) -> None:
    old, new = known(7, state="FAILED", open=False), known(8, state="COMPLETED", open=False)
    await site.has(
        old,
        new,
        events=[
            happened(EventKind.JOB_ENDED, old, NOW - 90_000, state="FAILED"),
            happened(EventKind.JOB_ENDED, new, NOW - 60, state="COMPLETED"),
        ],
    )
    answer = await site.say("jobs")
    assert answer.text == "No job of yours waits or runs."
    assert answer.code == "Over in the last day:\n8            COMPLETED  name-8"


async def test_arrays_are_one_line(site: Site) -> None:
    tasks = [known(100 + n, array_id=100, label=f"100_{n}", name="array") for n in range(1, 6)]
    waiting = known(100, array_id=100, label="100_*", name="array", state="PENDING", begun=False)
    await site.has(*tasks, waiting)
    assert "100_*        5 RUNNING, others PENDING short      array" in everything(await site.say("jobs"))


async def test_the_list_is_bounded(site: Site) -> None:
    await site.has(*(known(n) for n in range(1, 300)))
    answer = await site.say("jobs")
    assert len(answer.code.splitlines()) == 21
    assert answer.code.endswith("… and 279 more")


async def test_job_tells_state_times_and_how_it_ended(site: Site) -> None:
    job = known(7, state="FAILED", open=False)
    started = happened(EventKind.JOB_STARTED, job, NOW - 600, nodes="n[1-2]")
    ended = happened(
        EventKind.JOB_ENDED, job, NOW - 60, state="FAILED", exit_code=3, signal=0, reason="NonZeroExitCode"
    )
    await site.has(job, events=[started, ended])
    answer = await site.say("job 7")
    assert answer.text == "Job 7 is over: FAILED."
    facts = dict(line.split(None, 1) for line in answer.code.splitlines())
    assert facts.keys() == {
        "Name", "State", "Reason", "Exit", "Partition", "Account", "Nodes", "Submitted", "Started", "Ended"
    }  # fmt: skip
    assert (facts["Exit"], facts["Reason"], facts["Nodes"]) == ("3", "NonZeroExitCode", "n[1-2]")
    assert facts["Started"] != facts["Ended"]
    assert [button.command for button in answer.buttons] == ["output 7"]


async def test_a_running_job_can_be_cancelled_by_a_button(site: Site) -> None:
    await site.has(known(7))
    assert [button.command for button in (await site.say("job 7")).buttons] == ["output 7", "cancel 7"]


async def test_of_a_number_that_was_used_again_the_newest_counts(site: Site) -> None:
    await site.has(known(7, submitted=1000, state="FAILED", open=False), known(7, submitted=2000, state="PENDING"))
    assert (await site.say("job 7")).text == "Job 7 is PENDING."


async def test_a_task_of_an_array_has_its_own_answer(site: Site) -> None:
    await site.has(
        known(101, array_id=100, label="100_1", state="COMPLETED", open=False), known(100, array_id=100, label="100_2")
    )
    assert (await site.say("job 100_2")).text == "Job 100_2 is RUNNING."
    assert (await site.say("job 101")).text == "Job 100_1 is over: COMPLETED."
    assert "Task 3 of array 100 has not begun, or is not there" in (await site.say("job 100_3")).text
    assert (await site.say("job 100_3", "U2")).text == "I know of no job 100_3 of yours."


async def test_an_array_tells_how_its_tasks_fare_and_which_failed(site: Site) -> None:
    tasks = [known(100 + n, array_id=100, label=f"100_{n}", state="COMPLETED", open=False) for n in range(1, 20)]
    failed = [known(200 + n, array_id=100, label=f"100_{n + 50}", state="TIMEOUT", open=False) for n in range(12)]
    await site.has(*tasks, *failed)
    answer = await site.say("job 100")
    assert answer.text == "Array 100 (name-211) in short: 19 COMPLETED, 12 TIMEOUT."
    assert len(answer.code.splitlines()) == 11
    assert answer.code.endswith("… and 2 more")


async def test_a_component_of_a_het_job_is_found(site: Site) -> None:
    await site.has(known(50, label="50+0"), known(51, label="50+1", state="PENDING"))
    assert (await site.say("job 50")).text == "Job 50+0 is RUNNING."
    assert (await site.say("job 50+1")).text == "Job 50+1 is PENDING."


@pytest.mark.parametrize(
    "text", ["job 8", "output 8", "cancel 8", "cancel 8 yes abcd", "job 8_1", "job 100", "cancel 100_1"]
)
async def test_somebody_elses_job_is_refused_like_one_that_is_not_there(site: Site, text: str) -> None:
    before = await site.say(text)
    task = known(101, "ben", array_id=100, label="100_1")
    await site.has(known(8, "ben"), task, events=[mailed(8, "ben", os.geteuid(), "/etc/hostname")])
    assert await site.say(text) == before
    assert "no job" in before.text
    assert site.slurm.cancelled == []


async def test_output_is_shown_where_headgate_runs_as_the_owner(site: Site, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("first\n" * 100 + "last \x1b[31mred\n")
    await site.has(known(7), events=[mailed(7, "ada", os.geteuid(), str(out))])
    answer = await site.say("output 7")
    assert answer.code.splitlines() == ["first"] * 19 + ["last red"]
    assert str(out) in answer.text


async def test_output_of_somebody_headgate_does_not_run_as_is_not_read_and_that_is_said(
    site: Site, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.write_text("secret\n")
    await site.has(known(7), events=[mailed(7, "ada", os.geteuid() + 1, str(out))])
    answer = await site.say("output 7")
    assert "I do not run as you" in answer.text
    assert "secret" not in everything(answer)


async def test_output_that_slurm_never_named_is_said_so(site: Site) -> None:
    await site.has(known(7))
    assert "told me no output file" in (await site.say("output 7")).text


async def test_cancelling_asks_once_more_and_then_asks_slurm_for_this_owners_job(site: Site) -> None:
    await site.has(known(7))
    question = await site.say("cancel 7")
    [button] = question.buttons
    assert button.danger
    assert button.command in question.text
    assert "name-7" in question.text
    assert site.slurm.cancelled == []
    assert "ending job 7" in (await site.say(button.command)).text
    assert site.slurm.cancelled == [("7", "ada")]
    assert (await site.audited())[-3:] == [
        ("ada", "cancel", "job 7", "asked"),
        ("ada", "cancel", "job 7", "begun"),
        ("ada", "cancel", "job 7", "done"),
    ]


async def test_the_whole_array_is_named_before_it_is_cancelled(site: Site) -> None:
    await site.has(known(101, array_id=100, label="100_1"), known(100, array_id=100, label="100_*", state="PENDING"))
    question = await site.say("cancel 100")
    assert "the whole array 100" in question.text
    await site.say(question.buttons[0].command)
    await site.say((await site.say("cancel 100_1")).buttons[0].command)
    assert site.slurm.cancelled == [("100", "ada"), ("100_1", "ada")]


async def test_a_yes_of_somebody_else_or_for_another_job_asks_again(site: Site) -> None:
    await site.has(known(7), known(8), known(9, "ben"))
    said = token((await site.say("cancel 7")).buttons[0].command)
    assert "Shall I" in (await site.say(f"cancel 8 yes {said}")).text
    said = token((await site.say("cancel 7")).buttons[0].command)
    assert "Shall I" in (await site.say(f"cancel 9 yes {said}", "U2")).text
    assert "no job 7" in (await site.say(f"cancel 7 yes {said}", "U2")).text
    assert site.slurm.cancelled == []


async def test_a_yes_is_good_for_two_minutes_and_once(site: Site) -> None:
    await site.has(known(7))
    late = (await site.say("cancel 7")).buttons[0].command
    site.clock.now += 120
    again = (await site.say(late)).buttons[0].command
    await site.say(again)
    assert "Shall I" in (await site.say(again)).text
    assert len(site.slurm.cancelled) == 1


async def test_a_yes_does_not_end_a_job_that_has_the_number_since(site: Site) -> None:
    await site.has(known(7))
    yes = (await site.say("cancel 7")).buttons[0].command
    await site.has(known(7, state="COMPLETED", open=False), known(7, submitted=int(NOW), name="new"))
    assert "Shall I cancel job 7 (new" in (await site.say(yes)).text
    assert site.slurm.cancelled == []


async def test_a_job_that_is_over_is_not_cancelled(site: Site) -> None:
    await site.has(known(7, state="COMPLETED", open=False))
    assert (await site.say("cancel 7")).text == "Job 7 is over: COMPLETED."


async def test_slurms_refusal_is_passed_on(site: Site) -> None:
    await site.has(known(7))
    site.slurm.refuses = "Headgate may not cancel jobs here; the administrators can change that."
    answer = await site.say((await site.say("cancel 7")).buttons[0].command)
    assert answer.text == site.slurm.refuses
    assert (await site.audited())[-1] == ("ada", "cancel", "job 7", "refused")


async def test_a_slurm_that_fails_is_no_success(site: Site) -> None:
    await site.has(known(7))
    site.slurm.fails = "scancel did not answer within 30 s"
    answer = await site.say((await site.say("cancel 7")).buttons[0].command)
    assert "did not work" in answer.text
    assert "within 30 s" in answer.text
    assert (await site.audited())[-1] == ("ada", "cancel", "job 7", "failed")


async def test_a_job_of_another_cluster_is_not_cancelled_here(site: Site) -> None:
    await site.has(known(7, cluster="far"))
    answer = await site.say((await site.say("cancel 7")).buttons[0].command)
    assert "on the cluster far" in answer.text
    assert site.slurm.cancelled == []


async def test_muting_changes_nothing_else_that_is_preferred(site: Site) -> None:
    before = Preferences(connector="slack", digest_every=3600)
    await site.store.write(lambda c: people.prefer(c, "ada", before))
    assert "Muted until" in (await site.say("mute 2h")).text
    preferred = await site.store.read(lambda c: people.preferences_of(c, ["ada", "ben"]))
    assert preferred == {"ada": before.model_copy(update={"muted_until": NOW + 7200})}
    await site.say("mute off")
    assert await site.store.read(lambda c: people.preferences_of(c, ["ada"])) == {"ada": before}


async def test_unlinking_one_chat_leaves_the_others(site: Site) -> None:
    await site.link("ada", "U9")
    await site.say("unlink", "U9")
    assert [link.identity for link in await site.links()] == ["U1"]
