"""A small portal: a page that runs a command on the cluster, and shows its output while it runs."""

import shlex
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from headgate.client import AsyncClient

app = FastAPI()
PAGE = """<!doctype html><title>Portal</title><h1>Run something</h1>
<form method="post"><input name="command" size="60" value="/bin/hostname"><button>Run</button></form>"""
JOB = """<!doctype html><title>Job</title><h1>Job <span id="state">submitted</span></h1><pre id="out"></pre><script>
const id = "JOB", state = document.getElementById("state"), out = document.getElementById("out");
new EventSource(`/${id}/events`).onmessage = (event) => state.textContent = event.data;
const reader = (await fetch(`/${id}/output`)).body.pipeThrough(new TextDecoderStream()).getReader();
for (let part; !(part = await reader.read()).done; ) out.textContent += part.value;
</script>""".replace("<script>", '<script type="module">')


@app.get("/", response_class=HTMLResponse)
async def form() -> str:
    return PAGE


@app.post("/")
async def submit(command: Annotated[str, Form()]) -> RedirectResponse:
    program, *arguments = shlex.split(command)
    async with AsyncClient() as gateway:
        job = await gateway.submit(command=program, args=arguments, time="10")
    return RedirectResponse(f"/{job.id}", 303)


@app.get("/{job}", response_class=HTMLResponse)
async def show(job: str) -> str:
    async with AsyncClient() as gateway:
        return JOB.replace("JOB", (await gateway.get(job)).id)


@app.get("/{job}/events")
async def events(job: str) -> StreamingResponse:
    async def stream() -> AsyncIterator[str]:
        async with AsyncClient() as gateway:
            async for event in gateway.events(job):
                state = (await gateway.get(job)).state if event.kind == "job.ended" else event.kind.removeprefix("job.")
                yield f"data: {state}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.get("/{job}/output")
async def output(job: str) -> StreamingResponse:
    async def stream() -> AsyncIterator[bytes]:
        async with AsyncClient() as gateway:
            async for piece in gateway.output(job, follow=True):
                yield piece

    return StreamingResponse(stream(), media_type="text/plain")
