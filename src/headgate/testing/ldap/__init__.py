"""A real LDAP server (Debian's slapd) of a test's own, on a loopback port in a temporary directory.

Read ``server.py`` first. ``private.py`` runs daemons in a directory of their own; the RabbitMQ broker uses it, too.
"""
