"""The Debian package, on a clean Debian with that release's own Slurm: installed, used, upgraded, purged.

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

from headgate.config.settings import SpoolSettings
from headgate.events.sources.mail.install import program_text
from headgate.store.migrate import migrate
from headgate.store.revision import NEWEST
from headgate.store.store import Store
from headgate.testing.chroot.machine import Machine
from headgate.testing.cluster.errors import CommandError
from scripts.package import contents, environment
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
    unit = node.unit("headgate.service")
    with pytest.raises(CommandError) as caught:
        machine.run(*unit["ExecStart"].split(), user="headgate", timeout=60)
    last = caught.value.output.strip().splitlines()[-1]
    assert last.startswith("headgate: the store was written by a newer Headgate: its tables are at 9999")
    assert last.endswith("install the newer one")


def test_removal_keeps_what_purging_takes(installed: Installed) -> None:
    machine = installed.machine
    said = machine.run("/usr/bin/dpkg", "--remove", "headgate")
    assert "slurm.conf still names the hand-off" in said
    assert not machine.path("/usr/bin/headgate").is_symlink()
    assert not machine.path("/usr/lib/headgate").exists()
    for kept in (CONFIGURATION, STORE):
        assert machine.path(kept).exists()
    machine.run("/usr/bin/dpkg", "--purge", "headgate")
    for gone in ("/etc/headgate", "/var/lib/headgate", "/var/spool/headgate"):
        assert not machine.path(gone).exists()
    places = ("/etc/systemd", "/var/lib/systemd", "/usr/lib/systemd", "/usr/share/man", "/usr/lib/tmpfiles.d")
    assert machine.run("/usr/bin/find", *places, "-name", "*headgate*") == ""


def test_from_a_wheel_setup_does_what_the_package_did(installed: Installed) -> None:
    node, machine = installed.node, installed.machine
    environment.make(machine, "/opt/headgate")
    node.program = "/opt/headgate/bin/headgate"
    said = node.set_up("--executor", "--mail-server", "localhost:25", "--test-mail", f"ben@{DOMAIN}")
    assert re.search(r"^ok +test mail ", said, re.MULTILINE)
    units = ("headgate.service", "headgate-executor.service", "headgate-executor.socket")
    assert machine.run("/usr/bin/systemd-analyze", "verify", "--man=no", *units) == ""
    assert node.unit("headgate.service")["ExecStart"] == f"{node.program} serve"
    assert set(re.findall(r" \((made|changed|as it was)", node.set_up("--executor"))) == {"as it was"}
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
