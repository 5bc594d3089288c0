"""The running service: ``serve.py`` is its life from start to stop, ``wiring.py`` the only place that makes parts.

Read ``wiring.py`` first to see what there is, then ``supervisor.py`` to see how it is kept running and stopped.
"""
