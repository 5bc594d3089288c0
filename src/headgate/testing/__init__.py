"""Real and scripted counterparts for tests, public: for Headgate's own tests and for people who write connectors.

Nothing in Headgate's service imports it. Each part stands for itself: `cluster` is a real Slurm on this machine (and
`chroot` other versions of it), `smtp` and `http` are services that misbehave on request, `web` and `daemons`
are what played services and real ones of a test's own begin with, `conformance` is what every connector must pass.
"""
