"""The routes of the studio, and the socket on 127.0.0.1 that they are served from."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from talkgraph.cli import failure
from talkgraph.cli.options import DEVICES
from talkgraph.errors import InputError, TalkgraphError
from talkgraph.studio import forms
from talkgraph.studio.files import Files, TooLarge, in_words
from talkgraph.studio.guard import REPORT_POLICY, Guard
from talkgraph.studio.jobs import Jobs, QueueFull
from talkgraph.studio.recipe import Problems, Recipe, build, inputs_of, readers

HOST = "127.0.0.1"
_LARGEST_JSON = 1 << 20  # bytes, graph files included
_PAGE = {
    "/": ("talkgraph.studio", "page/index.html", "text/html"),
    "/colours.css": ("talkgraph.report", "colours.css", "text/css"),
    "/icon.svg": ("talkgraph.report", "icon.svg", "image/svg+xml"),
    "/studio.css": ("talkgraph.studio", "page/studio.css", "text/css"),
    **{
        f"/{name}.js": ("talkgraph.studio", f"page/{name}.js", "text/javascript")
        for name in ("studio", "server", "fields", "drop", "stages")
    },
}


class Studio:
    """What the routes do. Each takes and gives JSON unless it says otherwise.

    Args:
        files: uploads and outputs.
        jobs: the queue.
        store: as for `Graph.plan`.
    """

    def __init__(self, files: Files, jobs: Jobs, store: str | None) -> None:
        self.files = files
        self.jobs = jobs
        self.store = store

    def app(self) -> Starlette:
        """The application, unguarded."""
        page = [Route(path, _page_file(*file), methods=["GET"]) for path, file in _PAGE.items()]
        routes = [
            *page,
            Route("/graphs", self.graphs, methods=["GET"]),
            Route("/form", self.form, methods=["POST"]),
            Route("/plan", self.plan, methods=["POST"]),
            Route("/uploads", self.upload, methods=["POST"]),
            Route("/check", self.check, methods=["POST"]),
            Route("/jobs", self.all_jobs, methods=["GET"]),
            Route("/jobs", self.submit, methods=["POST"]),
            Route("/jobs/{id}", self.job, methods=["GET"]),
            Route("/jobs/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/outputs/{id}", self.output, methods=["GET"]),
        ]
        handlers: Any = {
            Problems: _problems,
            TooLarge: _refuse(413),
            QueueFull: _refuse(429),
            TalkgraphError: _refuse(400),
            OSError: _broken,
            Exception: _broken,
            HTTPException: _no_route,
        }
        return Starlette(routes=routes, exception_handlers=handlers)

    async def graphs(self, request: Request) -> Response:
        """Names of graphs and devices, and the largest upload in bytes."""
        known = await run_in_threadpool(forms.known_graphs)
        return JSONResponse(
            {"graphs": known, "devices": list(DEVICES), "largest": self.files.largest}
        )

    async def form(self, request: Request) -> Response:
        """The form of a recipe's graph, or what is wrong with it by place."""
        recipe = Recipe.read(await _json(request))
        return await _or_problems(forms.describe, recipe)

    async def plan(self, request: Request) -> Response:
        """What a run of a recipe would do, and why; or what is wrong or missing by place."""
        recipe = Recipe.read(await _json(request))
        return await _or_problems(self._plan, recipe)

    def _plan(self, recipe: Recipe) -> dict[str, Any]:
        paths = self.files.paths()
        graph = build(recipe, paths)
        inputs = inputs_of(recipe, graph, paths)
        force = [step for step in recipe.force if step in graph.steps]
        plan = graph.plan(inputs, store=self.store, force=force)
        labels = self.files.labels()
        return {
            "stages": [
                {"name": one.name, "node": one.node_id, "state": one.state,
                 "reason": in_words(one.reason, labels)}
                for one in plan
            ]
        }  # fmt: skip

    async def upload(self, request: Request) -> Response:
        """Take a file as the body; its id. The header X-Label says what its owner calls it."""
        if request.headers.get("content-type") != "application/octet-stream":
            raise HTTPException(415, "an upload is application/octet-stream")
        told = request.headers.get("content-length", "")
        if told.isdecimal():
            self.files.check_size(int(told))
        label = unquote(request.headers.get("x-label", ""))
        upload = await self.files.receive(request.stream(), label)
        return JSONResponse({"id": upload.id, "label": upload.label, "size": upload.size})

    async def check(self, request: Request) -> Response:
        """Have an upload decoded by the readers of the input that it was given for."""
        document = await _json(request)
        if not isinstance(document, dict) or not isinstance(document.get("input"), str):
            raise InputError("this is no check of an input")
        name, device = document["input"], _device(document)
        recipe = Recipe.read(document.get("recipe"))
        error = await run_in_threadpool(self._check, recipe, name, device)
        return JSONResponse({"error": error})

    def _check(self, recipe: Recipe, name: str, device: str) -> str | None:
        graph = build(recipe, self.files.paths())
        until = readers(graph, name)
        return self.jobs.check(recipe, until, device) if until else None

    async def all_jobs(self, request: Request) -> Response:
        """Every job that is remembered."""
        return JSONResponse([job.shown() for job in self.jobs.all()])

    async def submit(self, request: Request) -> Response:
        """Queue a run of a recipe that is complete and right."""
        document = await _json(request)
        if not isinstance(document, dict):
            raise InputError("this is no run")
        recipe, device = Recipe.read(document.get("recipe")), _device(document)
        await run_in_threadpool(self._validate, recipe)
        return JSONResponse(self.jobs.submit(recipe, device).shown(), status_code=201)

    def _validate(self, recipe: Recipe) -> None:
        paths = self.files.paths()
        inputs_of(recipe, build(recipe, paths), paths)

    async def job(self, request: Request) -> Response:
        """What is known of a job."""
        return JSONResponse(self._job(request).shown())

    async def cancel(self, request: Request) -> Response:
        """Stop a job."""
        job = self._job(request)
        self.jobs.cancel(job)
        return JSONResponse(job.shown())

    def _job(self, request: Request) -> Any:
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            raise HTTPException(404, "there is no such run")
        return job

    async def output(self, request: Request) -> Response:
        """A registered output as a file; with ``?download`` to be saved."""
        output = self.files.output(request.path_params["id"])
        if output is None:
            raise HTTPException(404, "there is no such output")
        headers = {}
        if output.media_type == "text/html":
            headers["content-security-policy"] = REPORT_POLICY
        return FileResponse(
            output.path,
            media_type=output.media_type,
            headers=headers,
            filename=output.name,
            content_disposition_type="attachment" if "download" in request.query_params
            else "inline",
        )  # fmt: skip


