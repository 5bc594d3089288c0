"""The only door to Slurm: asks its commands and gives back values.

It does not decide what an answer means for users, keeps no state between calls beyond the cluster's name, and runs
nothing on behalf of users. Read ``client.py`` first: it says what can be asked. ``commands/`` builds the argument
lists and reads the answers (pure), ``process.py`` is the one module of the project that starts Slurm's processes.
"""
