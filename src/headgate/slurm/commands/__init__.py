"""One module a Slurm command: build its argument list, read its answer. Nothing here starts a process.

Every text in an answer may come from a job, so fields are told apart by a mark that is made up anew for each call
(``marks.py``), and a record that does not fit is cut out alone. Read ``squeue.py`` first.
"""
