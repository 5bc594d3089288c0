"""Headgate joins a Slurm cluster to the people and services around it.

Start reading at ``service/wiring.py``, which turns a configuration into running parts, or at
``notify/pipeline.py``, which shows the way of one message in one function.
"""

__version__ = "0.1.0.dev0"
