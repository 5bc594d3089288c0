"""The tables, as the newest migration leaves them. A test holds that migrations and this module agree.

Times are seconds since the epoch (double precision). Structured values are JSON in text columns: they are written and
read whole, never searched inside.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

OPEN = "state IN ('waiting', 'ready', 'sending')"
_NO_JOB = "job_id IS NULL"
_LOOKUP = "state = 'waiting' AND lookup IS NOT NULL"

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("time", Double, nullable=False),
    Column("recorded_at", Double, nullable=False),
    Column("subject", Text, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("job_id", BigInteger),
    Column("array_id", BigInteger),
    Column("user", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index("ix_events_job_id", "job_id"),
    Index("ix_events_array_id", "array_id"),
    Index("ix_events_kind_id", "kind", "id"),
    Index("ix_events_user_id", "user", "id"),
    Index("ix_events_recorded_at", "recorded_at"),
    Index("ix_events_subject_id", "subject", "id", sqlite_where=text(_NO_JOB), postgresql_where=text(_NO_JOB)),
    sqlite_autoincrement=True,
)
"""The journal: append-only; a fact once, by key."""

witnesses = Table(
    "witnesses",
    metadata,
    Column("event_id", Id, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("seen_at", Double, nullable=False),
)
"""Who saw an event, and when each told."""

jobs = Table(
    "jobs",
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("job_id", BigInteger, primary_key=True),
    Column("submitted", BigInteger, primary_key=True),
    Column("open", Boolean, nullable=False),
    Column("array_id", BigInteger),
    Column("data", Text, nullable=False),
    Column("mail_types", Text),
    Column("mail_user", Text),
    Column("seen_at", Double, nullable=False),
    Column("user", Text, nullable=False, server_default=""),
    Column("account", Text, nullable=False, server_default=""),
    Column("partition", Text, nullable=False, server_default=""),
    Column("name", Text, nullable=False, server_default=""),
    Column("label", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default=""),
    Index("ix_jobs_open", "cluster", sqlite_where=text("open"), postgresql_where=text("open")),
    Index("ix_jobs_array_id", "cluster", "array_id"),
    Index("ix_jobs_seen_at", "seen_at"),
    Index("ix_jobs_submitted", "submitted", "job_id"),
    Index("ix_jobs_user_submitted", "user", "submitted", "job_id"),
    Index("ix_jobs_state_submitted", "state", "submitted", "job_id"),
)
"""What the watcher knows of each attempt of each job; ``open`` while it is not over.

``user`` to ``state`` say what ``data`` says, to find jobs by; ``state`` in Slurm's word.
"""

nodes = Table(
    "nodes",
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("data", Text, nullable=False),
    Column("seen_at", Double, nullable=False),
)
"""What the node watcher knows of each node; ``seen_at``: when that last changed."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Column("lease_owner", Text),
    Column("lease_until", Double),
    Column("folded_into", Text),
    Column("message", Text),
    Column("priority", Integer, nullable=False, server_default="1"),
    Column("fold", Boolean, nullable=False, server_default=false()),
    Column("person", Text, nullable=False, server_default=""),
    Column("lookup", Text),
    Column("subscription", Text),
    Index(
        "ix_deliveries_due",
        "connector",
        "priority",
        "not_before",
        "id",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_deliveries_target",
        "connector",
        "target",
        sqlite_where=text("state = 'ready'"),
        postgresql_where=text("state = 'ready'"),
    ),
    Index(
        "ix_deliveries_waiting",
        "not_before",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_deliveries_leased",
        "lease_until",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
    Index("ix_deliveries_lookup", "not_before", sqlite_where=text(_LOOKUP), postgresql_where=text(_LOOKUP)),
    Index("ix_deliveries_lane", "lane", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    Index("ix_deliveries_event_id", "event_id"),
    Index("ix_deliveries_state", "state", "id"),
    Index("ix_deliveries_finished_at", "finished_at"),
    sqlite_autoincrement=True,
)
"""The queue: one message to one recipient, from the moment it is owed until for ever.

Lower ``priority`` goes first. ``fold``: goes out in a digest with all else of its target that is due. ``person``: whose
preferences count. ``lookup``: the name whose target is still to be looked up. ``subscription``: the filter, if no mail
but a subscription asked for it.
"""

failures = Table(
    "failures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("time", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_failures_delivery_id", "delivery_id"),
)
"""Every attempt of a delivery that did not succeed."""

buckets = Table(
    "buckets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("tokens", Double, nullable=False),
    Column("filled_at", Double, nullable=False),
)
"""Token buckets: what connectors and recipients may still be sent now."""

