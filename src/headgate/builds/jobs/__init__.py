"""Jobs of builds: their directories, their batch script, what Slurm is asked, and what they leave behind.

Everything in a job's directory is written and read as the build user, by the executor. Read ``directory.py`` first.
"""
