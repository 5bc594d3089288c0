"""What can be seen of Headgate at work: the trace that joins lines of the log, and spans for those who want them.

It knows nothing of what it is told about, and everybody may use it. ``context.py`` comes first; ``spans.py`` does
nothing unless ``headgate[otel]`` is installed and ``[telemetry]`` is set. Figures for Prometheus are not here: each
lies beside what it counts.
"""
