"""Pages are walked from their first line to their last as their readers do: on a real cluster, with the service, a mail
server and chats that run. All that is shared by them is what ``./dev demo`` starts in the first tutorial.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import headgate
from headgate.testing.cluster.process import is_alive
from scripts.demo import third_act
from scripts.demo.chats import Chats
from scripts.demo.got import SERVICES, Got
from scripts.demo.hub import ARTEFACT
from scripts.demo.mails import MailBox
from scripts.demo.play import IN_EVERY_CHAT, JOBS, LINKED
from tests.docs.building import BuildPlace
from tests.docs.likeness import Known
from tests.docs.pages import DOCS, blocks, has_runs, pages, runnable
from tests.docs.played import Played
from tests.docs.walk import PATIENCE, Shell, Walk
from tests.scripts.demo.playing import own_demo

pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.timeout(600)]
TUTORIALS, HOW_TOS = DOCS / "tutorial", DOCS / "howto"


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster needs root")
    with own_demo() as demo:
        made = Played(demo)
        try:
            made.walk.go(before="A Slurm cluster", patience=420)
            yield made
        finally:
            made.root.end()


def until(found: Callable[[], Any]) -> Any:
    """Wait until there is something, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.3)
    return value


def test_the_demonstration_told_everybody(played: Played) -> None:
    printed = played.walk.printed["demo"]
    assert isinstance(printed, str)
    place, count, told = played.place, sum(len(job.outcomes) for job in JOBS), len(IN_EVERY_CHAT.outcomes)
    messages = told * len(SERVICES) + len(LINKED.outcomes)
    assert f"All {count} mails came, and {messages} messages in chats" in printed
    assert len(list(place.mails.glob("*.eml"))) >= count + told
    assert len(list(place.pages.glob("*.png"))) == len(SERVICES) + 1
    assert set(place.processes()) == {"mail-server", "chats", "headgate", "executor"}
    assert third_act.expected() in "".join(f"{line.removeprefix('  ')}\n" for line in printed.splitlines())
    assert "|transfer of `hello-1795000000.tar.gz` to directory succeeded|" in printed
    assert [path.name for path in place.deployed.rglob("*.tar.gz")] == [ARTEFACT]


def test_your_first_cluster(played: Played) -> None:
    played.walk.go(before="./dev demo --stop")
    assert any("you@example.org" in mail.to for mail in MailBox(played.place.mails).mails())


