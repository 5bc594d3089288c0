"""A Postfix of a test's own: Debian's package on a private loopback port, in a temporary directory.

It takes mail for one domain into maildirs, offers STARTTLS if it has a certificate, and sends nothing anywhere: mail
for other domains is refused. Postfix only runs as root. It is started in about a second.
"""

from __future__ import annotations

import mailbox
import os
import pwd
import subprocess
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.daemons import PrivateDaemons, PrivateServer, free_port
from headgate.testing.smtp.certificate import Certificate

PROGRAM = Path("/usr/sbin/postfix")
_MASTER = Path("/usr/lib/postfix/sbin/master")
DOMAIN = "example.org"
_ACCOUNT, _READER = "postfix", "nobody"
_START = 30.0
_MAIN = """\
compatibility_level = 3.6
config_directory = {directory}/etc
queue_directory = {directory}/queue
data_directory = {directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {directory}/log/mail.log
maillog_file_prefixes = {directory}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.{domain}
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
local_transport = error:nobody is local
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
smtpd_relay_restrictions = reject_unauth_destination
smtpd_banner = $myhostname ESMTP
smtputf8_enable = yes
message_size_limit = {size}
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {directory}/mail
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
{tls}"""
_TLS = """\
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
"""
_SERVICES = (
    ("cleanup", "unix", "n", "cleanup"),
    ("qmgr", "unix", "n", "qmgr"),
    ("rewrite", "unix", "-", "trivial-rewrite"),
    ("bounce", "unix", "-", "bounce"),
    ("defer", "unix", "-", "bounce"),
    ("trace", "unix", "-", "bounce"),
    ("error", "unix", "-", "error"),
    ("retry", "unix", "-", "error"),
    ("virtual", "unix", "-", "virtual"),
    ("anvil", "unix", "-", "anvil"),
    ("tlsmgr", "unix", "-", "tlsmgr"),
    ("postlog", "unix-dgram", "n", "postlogd"),
)
"""Name, type, whether it is private, program: the services that this little needs."""


class PrivatePostfix(PrivateServer):
    """A running Postfix; use it as a context manager.

    ``users``: whose mailboxes there are, as names before the ``@``. ``certificate``: offers STARTTLS. ``size``: octets
    of the largest mail it takes. Raises ClusterError, with the end of its log, when it cannot be started.
    """

    name = "postfix"
    account = "root"

    def __init__(self, users: Sequence[str], *, certificate: Certificate | None = None, size: int = 10_000_000) -> None:
        super().__init__()
        self.port = free_port()
        self._users = tuple(users)
        self._certificate = certificate
        self._size = size

    def maildir(self, user: str) -> Path:
        """Return where a user's mails are; it is made with the first one."""
        return self._directory / "mail" / user

    def mails(self, user: str) -> list[EmailMessage]:
        """Return a user's mails, in the order of their Message-IDs."""
        if not all((self.maildir(user) / part).is_dir() for part in ("cur", "new", "tmp")):
            return []
        box = mailbox.Maildir(self.maildir(user), create=False)
        mails = [BytesParser(EmailMessage, policy=modern).parsebytes(box.get_bytes(key)) for key in box.keys()]  # noqa: SIM118
        return sorted(mails, key=lambda mail: str(mail["Message-ID"]))

    def wait_for(self, user: str, count: int, seconds: float = 20.0) -> list[EmailMessage]:
        """Return a user's mails once there are so many. Raises ClusterError, with the log's end, if there are not."""
        deadline = time.monotonic() + seconds
        while len(mails := self.mails(user)) < count:
            if time.monotonic() > deadline:
                raise ClusterError(f"{len(mails)} of {count} mails came: {self.log()[-1000:]}")
            time.sleep(0.05)
        return mails

    def log(self) -> str:
        """Return what it has logged."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self._directory / "log" / "mail.log"

    @property
    def _directory(self) -> Path:
        return self._running().directory

    def prepare(self, daemons: PrivateDaemons) -> None:
        """Write its configuration, and make its directories."""
        if not PROGRAM.exists():
            raise ClusterError(f"no {PROGRAM}: install Debian's package postfix")
        if os.geteuid() != 0:
            raise ClusterError("Postfix only runs as root")
        directory = daemons.directory
        directory.chmod(0o755)
        reader, owner = pwd.getpwnam(_READER), pwd.getpwnam(_ACCOUNT)
        for name, who in (("etc", None), ("queue", None), ("log", None), ("data", owner), ("mail", reader)):
            (directory / name).mkdir()
            if who is not None:
                os.chown(directory / name, who.pw_uid, who.pw_gid)
        main = _MAIN.format(
            directory=directory,
            domain=DOMAIN,
            size=self._size,
            boxes=", ".join(f"{{{user}@{DOMAIN} = {user}/}}" for user in self._users),
            uid=reader.pw_uid,
            gid=reader.pw_gid,
            tls=self._tls(daemons),
        )
        (directory / "etc" / "main.cf").write_text(main)
        services = [(f"127.0.0.1:{self.port}", "inet", "n", "smtpd"), *_SERVICES]
        lines = [_service(*service) for service in services]
        (directory / "etc" / "master.cf").write_text("\n".join(lines) + "\n")

    def _tls(self, daemons: PrivateDaemons) -> str:
        if self._certificate is None:
            return ""
        certificate, key = daemons.copied(self._certificate.certificate, self._certificate.key)
        return _TLS.format(certificate=certificate, key=key)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        daemons = self._running()
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        said = daemons.directory / "log" / "start.log"
        configuration = daemons.directory / "etc"
        # makes the directories of the queue; the program that then stays is the master itself, which we can end
        subprocess.run([PROGRAM, "-c", configuration, "check"], env=environment, capture_output=True, check=False)
        master = daemons.start([_MASTER, "-c", configuration, "-s"], environment, said)
        daemons.wait_for(master, [self.port], _START, said, self._log)


def _service(name: str, kind: str, private: str, program: str) -> str:
    """Return a line of ``master.cf`` (master(5)): no chroot; the queue manager and the TLS manager wake up."""
    wakeup = {"qmgr": "300", "tlsmgr": "1000?"}.get(program, "-")
    most = {"cleanup": "0", "qmgr": "1", "bounce": "0", "anvil": "1", "tlsmgr": "1", "postlogd": "1"}.get(program, "-")
    unprivileged = "n" if program == "virtual" else "-"
    return f"{name} {kind} {private} {unprivileged} n {wakeup} {most} {program}"
