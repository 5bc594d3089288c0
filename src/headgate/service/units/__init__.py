"""Files for systemd: the service's unit, and what makes its account and directories. No code.

``headgate.service`` is the one to read.
"""