class Bot:
    """Ada before her chat with Slack's bot."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._seen = len(self.heard())

    def heard(self) -> list[Got]:
        """Return what the bot has said to her by now, and what has been told there."""
        return [got for got in self._chats.got() if got.service == "slack"]

    def say(self, text: str) -> str:
        """Say something; return the answer."""
        before = len(self.heard())
        self._chats.say("slack", "ada", text)
        return "\n".join(json.dumps(got.payload) for got in until(lambda: self.heard()[before:]))

    def told(self, text: str) -> str:
        """Wait for what says this."""
        return str(until(lambda: [said for got in self.heard() if text in (said := json.dumps(got.payload))])[-1])


def link(bot: Bot, printed: str) -> None:
    """Say the code that was printed."""
    code = re.search(r"link (\S{6}-\S{6})", printed)
    assert code is not None
    assert "is linked to the account ada" in bot.say(code[0])


def test_know_what_your_jobs_do(played: Played) -> None:
    with played.user("ada") as shell:
        bot = Bot(played.chats)
        walk = Walk(TUTORIALS / "own-jobs.md", {"ada": shell}, {"sleep 30": "sleep 1"})

        def told() -> None:
            number = re.search(r"Submitted batch job (\d+)", str(walk.printed["ada"]))
            assert number is not None
            message = bot.told(f"Failed (exit code 3): job {number[1]}")
            assert "Memory" in message
            assert "It ran for" in message

        def fails() -> None:
            printed, _ = shell.run("sbatch --wrap 'exit 4'")
            bot.told(f"Failed (exit code 4): job {printed.split()[-1]}")

        def ask() -> None:
            assert "Over in the last day" in bot.say("jobs")
            assert "train" not in bot.say(f"job {played.walk.known.of('job', '1')}")

        walk.go(
            {
                "says the line to the bot": lambda: link(bot, str(walk.printed["ada"])),
                "gets the message of the job that was told in Slack": told,
                "has a job that fails and asked for nothing": fails,
                "asks the bot for jobs, and for one of ben's": ask,
            }
        )


def test_a_portal_in_fifty_lines(played: Played, tmp_path: Path) -> None:
    (tmp_path / "portal.py").write_text(runnable("portal"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with played.admin() as admin, played.admin(tmp_path) as portal:
        admin.run("headgate app remove portal --yes")  # the demonstration's own
        walk = Walk(TUTORIALS / "portal.md", {"admin": admin, "portal": portal}, {})
        walk.go(before="HEADGATE_URL")
        token = re.search(r"hgt_\S+", str(walk.printed["token"]))
        assert token is not None
        walk.changes |= {
            "http://127.0.0.1:8470": played.address,
            "hgt_...": token[0],
            "portal:app": f"--port={port} portal:app",
        }

        def use() -> None:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE) as browser:
                assert "Run something" in browser.get("/").text
                command = "/bin/sh -c 'for n in 1 2 3; do echo $n; sleep 1; done'"
                assert command.replace("1 2 3", "1 2 3 4 5").replace("sleep 1", "sleep 2") in walk.page.read_text()
                shown = browser.post("/", data={"command": command}, follow_redirects=False)
                assert shown.status_code == 303
                job = shown.headers["location"]
                assert f'const id = "{job[1:]}"' in browser.get(job).text
                assert browser.get(f"{job}/output").text == "1\n2\n3\n"
                with browser.stream("GET", f"{job}/events") as events:
                    states = []
                    for line in events.iter_lines():
                        states += [line.removeprefix("data: ")] if line else []
                        if "COMPLETED" in states:
                            break
                assert "started" in states

        walk.go({"opens the page and runs the command": use})


async def test_your_first_build(played: Played) -> None:
    async with BuildPlace(played.demo.cluster) as place:
        env = {"HEADGATE_CONFIG": str(place.config)}
        with played.admin(place.base, **env) as root, Shell({"HOME": "/root"}, place.clone) as clone:
            walk = Walk(TUTORIALS / "first-build.md", {"root": root, "clone": clone}, place.changes())
            await asyncio.to_thread(walk.go, place.deeds(), patience=PATIENCE)
            assert place.github.faults == []


def common(played: Played, directory: Path) -> dict[str, str]:
    """Return what is another thing here than on how-to pages."""
    room, link = played.chats.receivers()["matrix"], f"{played.address}/ui/sign-in/link/…"
    return {
        "/etc/headgate/headgate.toml": str(played.place.config),
        "/etc/headgate/rules.d/": f"{directory}/rules/",
        "/etc/headgate": f"{directory}/etc",
        "/var/backups/": f"{directory}/",
        "/tmp/look": f"{directory}/look",  # noqa: S108 - the page's words
        "/opt/headgate/bin/python": sys.executable,
        "/usr/lib/headgate/executor": f"{directory}/executor",
        "/etc/systemd/system": f"{directory}/units",
        "http://127.0.0.1:8470": played.address,
        "https://gateway.example.org": played.address,
        "https://headgate.example.org/ui/sign-in/link/eZ0cHkq2V9Xw1T7pY3mJrN5sLbA8dQfG4uKiO6vWxRE": link,
        "!OGEhHVWSdvArJzumhm:example.org": room,
        "U012AB3CD": "U0ADA",
        "C0123456789": "C0GENERAL",
        "telegram 123456789": "telegram 1001",
        "msteams ops": "msteams general",
        "rabbit ops": "rabbitmq jobs",
        "to ops:": "to jobs:",
        "hooks dashboard": "webhook site",
        "to dashboard:": "to site:",
        "apprise oncall": "apprise desk",
        "to oncall:": "to desk:",
        "app remove portal": "app remove portal --yes",
        "app remove stackstorm": "app remove stackstorm --yes",
        "sleep 10": "sleep 2",
    }


WALKED = [page for page in pages() if page.parent != TUTORIALS and has_runs(page)]
"""Pages of which the commands that may be run on the demonstration are run, in their order."""


class Desk:
    """What lies on an administrator's desk, and what they do beside a page."""

    def __init__(self, played: Played, directory: Path) -> None:
        self._played = played
        self._directory = directory
        for name in ("etc", "etc/templates", "rules", "units"):
            (directory / name).mkdir(exist_ok=True)

    def deeds(self, walk: Walk) -> dict[str, Callable[[], None]]:
        """Return what is done elsewhere, on all pages."""
        return {
            "has no app of this name": self._no_app,
            "has another app of this name": lambda: self._app(walk),
            "has said nothing of themselves": self._forget,
            "sees the number of a subscription": lambda: walk.known.learn("id", "1", self._subscriptions()[0]),
            "says the line to the bot": lambda: link(Bot(self._played.chats), str(walk.printed["ada"])),
            "has an apps.json of one app": self._apps,
            "has a file that was signed": self._sign,
            "looks at what lies there": self._installed,
            "has a token and a script": lambda: self._script(walk),
            "has the id": lambda: self._id(walk),
            "has the rule of above": lambda: self._rule(walk),
        }

    def _run(self, text: str) -> str:
        with self._played.admin(self._directory) as shell:
            printed, status = shell.run(text)
        assert status == 0, printed
        return printed

    def _forget(self) -> None:
        with self._played.user("ada") as shell:
            shell.run("for chat in slack telegram; do headgate me unlink $chat; done; headgate me prefer --quiet off")
            shell.run(f"for number in {' '.join(self._subscriptions())}; do headgate me unsubscribe $number; done")

    def _subscriptions(self) -> list[str]:
        with self._played.user("ada") as shell:
            return re.findall(r"^ +(\d+): to ", shell.run("headgate me")[0], re.MULTILINE)

    def _no_app(self) -> None:
        with self._played.admin(self._directory) as shell:
            shell.run("headgate app remove portal --yes")

    def _app(self, walk: Walk) -> None:
        self._run("headgate app add portal --user=ada")
        listed = json.loads(self._run("headgate app token list portal --json"))
        walk.changes[" ID"] = f" {listed[0]['id']}"

    def _apps(self) -> None:
        app = {"id": "0190f1c4-5b7e-7cc2-8f3a-2d6f1c9b7a10", "name": "imported", "tokens": []}
        (self._directory / "apps.json").write_text(json.dumps({"apps": [app]}))

    def _sign(self) -> None:
        (self._directory / "FILE").write_text("an artefact")
        self._run(f"ssh-keygen -q -Y sign -f {self._directory}/etc/signing.key -n my-bot FILE")

    def _installed(self) -> None:
        source = Path(headgate.__file__).parent
        for name in ("headgate_executor.py", "headgate_verbs.py"):
            assert (self._directory / "executor" / name).read_bytes() == (source / "executor" / name).read_bytes()
        assert {path.suffix for path in (self._directory / "units").iterdir()} == {".socket", ".service"}

    def _script(self, walk: Walk) -> None:
        self._no_app()
        self._run("headgate app add portal --user=ada")
        printed = self._run("headgate app token add portal walk --user=ada")
        token = self._directory / "token"
        token.write_text(printed.split()[-1])
        (self._directory / "fit.sh").write_text("#!/bin/bash\necho fitted\necho model > model.bin\nsleep 2\n")
        (self._directory / "data.csv").write_text("1,2\n")
        walk.changes["~/.config/headgate/token"] = str(token)

    def _id(self, walk: Walk) -> None:
        printed = re.search(r"^[0-9a-f-]{36}$", str(walk.printed["elsewhere"]), re.MULTILINE)
        assert printed is not None
        walk.changes[" ID"] = f" {printed[0]}"

    def _rule(self, walk: Walk) -> None:
        page = list(blocks(HOW_TOS / "rules.md"))
        rule, values = (next(block.text for block in page if block.language == kind) for kind in ("yaml", "toml"))
        (self._directory / "rules" / "gpu_node_down.yaml").write_text(rule)
        own = f'{values}\n[rules]\ndirectory = "{self._directory}/rules"\n'
        (self._directory / "rules.toml").write_text(self._played.place.config.read_text() + own)
        walk.changes["4711"] = str(json.loads(self._run("headgate event list --json"))[-1]["id"])


