"""The job gateway: applications submit, watch, stop and fetch jobs as the jobs' owners.

The domain behind the REST API: apps and who may do what, submissions and what becomes of them, files, templates,
tasks. It knows nothing of HTTP (``headgate.web.api`` does), runs no commands (``headgate.executor`` and
``headgate.slurm`` do), and decides who may ask before anything is done as a user. Read ``submissions.py`` first.
"""
