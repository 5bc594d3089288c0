"""What the bot writes into pull requests: pure functions that return texts.

Foreign text is cleaned here (``cells.py``): give it raw. Only ``result`` takes texts that were made here. Forms that
other programs read are the predecessor's to the letter: ``rows.py``, ``comment.py``, ``dates.py``, ``status.py``.
"""

from headgate.builds.texts import rows
from headgate.builds.texts.answer import (
    NOTHING,
    build_label,
    build_refused,
    deploy_refused,
    failed,
    misspelt,
    moved,
    no_build_permission,
    no_cancel_permission,
    no_command_permission,
    no_deploy_permission,
    preview,
    received,
    refused_job,
    response,
    result,
    submitted_job,
)
from headgate.builds.texts.cells import block, cell, code, description, fence
from headgate.builds.texts.comment import JobComment, JobFacts, job_comment, job_header, read_job_comment
from headgate.builds.texts.dates import date, read_date
from headgate.builds.texts.instance import configuration, usage
from headgate.builds.texts.outcome import details, outcome, reason
from headgate.builds.texts.rows import Row, append, read_rows
from headgate.builds.texts.status import StatusRow, status_row, status_table
from headgate.builds.texts.template import fill

__all__ = [
    "NOTHING",
    "JobComment",
    "JobFacts",
    "Row",
    "StatusRow",
    "append",
    "block",
    "build_label",
    "build_refused",
    "cell",
    "code",
    "configuration",
    "date",
    "deploy_refused",
    "description",
    "details",
    "failed",
    "fence",
    "fill",
    "job_comment",
    "job_header",
    "misspelt",
    "moved",
    "no_build_permission",
    "no_cancel_permission",
    "no_command_permission",
    "no_deploy_permission",
    "outcome",
    "preview",
    "read_date",
    "read_job_comment",
    "read_rows",
    "reason",
    "received",
    "refused_job",
    "response",
    "result",
    "rows",
    "status_row",
    "status_table",
    "submitted_job",
    "usage",
]
