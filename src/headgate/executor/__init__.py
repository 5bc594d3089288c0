"""Acting as a job's owner: run a Slurm command, open a file.

It decides nothing about who may ask: that is the gateway's. ``interface.py`` says what can be done; read it first.
``headgate_executor.py`` is the root helper and ``headgate_verbs.py`` what it does once it is the user: both are copied
to the head node and import nothing of this package. ``client.py`` speaks to the helper, ``self_.py`` runs it without
root for one person. ``ssh.py`` sends it to a login node, with ``headgate_remote.py`` before it, and speaks to that.
"""
