"""Tasks, done: directories made as the user, one job, and a record of who is told."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from headgate.config.gateway import TaskType
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import BadRequestError, ConflictError
from headgate.gateway.request import JobRequest
from headgate.gateway.tasks import meaning
from headgate.gateway.tasks.notification import recipients
from headgate.gateway.tasks.task import MonitoredTask, Task, TaskNotification
from headgate.gateway.ways import Way, refusal
from headgate.model.event import JSON
from headgate.model.submission import Submission
from headgate.store import submissions


async def submit_task(gateway: Gateway, owner: Owner, task: Task) -> Submission:
    """Submit a task. Everything that can be judged is judged before anything is done. Raises GatewayError."""
    kind = meaning.kind_of(task, gateway.settings.tasks)
    told = _told(gateway, task.notification, kind)
    request = _request(task, kind)
    if await gateway.store.read(lambda c: submissions.of_task(c, owner.app.id, task.uuid)) is not None:
        raise ConflictError(f"there is a task {task.uuid} already")
    await _make_directories(gateway, owner, task)
    more: Mapping[str, JSON] = {
        "task": task.model_dump(mode="json"),
        "notify": list[JSON](told),
        **meaning.files_of(task),
    }
    made, _ = await gateway.submissions.create(owner, request, start=True, more=more, task_uuid=task.uuid)
    return made


def _told(gateway: Gateway, notification: TaskNotification | None, kind: TaskType) -> list[str]:
    """Return who is told of a task's end. Raises BadRequestError for somebody its connector will never reach."""
    return [gateway.check_recipient(one) for one in recipients(notification, kind, gateway.kinds)]


def _request(task: Task, kind: TaskType) -> JobRequest:
    try:
        return JobRequest.model_validate(
            {
                "script": meaning.script_of(task, kind),
                "environment": meaning.variables_of(task),
                **meaning.options_of(task),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadRequestError(f"task: {where}: {first['msg']}") from error


async def _make_directories(gateway: Gateway, owner: Owner, task: Task) -> None:
    way: Way = next(iter(gateway.ways.values()))
    try:
        for path in meaning.directories_of(task):
            place = await way.place(owner.user, path)
            await way.files.make_directory(owner.user, place, parents=True)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error


async def monitored(gateway: Gateway, owner: Owner, task: MonitoredTask, job_id: int) -> Submission:
    """Watch a job of this user that was submitted elsewhere. Raises NotFoundError for somebody else's."""
    told = _told(gateway, task.notification, TaskType())
    return await gateway.submissions.adopt(owner, task.uuid, job_id, task.model_dump(mode="json"), told)
