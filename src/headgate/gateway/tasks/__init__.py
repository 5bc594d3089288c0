"""slurm-proxy's tasks: one JSON object a job, with directories, a command, and who is told of its end.

Deciding what a task means is pure (``task.py``, ``meaning.py``, ``notification.py``); ``submitting.py`` does it.
"""
