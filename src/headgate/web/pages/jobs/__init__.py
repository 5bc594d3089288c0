"""Jobs: the list, a job's and an array's page, what can be done to them, their output. ``routes.py`` first."""