@pytest.mark.parametrize("page", WALKED, ids=[page.stem for page in WALKED])
def test_a_page_with_commands(played: Played, tmp_path: Path, page: Path) -> None:
    desk = Desk(played, tmp_path)
    rules = {"HEADGATE_CONFIG": f"{tmp_path}/rules.toml"}
    with contextlib.ExitStack() as stack:
        shells = {
            "admin": played.admin(tmp_path),
            "alone": played.admin(tmp_path, HEADGATE_CONFIG=""),
            "elsewhere": played.admin(tmp_path, HEADGATE_CONFIG=""),
            "rules": played.admin(tmp_path, **rules),
            "ada": played.user("ada"),
        }
        for shell in shells.values():
            stack.enter_context(shell)
        known = Known({key: number for key, number in played.walk.known.numbers.items() if key[0] == "job"})
        walk = Walk(page, shells, common(played, tmp_path), known)
        walk.go(desk.deeds(walk))


def client_environment(played: Played, home: Path) -> dict[str, str]:
    """Return what a program of ada's is given that asks the gateway: an address, and a token in her home."""
    with played.admin(home) as shell:
        shell.run("headgate app remove portal --yes; headgate app add portal --user=ada")
        printed, status = shell.run("headgate app token add portal programs --user=ada")
    token = re.search(r"hgt_\S+", printed)
    assert status == 0, printed
    assert token is not None
    file = home / ".config/headgate/token"
    file.parent.mkdir(parents=True)
    file.write_text(token[0] + "\n")
    return {"HOME": str(home), "HEADGATE_URL": played.address, "HEADGATE_TOKEN": token[0], "HEADGATE_USER": "ada"}