cursors = Table(
    "cursors",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""How far each source has read."""

links = Table(
    "links",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("linked_at", Double, nullable=False),
    Index("ix_links_user_connector", "user", "connector"),
    Index("ix_links_target", "target"),
)
"""Which chat identity belongs to which Unix account."""

link_codes = Table(
    "link_codes",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("ix_link_codes_user_connector", "user", "connector"),
)
"""Codes that were given out and not used yet, as hashes."""

guesses = Table(
    "guesses",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", Double, nullable=False),
)
"""How many wrong codes each chat identity has said lately."""

preferences = Table(
    "preferences",
    metadata,
    Column("user", Text, primary_key=True),
    Column("data", Text, nullable=False),
)
"""What each person prefers."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("ix_subscriptions_user", "user"),
    sqlite_autoincrement=True,
)
"""Who wants to be told of their jobs whatever ``--mail-type`` says."""

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("time", Double, nullable=False),
    Column("user", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_time", "time"),
    Index("ix_audit_user_id", "user", "id"),
    sqlite_autoincrement=True,
)
"""Who had something done, by which way, and what became of it."""

memories = Table(
    "memories",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Where each bot stands in its service's stream."""

apps = Table(
    "apps",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("rules", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
)
"""Client programs. ``rules``: whom each may act for, where, and how much (JSON)."""

app_tokens = Table(
    "app_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("app_id", Text, ForeignKey("apps.id", ondelete="CASCADE")),
    Column("name", Text, nullable=False),
    Column("user", Text),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("used_at", Double),
    Index("ix_app_tokens_app_id", "app_id"),
)
"""Tokens of apps, as hashes; without an app, of administrators. ``user``: the only one it may act for, if any."""

_SUBMITTING = "phase = 'submitting'"
_ENDED = "phase = 'ended' AND figures IS NULL AND job_id IS NOT NULL"

submissions = Table(
    "submissions",
    metadata,
    Column("number", Id, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("app_id", Text, ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("user", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("run", Integer, nullable=False, server_default="0"),
    Column("job_id", BigInteger),
    Column("state", Text),
    Column("problem", Text),
    Column("outcome", Text),
    Column("figures", Text),
    Column("repeat_key", Text),
    Column("repeat_hash", Text),
    Column("task_uuid", Text),
    Column("created_at", Double, nullable=False),
    Column("requested_at", Double),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("deleted_at", Double),
    Index("ix_submissions_owner", "app_id", "user", "number"),
    Index("ix_submissions_state", "app_id", "user", "state", "number"),
    Index("ix_submissions_phase", "app_id", "user", "phase", "number"),
    Index("ix_submissions_repeat_key", "app_id", "user", "repeat_key", unique=True),
    Index("ix_submissions_task_uuid", "app_id", "task_uuid", unique=True),
    Index("ix_submissions_job_id", "cluster", "job_id"),
    Index("ix_submissions_submitting", "number", sqlite_where=text(_SUBMITTING), postgresql_where=text(_SUBMITTING)),
    Index("ix_submissions_bare", "number", sqlite_where=text(_ENDED), postgresql_where=text(_ENDED)),
    Index("ix_submissions_deleted_at", "deleted_at"),
    sqlite_autoincrement=True,
)
"""Jobs that apps created: the directory, what was asked for, and the Slurm job of the last time it was started.

``run`` counts how often it was started. ``figures``: what accounting said in the end; ``{}`` if it never will.
"""

app_events = Table(
    "app_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("app_id", Text, ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("user", Text, nullable=False),
    Column("submission_id", Text, nullable=False),
    Column("event_id", Id, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Index("ix_app_events_app_id_id", "app_id", "id"),
    Index("ix_app_events_submission_id_id", "submission_id", "id"),
    Index("ix_app_events_event_id", "event_id", "submission_id", unique=True),
    sqlite_autoincrement=True,
)
"""Which events of the journal are about which app's jobs, in the order in which apps are told."""

hooks = Table(
    "hooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("app_id", Text, ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("user", Text),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("ix_hooks_app_id", "app_id"),
)
"""Webhooks that apps registered. ``kinds``: the events each is told of (JSON); ``user``: whose, None: everybody's."""

_OPEN_EXECUTION = "state IN ('holding', 'approval', 'waiting', 'running', 'asking')"
_DUE_EXECUTION = "state IN ('holding', 'approval', 'waiting')"

executions = Table(
    "executions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("rule", Text, nullable=False),
    Column("event_id", Id, ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("per", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("not_before", Double, nullable=False),
    Column("step", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("approved_by", Text),
    Column("cause", Id),
    Column("depth", Integer, nullable=False, server_default="0"),
    Column("plan", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("results", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Index("ix_executions_rule_id", "rule", "id"),
    Index("ix_executions_subject_id", "subject", "id"),
    Index("ix_executions_event_id", "event_id"),
    Index("ix_executions_finished_at", "finished_at"),
    Index("ix_executions_due", "not_before", sqlite_where=text(_DUE_EXECUTION), postgresql_where=text(_DUE_EXECUTION)),
    Index(
        "ix_executions_open",
        "rule",
        "state",
        sqlite_where=text(_OPEN_EXECUTION),
        postgresql_where=text(_OPEN_EXECUTION),
    ),
    sqlite_autoincrement=True,
)
"""Runs of rules.

``per``: what the rule counts apart, the subject or a value of the event. ``plan``: what the rule's steps were when it
began; ``results``: step -> what came of it (both JSON). ``cause``: the execution that brought about the event, as far
as can be seen; ``depth``: how often the same rule stands in that chain.
"""

execution_steps = Table(
    "execution_steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("execution_id", Id, ForeignKey("executions.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("touches", Text, nullable=False, server_default=""),
    Column("result", Text),
    Column("error", Text, nullable=False, server_default=""),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Index("ix_execution_steps_execution_id_id", "execution_id", "id"),
    Index("ix_execution_steps_started_at", "started_at"),
    sqlite_autoincrement=True,
)
"""Every try of every step: written before it begins, so that after a crash it is known what may have been done.

``touches``: the nodes and jobs it is about, between commas.
"""

rules = Table(
    "rules",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("enabled", Boolean),
    Column("stopped", Text, nullable=False, server_default=""),
    Column("changed_at", Double, nullable=False),
    Column("changed_by", Text, nullable=False),
)
"""What was decided about rules beside their files. ``enabled``: None leaves it to the file; ``stopped``: why Headgate
itself stopped it."""

_OPEN_REQUEST = "state = 'open'"
_OPEN_BUILD_JOB = "phase NOT IN ('done', 'refused')"
_UNWRITTEN = "NOT written"

build_requests = Table(
    "build_requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("event_id", Id),
    Column("kind", Text, nullable=False),
    Column("forge", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("sender", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("comment_id", BigInteger),
    Column("answer_id", BigInteger),
    Column("data", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("problem", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("finished_at", Double),
    Index(
        "ix_build_requests_due", "not_before", sqlite_where=text(_OPEN_REQUEST), postgresql_where=text(_OPEN_REQUEST)
    ),
    Index("ix_build_requests_created_at", "created_at"),
    sqlite_autoincrement=True,
)
"""Events of pull requests that something has to be done about. ``progress``: what was done already (JSON)."""

build_runs = Table(
    "build_runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("request_id", Id, ForeignKey("build_requests.id", ondelete="CASCADE"), nullable=False),
    Column("forge", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Column("requester", Text, nullable=False),
    Column("base_branch", Text, nullable=False),
    Column("base_commit", Text, nullable=False),
    Column("head_commit", Text, nullable=False),
    Column("built_commit", Text, nullable=False, server_default=""),
    Column("path", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("data", Text, nullable=False),
    Index("ix_build_runs_request_id", "request_id"),
    sqlite_autoincrement=True,
)
"""Build commands: each is a set of jobs of one commit, which was pinned when the command was read."""

build_jobs = Table(
    "build_jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("build_runs.id", ondelete="CASCADE"), nullable=False),
    Column("forge", Text, nullable=False),
    Column("repository", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("requester", Text, nullable=False),
    Column("commit", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("repo_id", Text, nullable=False),
    Column("on_architecture", Text, nullable=False),
    Column("on_accelerator", Text, nullable=False),
    Column("for_architecture", Text, nullable=False),
    Column("for_accelerator", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
    Column("job_id", BigInteger),
    Column("requested_at", Double),
    Column("comment_id", BigInteger),
    Column("comment_url", Text, nullable=False, server_default=""),
    Column("comment_asked", Double),
    Column("told_not_before", Double, nullable=False, server_default="0"),
    Column("tellings", Integer, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("cancelled_by", Text, nullable=False, server_default=""),
    Column("pending_told", Text, nullable=False, server_default=""),
    Column("shown_state", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("finished_at", Double),
    UniqueConstraint("root", "path", name="uq_build_jobs_root_path"),
    Index("ix_build_jobs_run_id", "run_id"),
    Index("ix_build_jobs_job_id_cluster", "job_id", "cluster"),
    Index("ix_build_jobs_repository_number", "repository", "number"),
    Index("ix_build_jobs_finished_at", "finished_at"),
    Index(
        "ix_build_jobs_open",
        "not_before",
        sqlite_where=text(_OPEN_BUILD_JOB),
        postgresql_where=text(_OPEN_BUILD_JOB),
    ),
    sqlite_autoincrement=True,
)
"""Jobs of builds. A directory belongs to one of them: by it a job is found again whose number was lost."""

build_rows = Table(
    "build_rows",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job", Id, ForeignKey("build_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("written", Boolean, nullable=False),
    UniqueConstraint("job", "key", name="uq_build_rows_job_key"),
    Index("ix_build_rows_unwritten", "job", sqlite_where=text(_UNWRITTEN), postgresql_where=text(_UNWRITTEN)),
    sqlite_autoincrement=True,
)
"""Rows of jobs' status tables: the outbox of comments. ``key`` makes the same news one row."""

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("said", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("used_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("ix_sessions_user", "user"),
    Index("ix_sessions_expires_at", "expires_at"),
)
"""Who is signed in to the pages; ``hash``: of what the cookie holds.

``groups``: what the OpenID Connect provider named (JSON). ``way``: how they signed in. ``said``: what the next page
tells them (JSON).
"""

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("ix_sign_ins_expires_at", "expires_at"),
)
"""Sign-ins under way, each good once: a link that was given out, or somebody who is at the provider (JSON)."""
