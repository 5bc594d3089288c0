"""The Debian package, on a clean Debian that systemd has booted, with that release's own Slurm: from first to purged.

The tests share one head node for each release, in the order in which they stand here.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from headgate import __version__
from headgate.config.settings import SpoolSettings
from headgate.events.sources.mail.install import program_text
from headgate.store.migrate import migrate
from headgate.store.revision import NEWEST
from headgate.store.store import Store
from headgate.testing.chroot.machine import Machine
from headgate.testing.cluster.errors import CommandError
from scripts.package import contents, tools
from scripts.package.head_node import DOMAIN, USER
from tests.packages.conftest import Installed

pytestmark = [pytest.mark.slow, pytest.mark.slurm, pytest.mark.timeout(1800)]

CONFIGURATION = "/etc/headgate/headgate.toml"
HAND_OFF = "/usr/lib/headgate/headgate-mailprog"
STORE = "/var/lib/headgate/headgate.db"


def test_the_first_message_comes_to_the_jobs_owner(installed: Installed) -> None:
    assert re.search(rf"^X-Envelope-To: {USER}@{DOMAIN}$", installed.first_mail, re.MULTILINE)
    assert 'Subject: Completed: job 1 "wrap"' in installed.first_mail
    assert [what for what, _ in installed.timing.steps][-1].startswith("sbatch --mail-type=END")
    assert installed.headgate("--version").startswith("headgate, version ")


def test_the_doctor_finds_everything_in_its_place(installed: Installed) -> None:
    try:
        told = json.loads(installed.headgate("doctor", "--json"))
    except CommandError as error:
        told = json.loads(error.output)
    by_level = {level: {one["area"] for one in told if one["level"] == level} for level in ("well", "note", "wrong")}
    assert by_level["well"] >= {"configuration", "store", "slurm", "mail", "spool", "executor", "service"}
    # This small cluster keeps no accounts: the only things that somebody could look at.
    assert by_level["note"] | by_level["wrong"] <= {"slurm", "sources"}


def test_setup_done_again_changes_nothing(installed: Installed) -> None:
    configuration = installed.machine.path(CONFIGURATION)
    own = configuration.read_text() + "\n# ours\n"
    configuration.write_text(own)
    said = installed.node.set_up("--executor", "--domain", "elsewhere.example")
    assert configuration.read_text() == own
    assert set(re.findall(r" \((made|changed|as it was)", said)) == {"as it was"}
    assert "slurm.conf is as it should be" in said


def test_files_belong_to_whom_they_should(installed: Installed) -> None:
    shown = installed.machine.run(
        *("/usr/bin/stat", "--format=%n %U:%G %a", "/etc/headgate", CONFIGURATION, "/var/lib/headgate"),
        *("/var/spool/headgate", "/var/spool/headgate/mail", HAND_OFF),
    )
    assert shown.split("\n")[:-1] == [
        "/etc/headgate root:headgate 750",
        f"{CONFIGURATION} root:headgate 640",
        "/var/lib/headgate headgate:headgate 750",
        "/var/spool/headgate root:root 755",
        "/var/spool/headgate/mail slurm:headgate 2770",
        f"{HAND_OFF} root:root 755",
    ]
    writable = (
        "/usr/bin/find",
        "/usr/lib/headgate",
        "!",
        "-type",
        "l",
        "(",
        "-perm",
        "/022",
        "-o",
        "!",
        "-user",
        "root",
        ")",
    )
    assert installed.machine.run(*writable) == ""


def test_dpkg_finds_no_file_changed_and_systemd_nothing_wrong(installed: Installed) -> None:
    machine = installed.machine
    assert machine.run("/usr/bin/dpkg", "--verify", "headgate") == ""
    units = ("headgate.service", "headgate-executor.service", "headgate-executor.socket")
    assert machine.run("/usr/bin/systemd-analyze", "verify", "--man=no", *units) == ""
    wanted = machine.path("/etc/systemd/system/multi-user.target.wants/headgate.service")
    assert wanted.is_symlink()


def test_systemd_started_what_setup_said(installed: Installed) -> None:
    machine = installed.machine
    for unit in ("headgate.service", "headgate-executor.socket"):
        assert machine.systemctl("is-enabled", unit) == "enabled\n"
        assert machine.systemctl("is-active", unit) == "active\n"
    assert machine.shown("headgate.service", "NRestarts") == "0"
    # As at the machine's start: what is wanted there comes by itself.
    machine.systemctl("stop", "headgate-executor.socket", "headgate.service")
    assert machine.shown("headgate.service", "Result") == "success"
    assert not machine.path("/run/headgate-executor.sock").exists()
    machine.systemctl("start", "sockets.target", "multi-user.target")
    installed.node.wait_until_ready()
    assert machine.systemctl("is-active", "headgate-executor.socket") == "active\n"


def test_a_job_by_way_of_the_sandboxes_is_its_owners(installed: Installed) -> None:
    node, machine = installed.node, installed.machine
    configuration = machine.path(CONFIGURATION)
    configuration.write_text(configuration.read_text() + '\n[gateway]\ndirectory = "/home/%u/headgate"\n')
    machine.systemctl("reload", "headgate.service")
    token = machine.run("/bin/sh", "-c", f"{node.program} app add portal --user={USER} 2>/dev/null", user="headgate")
    asking = {"HEADGATE_URL": "http://127.0.0.1:8470", "HEADGATE_TOKEN": token.strip(), "HEADGATE_USER": USER}
    job = node.run_job(asking, "id", "-un")
    assert machine.run(node.program, "job", "output", job, env=asking) == f"{USER}\n"
    path = machine.path(f"/home/{USER}/headgate/portal/{job}/batch.sh")
    assert path.owner() == machine.path(f"/home/{USER}").owner()
    # Killed, it is there again for the next request.
    machine.systemctl("kill", "--signal=KILL", "headgate-executor.service")
    job = node.run_job(asking, "echo", "again")
    assert machine.run(node.program, "job", "output", job, env=asking) == "again\n"
    assert f"Account            {USER} " in machine.run(node.program, "me", user=USER)


@pytest.mark.parametrize(
    ("unit", "capabilities", "exposure", "denied"),
    [
        ("headgate.service", 0, 20, {"/etc/headgate", "/usr", "/var", "/home"}),
        ("headgate-executor.service", 0b1110_0000, 30, {"/etc/headgate", "/usr", "/boot"}),
    ],
)
def test_its_sandbox_is_in_force(
    installed: Installed, unit: str, capabilities: int, exposure: int, denied: set[str]
) -> None:
    machine = installed.machine
    machine.run("/usr/bin/systemd-analyze", "--no-pager", "security", f"--threshold={exposure}", unit)
    pid = machine.shown(unit, "MainPID")
    status = dict(re.findall(r"^(\w+):\s+(.*)$", machine.run("/bin/cat", f"/proc/{pid}/status"), re.MULTILINE))
    assert (int(status["CapBnd"], 16), status["NoNewPrivs"], status["Seccomp"]) == (capabilities, "1", "2")
    for place in sorted(denied):
        with pytest.raises(CommandError, match=r"Read-only file system|Permission denied"):
            # As root, so that nothing but what the unit has mounted is in the way.
            machine.run("/usr/bin/nsenter", f"--target={pid}", "--mount", "/usr/bin/touch", f"{place}/x")


def test_a_service_that_is_killed_or_hangs_comes_back(installed: Installed) -> None:
    node, machine = installed.node, installed.machine
    machine.systemctl("kill", "--signal=KILL", "--kill-whom=main", "headgate.service")
    node.wait_until_ready()
    assert machine.shown("headgate.service", "NRestarts") == "1"
    drop_in = machine.path("/run/systemd/system/headgate.service.d/hang.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Service]\nWatchdogSec=5s\nRestartSec=100ms\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "headgate.service")
    before = machine.shown("headgate.service", "MainPID")
    machine.systemctl("kill", "--signal=STOP", "--kill-whom=main", "headgate.service")
    node.wait_until_restarted(before)
    assert "Watchdog timeout" in machine.journal("headgate.service")
    drop_in.unlink()
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "headgate.service")
    job = node.submit()
    assert f"job {job}" in node.wait_for_mail(f"job {job} ")


def test_its_python_is_the_systems_and_nothing_tells_where_it_was_built(installed: Installed) -> None:
    environment_ = installed.machine.path(contents.ENVIRONMENT)
    assert "home = /usr/bin\n" in (environment_ / "pyvenv.cfg").read_text()
    assert list(environment_.rglob("direct_url.json")) == []
    assert {path.name for path in (environment_ / "bin").iterdir() if not path.name.startswith("python")} == {
        "headgate"
    }


def test_an_older_store_is_brought_up_and_keeps_what_it_holds(installed: Installed, tmp_path: Path) -> None:
    node, machine = installed.node, installed.machine
    node.stop_headgate()
    _older_store(tmp_path / "old.db")
    shutil.copyfile(tmp_path / "old.db", machine.path(STORE))
    # Going back is told of before anything happens; going forward again is an upgrade.
    older = _older_package(installed)
    said = machine.run("/usr/bin/dpkg", "--install", older)
    assert re.search(r"going back from \S+ to 0\.0\.1", said)
    assert "Tables do not go back" in said
    assert machine.path(HAND_OFF).read_text() == "#!/bin/sh\n"
    kept = machine.path(CONFIGURATION).read_text()
    said = machine.run("/usr/bin/dpkg", "--install", f"/root/{installed.package.name}")
    assert "going back" not in said
    assert machine.path(CONFIGURATION).read_text() == kept
    assert machine.path(HAND_OFF).read_text() == program_text(SpoolSettings().path)
    node.start_headgate()
    assert json.loads(installed.headgate("store", "show", "--json"))["revision"] == NEWEST
    assert [one["user"] for one in json.loads(installed.headgate("event", "list", "--job", "700", "--json"))] == ["eve"]
    job = node.submit()
    assert f"job {job}" in node.wait_for_mail(f"job {job} ")


def test_a_store_from_a_newer_version_is_refused_in_plain_words(installed: Installed) -> None:
    node, machine = installed.node, installed.machine
    node.stop_headgate()
    store = Store(f"sqlite:///{machine.path(STORE)}")
    store.write_now(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")) and None)
    store.close()
    with pytest.raises(CommandError):
        machine.systemctl("start", "headgate.service")
    said = machine.journal("headgate.service")
    newer = r"^headgate: the store was written by a newer Headgate: its tables are at 9999.*install the newer one$"
    assert re.search(newer, said, re.MULTILINE), said


def test_removal_keeps_what_purging_takes(installed: Installed) -> None:
    machine = installed.machine
    said = machine.run("/usr/bin/dpkg", "--remove", "headgate")
    assert "slurm.conf still names the hand-off" in said
    for unit in ("headgate.service", "headgate-executor.socket", "headgate-executor.service"):
        assert machine.shown(unit, "ActiveState") != "active"
    assert machine.run("/bin/sh", "-c", "ps -o args= -u headgate || true") == ""
    assert not machine.path("/usr/bin/headgate").is_symlink()
    assert not machine.path("/usr/lib/headgate").exists()
    for kept in (CONFIGURATION, STORE):
        assert machine.path(kept).exists()
    # Installed once more, what was enabled is so again, and has started.
    machine.run("/usr/bin/dpkg", "--install", f"/root/{installed.package.name}")
    assert machine.systemctl("is-active", "headgate-executor.socket") == "active\n"
    assert machine.systemctl("is-enabled", "headgate.service") == "enabled\n"
    machine.run("/usr/bin/dpkg", "--purge", "headgate")
    for gone in ("/etc/headgate", "/var/lib/headgate", "/var/spool/headgate"):
        assert not machine.path(gone).exists()
    places = ("/etc/systemd", "/var/lib/systemd", "/usr/lib/systemd", "/usr/share/man", "/usr/lib/tmpfiles.d")
    assert machine.run("/usr/bin/find", *places, "-name", "*headgate*") == ""
    assert machine.systemctl("list-units", "--all", "--plain", "--no-legend", "headgate*") == ""
    assert "headgate" not in machine.systemctl("list-unit-files", "--no-legend")


def test_from_a_wheel_setup_does_what_the_package_did(installed: Installed) -> None:
    node, machine = installed.node, installed.machine
    node.program = tools.install(machine, "pipx" if installed.release.suite == "bookworm" else "uv")
    assert machine.run(node.program, "--version") == f"headgate, version {__version__}\n"
    said = node.set_up("--executor", "--mail-server", "localhost:25", "--test-mail", f"ben@{DOMAIN}")
    assert re.search(r"^ok +test mail ", said, re.MULTILINE)
    units = ("headgate.service", "headgate-executor.service", "headgate-executor.socket")
    assert machine.run("/usr/bin/systemd-analyze", "verify", "--man=no", *units) == ""
    # Where the tool has put it, and not the link that leads there.
    own = machine.run("/usr/bin/readlink", "--canonicalize", node.program).strip()
    assert node.unit("headgate.service")["ExecStart"] == f"{own} serve"
    assert set(re.findall(r" \((made|changed|as it was)", node.set_up("--executor"))) == {"as it was"}
    node.start_executor()
    node.start_headgate()
    job = node.submit()
    assert f"job {job}" in node.wait_for_mail(f"job {job} ")


def _older_store(file: Path) -> None:
    """Make a store as the first Headgate left it, with an event that is young enough to be kept."""
    store = Store(f"sqlite:///{file}")
    migrate(store, "0001")
    row = "INSERT INTO events VALUES (1, 'k', 'job.ended', :now, :now, 'job 700', 'small', 700, NULL, 'eve', '{}')"
    store.write_now(lambda c: c.execute(text(row), {"now": time.time()}) and None)
    store.close()


def _older_package(installed: Installed) -> str:
    """Return a package from before, inside the machine: the same but for an older hand-off, and without a program."""
    machine: Machine = installed.machine
    machine.path("/root/old").mkdir()
    package = f"/root/{installed.package.name}"
    machine.run("/usr/bin/dpkg-deb", "--control", package, "/root/old/DEBIAN")
    unpack = f"dpkg-deb --fsys-tarfile {package} | tar -xC /root/old --exclude=.{contents.ENVIRONMENT}"
    machine.run("/bin/sh", "-c", unpack)
    current = re.sub(r".*_(.*)_.*", r"\1", installed.package.name)
    for name in ("control", "preinst"):
        path = machine.path(f"/root/old/DEBIAN/{name}")
        path.write_text(path.read_text().replace(current, "0.0.1"))
    machine.path("/root/old/DEBIAN/md5sums").unlink()
    older = machine.path(f"/root/old{HAND_OFF}")
    older.write_text("#!/bin/sh\n")
    older.chmod(0o755)
    machine.run("/usr/bin/dpkg-deb", "--root-owner-group", "-Znone", "--build", "/root/old", "/root/old.deb")
    return "/root/old.deb"
