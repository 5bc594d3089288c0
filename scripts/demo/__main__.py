"""``./dev demo [--stop]``: the order of things."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.text import Text

from headgate.errors import HeadgateError
from headgate.testing.cluster import Cluster, ClusterError
from headgate.testing.cluster.process import belonging_to
from scripts.demo import fifth_act, fourth_act, installation, second_act, show, stage, third_act
from scripts.demo.chats import Chats
from scripts.demo.fifth_act import FifthAct
from scripts.demo.fourth_act import FourthAct
from scripts.demo.installation import CHATS, EXECUTOR, SERVICE, SINK, Headgate
from scripts.demo.mails import Mail, MailBox, about
from scripts.demo.place import AtWorkError, DemoError, Place
from scripts.demo.play import JOBS, Job
from scripts.demo.second_act import SecondAct
from scripts.demo.third_act import ThirdAct
from scripts.demo.timeline import clock, of_job, time_line

_SAY_AGAIN = 30.0
"""Seconds between two lines about what is waited for, where there is no terminal to keep one line up to date."""
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, or end what a play left running; return the exit status."""
    given = _parser().parse_args(arguments)
    place = Place(given.name, given.directory or Path(f"/var/tmp/headgate-{given.name}"))  # noqa: S108 - see make
    again = "" if given.name == "demo" else f" --name {given.name}"
    if os.geteuid() != 0:
        sys.stderr.write(
            "./dev demo needs root: it starts a Slurm cluster, whose daemons run under several accounts.\n"
        )
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = show.console()
    try:
        place.make()
        with place.alone():
            return stop(out, place) if given.stop else play(out, place)
    except AtWorkError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    except (HeadgateError, ClusterError) as error:
        sys.stderr.write(f"\n{getattr(error, 'message', error)}\n")
        sys.stderr.write(f"\nWhat was started before still runs. To end it: ./dev demo --stop{again}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"\nInterrupted. What was started before still runs. To end it: ./dev demo --stop{again}\n")
        return _INTERRUPTED


def play(out: Console, place: Place) -> int:
    """Show it all; return 0 if everything was as it should be."""
    begun = time.monotonic()
    show.heading(out, "A Slurm cluster, and Headgate beside it")
    cluster, headgate, chats, address = _set_up(out, place)
    show.heading(out, f"{len(JOBS)} jobs of two ordinary users, {show.users()}")
    submitted = _submit(out, cluster)
    show.heading(out, "The mails as they come")
    box = MailBox(place.mails)
    mails = _wait(out, cluster, headgate, box, submitted)
    events, deliveries, faults = stage.settle(headgate, box, submitted)
    _show_mails(out, place, submitted, mails)
    show.heading(out, "What Headgate wrote down: the time line of each job")
    show.remark(out, "Slurm's mail and the watcher saw the same start or end: that is one event with two witnesses.")
    for number, job in submitted.items():
        show.time_line(out, f"job {number} {job.name}, of {job.user}", time_line(of_job(events, number)))
    show.heading(out, "Who was told what")
    show.remark(out, "No connector is called pager: that delivery is dead, for all to see, and ben's mail came anyway.")
    show.deliveries(out, deliveries)
    messages, more = second_act.play(out, SecondAct(place, cluster, headgate, chats), box)
    faults += more
    if headgate.serves_users:
        faults += third_act.play(out, ThirdAct(place, headgate, address))
    else:
        show.remark(out, "The portal's job is left out: the executor acts for the account headgate only.")
    faults += fourth_act.play(out, FourthAct(place, headgate, chats, address))
    faults += fifth_act.play(out, FifthAct(place))
    if not faults:
        show.heading(out, "What to try next")
        page = place.pages / "analyse-failed.html"
        show.next_steps(out, place, address, page, max(item["id"] for item in deliveries))
    out.print()
    return _verdict(out, faults, len(mails), messages, time.monotonic() - begun)


def stop(out: Console, place: Place) -> int:
    """End the service, the mail server, the chats and the cluster; return 0 if nothing is left of them."""
    ended = [name for name in (SERVICE, EXECUTOR, SINK, CHATS) if place.stop(name)]
    cluster = Cluster(place.name)
    if "running" in cluster.status().values():
        ended.append(f"the cluster {place.name}")
    cluster.down()
    left = belonging_to(cluster.directory, cluster.slurm_conf, ())
    if left or place.processes():
        raise DemoError(f"still running: {sorted(process.pid for process in left)}")
    if not ended:
        out.print("Nothing was running.")
        return 0
    out.print(f"Ended: {', '.join(ended)}. Nothing is left running.")
    out.print(f"Kept: mails, store and logs in {place.directory},", soft_wrap=True)
    out.print(f"      the cluster's files in {cluster.directory}.", soft_wrap=True)
    return 0


def _set_up(out: Console, place: Place) -> tuple[Cluster, Headgate, Chats, str]:
    """Start everything; what an earlier run left of Headgate is ended and removed first."""
    for name in (SERVICE, EXECUTOR, SINK, CHATS):
        place.stop(name)
    place.clear()
    account = installation.account()
    headgate = Headgate(place, account)
    chats = headgate.start_chats()
    begun = time.monotonic()
    with _busy(out, "starting munge, MariaDB, slurmdbd, slurmctld and four slurmd"):
        cluster = Cluster(place.name)
        cluster.up()
        stage.cancel_leftovers(cluster)
    show.step(out, f"Slurm {cluster.slurm}: cluster {place.name} with {len(cluster.nodes)} nodes "
                   f"({time.monotonic() - begun:.0f} s)")  # fmt: skip
    headgate.install_hand_off()
    cluster.configure(mail_prog=place.mailprog)
    show.step(out, f"headgate mailprog install: slurm.conf has MailProg={place.mailprog}")
    port = headgate.start_mail_server()
    show.step(out, f"a mail server on port {port}, which keeps mails in {place.mails}")
    with _busy(out, "starting Synapse and RabbitMQ"):
        headgate.wait_for_chats(chats)
    show.step(
        out, "a Matrix homeserver (Synapse), a RabbitMQ, and played Slack, Mattermost, Telegram, Discord and Teams"
    )
    show.step(out, "a played GitHub, with a pull request")
    headgate.add_template(third_act.TEMPLATE_NAME, third_act.TEMPLATE, third_act.SCHEMA)
    headgate.make_room_for_builds()
    headgate.start_executor(str(cluster.bin))
    show.step(out, "headgate-executor, as root: it does single things as users, for the service and nobody else")
    address = headgate.start_service(str(cluster.bin), port, chats.tables())
    show.step(out, f"headgate serve, {_who(account)}, on SQLite: {place.config}")
    return cluster, headgate, chats, address


def _who(account: installation.Account) -> str:
    if account.name != installation.ACCOUNT:
        return f"as root, because the account {installation.ACCOUNT} may not read this checkout"
    return f"as the account {account.name}{' (made just now)' if account.made else ''}"


def _submit(out: Console, cluster: Cluster) -> dict[int, Job]:
    submitted: dict[int, Job] = {}
    for job in JOBS:
        number = stage.submit(cluster, job)
        submitted[number] = job
        show.submission(out, number, job)
    for number, job in submitted.items():
        if job.cancel_when:
            with _busy(out, f"{job.user} is about to cancel job {number}"):
                stage.cancel(cluster, number, job)
            out.print(Text.assemble((f"{job.user}$ ", "dim"), f"scancel {number}"))
    return submitted


def _wait(out: Console, cluster: Cluster, headgate: Headgate, box: MailBox, submitted: Mapping[int, Job]) -> list[Mail]:
    begun = said = time.monotonic()
    with _busy(out, "waiting for mails") as busy:

        def waiting(owed: Mapping[int, int], states: Mapping[int, str]) -> None:
            nonlocal said
            text = show.waiting_for(owed, states, submitted)
            busy.update(show.in_one_line(out, f"{time.monotonic() - begun:3.0f} s, {text}"))
            if not out.is_terminal and time.monotonic() - said > _SAY_AGAIN:
                said = time.monotonic()
                out.print(f"{clock(time.time())}  {text}", soft_wrap=True)

        def arrived(mail: Mail) -> None:
            show.arrival(out, mail, time.time())

        return stage.wait_for_mails(cluster, headgate, box, submitted, arrived=arrived, waiting=waiting)


def _show_mails(out: Console, place: Place, submitted: Mapping[int, Job], mails: Sequence[Mail]) -> None:
    """Show the last mail of some jobs in full, the others in a line each."""
    show.write_pages(place.pages, mails, submitted)
    in_full = [about(mails, number)[-1] for number, job in submitted.items() if job.in_full and about(mails, number)]
    show.heading(out, f"{len(in_full)} of the {len(mails)} mails, as people see them")
    for mail in in_full:
        show.mail_in_full(out, mail)


def _verdict(out: Console, faults: Sequence[str], mails: int, messages: int, seconds: float) -> int:
    if not faults:
        out.print(
            f"All {mails} mails came, and {messages} messages in chats, once each, to the right people, saying what "
            f"happened. {seconds:.0f} s in all.",
            style="bold green",
            soft_wrap=True,
        )
        return 0
    out.print(f"Not everything is as it should be, after {seconds:.0f} s:", style="bold red")
    for fault in faults:
        out.print(Text(f"  {fault}"), soft_wrap=True)
    return 1


def _busy(out: Console, text: str) -> Status:
    return out.status(text, spinner="dots")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev demo", description="Real jobs on a real Slurm, and what people get.")
    parser.add_argument("--stop", action="store_true", help="end everything that the demonstration started")
    parser.add_argument(
        "--name", default="demo", help="another cluster and directory, to run beside it (default: demo)"
    )
    parser.add_argument("--directory", type=Path, help="where files are kept (default: /var/tmp/headgate-NAME)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