def test_the_programs_that_use_the_gateway_from_python(played: Played, tmp_path: Path) -> None:
    environment = client_environment(played, tmp_path)
    first = runnable("client").replace("https://gateway.example.org", played.address)
    first = first.replace("srun fit data.csv", "echo fitted; echo a model > model.bin")
    second = runnable("async-client").replace("/usr/bin/fit", "/bin/echo")
    printed = []
    for program in (first, second):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert printed[0] == "fitted\nCOMPLETED 0\n"
    assert (tmp_path / "model.bin").read_text() == "a model\n"
    assert printed[1].splitlines()[-1] == "job.ended"


def test_the_program_that_takes_messages_from_rabbitmq(played: Played, tmp_path: Path) -> None:
    url = re.search(r'"(amqp://[^"]+)"', played.place.config.read_text())
    assert url is not None
    (tmp_path / "rabbitmq.url").write_text(url[1])
    shown = next(block.text for block in blocks(HOW_TOS / "rabbitmq.md") if block.language == "toml")
    (tmp_path / "headgate.toml").write_text(f"{shown}declare = true\n")
    program = tmp_path / "reader.py"
    program.write_text(
        runnable("rabbitmq-reader").replace("amqps://reader:PASSWORD@broker.example.org/cluster", url[1])
    )
    with played.admin(tmp_path, HEADGATE_CONFIG=str(tmp_path / "headgate.toml")) as shell:
        printed, status = shell.run("headgate connector test rabbit ops --sample failed")
        assert status == 0, printed
        taken, _ = shell.run("python -u reader.py", until="Failed (exit code 2)")
        assert "train_model" in taken


def test_the_first_cluster_is_ended_as_the_page_says(played: Played) -> None:
    processes = played.place.processes()
    played.walk.go()
    assert not played.demo.runs()
    assert not any(is_alive(process) for process in processes.values())