def _page_file(
    package: str, name: str, media_type: str
) -> Callable[[Request], Awaitable[Response]]:
    content = package_files(package).joinpath(name).read_bytes()

    async def page_file(request: Request) -> Response:
        return Response(content, media_type=media_type)

    return page_file


async def _or_problems(action: Callable[[Recipe], dict[str, Any]], recipe: Recipe) -> Response:
    """Problems are an answer like any other while somebody fills in a form."""
    try:
        return JSONResponse(await run_in_threadpool(action, recipe))
    except Problems as error:
        return JSONResponse({"problems": error.lines})
    except TalkgraphError as error:
        return JSONResponse({"problems": {"": failure.explain(error)[0]}})


async def _json(request: Request) -> Any:
    """The body as JSON, of a bounded size."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "this takes application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_JSON:
            raise TooLarge("the request is larger than 1 MiB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("the request is no JSON") from None


def _device(document: dict[str, Any]) -> str:
    device = document.get("device", "auto")
    if device not in DEVICES:
        raise InputError(f"there is no device {device!r}; there are {', '.join(DEVICES)}")
    return str(device)


async def _problems(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problems)
    return JSONResponse({"error": str(error), "problems": error.lines}, status_code=422)


def _refuse(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refuse(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": failure.explain(error)[0]}, status_code=status)

    return refuse


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, status_code=error.status_code)


async def _broken(request: Request, error: Exception) -> Response:
    """Anything else: one line for the page (Starlette passes the error on to the terminal)."""
    status = 507 if isinstance(error, OSError) else 500
    return JSONResponse({"error": failure.explain(error)[0]}, status_code=status)


def serve(
    port: int,
    store: str | None,
    ready: Callable[[str, Path], None],
    *,
    files: Files | None = None,
) -> None:
    """Serve the studio until Ctrl-C or SIGTERM; then nothing of it is left running or on disk.

    Args:
        port: 0 for any free one.
        store: folder or address of the store; None for the default.
        ready: called once it answers, with the address to open and the private folder.
        files: the private folder, if its limits are to be other ones.

    Raises:
        InputError: the port is taken.
    """
    import uvicorn

    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        raise InputError(
            f"port {port} cannot be used ({error.strerror}); choose another with --port, or none"
        ) from None
    files = files or Files()
    jobs = Jobs(files, store)
    try:
        guard = Guard(Studio(files, jobs, store).app(), listener.getsockname()[1])
        config = uvicorn.Config(
            guard,
            ws="none",
            lifespan="off",
            access_log=False,  # it would hold the token
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        ready(guard.address, files.folder)
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()
        jobs.close()
        files.close()
