"""A mail server in a process of its own, which forgets mails at once: prints its port, ends with its input."""

from __future__ import annotations

import asyncio
import sys

from aiosmtpd.smtp import Envelope

from headgate.testing.smtp.sink import SmtpSink


class ForgetfulSink(SmtpSink):
    """Takes mails and counts them."""

    taken = 0

    def keep(self, envelope: Envelope) -> None:  # noqa: ARG002 - what it is does not matter
        """Count a mail."""
        self.taken += 1
        self.steps.clear()


async def main() -> None:
    """Serve until standard input ends, then say how many mails there were."""
    async with ForgetfulSink() as sink:
        print(sink.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)
    print(sink.taken)


if __name__ == "__main__":
    asyncio.run(main())
