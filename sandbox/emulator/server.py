"""The sandbox's one process: ministack and SageMaker behind one port of 127.0.0.1, which ends by itself when idle."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.emulator import settings
from sandbox.emulator.doors import PREFIX, Doors
from sandbox.process import HEALTH_PATH, SandboxError, Server, forget, record

logger = logging.getLogger("sandbox")

# ministack's own endpoints: among them one that wipes everything, open to any page in a browser.
_CLOSED_PATHS = ("/_ministack", "/_localstack", "/_aws")
_GO_CLIENT = b"aws-sdk-go-v2"
_GO_PAUSE_SECONDS = 0.01
_IDLE_CHECKS = 20

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def listen(port: int) -> socket.socket:
    """Bind 127.0.0.1; port 0 takes a free one. Raises OSError if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def serve(folder: Path, port: int, idle_minutes: float, *, stub_steps: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or until nothing has asked for anything for ``idle_minutes``.

    Raises :class:`SandboxError` where steps are to be stubbed and were not before, or the other way round.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    _require_same_steps(folder, stub_steps)
    listener = listen(port)
    port = listener.getsockname()[1]
    settings.configure(folder, port)
    asyncio.run(_serve(folder, listener, port, idle_minutes * 60, stub_steps))


def _require_same_steps(folder: Path, stub_steps: bool) -> None:
    """Results of stubbed steps stay out of a sandbox that people use."""
    marker = folder / "steps-are-stubbed"
    if stub_steps and not (folder / "automation").exists():
        marker.touch()
    if stub_steps is not marker.exists():
        kind = "real" if stub_steps else "stubbed"
        raise SandboxError(f"The sandbox in {folder} was made with {kind} steps. Give this one a folder of its own.")


async def _serve(folder: Path, listener: socket.socket, port: int, idle_seconds: float, stub_steps: bool) -> None:
    from hypercorn.asyncio import serve as hypercorn_serve  # noqa: PLC0415 - ministack reads its settings on import
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app  # noqa: PLC0415

    from sandbox.emulator import access, persistence, sagemaker_adapter  # noqa: PLC0415
    from sandbox.emulator.automation import Automation  # noqa: PLC0415
    from sandbox.emulator.service_host import EmulatorHost  # noqa: PLC0415
    from sandbox.sagemaker.service import SageMakerService  # noqa: PLC0415

    access.install()
    loop = asyncio.get_running_loop()
    saver = persistence.StateSaver()

    def note_change() -> None:
        loop.call_soon_threadsafe(saver.note_change)

    automation = Automation(folder / "automation", note_change)
    host = EmulatorHost(port, automation.clock, automation.courier)
    service = SageMakerService(host, folder / "sagemaker", folder / "work", stub_steps=stub_steps)
    automation.install(host, service)
    sagemaker_adapter.register(service)
    server = Server(folder=folder, pid=os.getpid(), port=port, started_at=time.time())
    gateway = Gateway(app.app, server, saver.note_change, Doors(automation), automation.open)
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
    config.loglevel = "WARNING"
    tasks = [
        asyncio.create_task(saver.run()),
        asyncio.create_task(_stop_when_idle(gateway, automation.underway, idle_seconds, stopped)),
    ]
    record(server)
    try:
        await hypercorn_serve(gateway, config, shutdown_trigger=stopped.wait)  # type: ignore[arg-type]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(service.close)
        await asyncio.to_thread(automation.close)
        persistence.save()
        forget(server)


async def _stop_when_idle(
    gateway: Gateway, underway: Callable[[], list[str]], idle_seconds: float, stopped: asyncio.Event
) -> None:
    while True:
        await asyncio.sleep(idle_seconds / _IDLE_CHECKS)
        if underway():
            gateway.touch()
        if gateway.idle_seconds() > idle_seconds:
            logger.warning("Nothing has asked for anything in %.0f minutes: stopping.", idle_seconds / 60)
            stopped.set()
            return


def _is_go_client(scope: Message) -> bool:
    return any(name == b"user-agent" and _GO_CLIENT in value for name, value in scope["headers"])


def _after_a_pause(send: Send) -> Send:
    """Answer no faster than any network would.

    AWS's SDK for Go closes a request's body when the first bytes of the answer are there. Where its transport is still
    finishing the request, it then closes the connection, and the rest of the answer is lost.
    """

    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(_GO_PAUSE_SECONDS)
        await send(message)

    return forward


class Gateway:
    """The ASGI application in front of ministack: answers for its health, counts requests, keeps doors closed."""

    def __init__(
        self,
        application: Any,
        server: Server,
        note_change: Callable[[], None],
        doors: Doors,
        begin: Callable[[], None],
    ) -> None:
        self._application = application
        self._health = json.dumps(server.as_document()).encode()
        self._note_change = note_change
        self._doors = doors
        self._begin = begin
        self._active = 0
        self._last = time.monotonic()

    def touch(self) -> None:
        self._last = time.monotonic()

    def idle_seconds(self) -> float:
        return 0.0 if self._active else time.monotonic() - self._last

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, self._beginning(send))
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == HEALTH_PATH:
            await _respond(send, 200, self._health)
        elif scope["path"].startswith(PREFIX):
            await self._count(self._answer, scope, receive, send)
        elif scope["path"].startswith(_CLOSED_PATHS):
            await _respond(send, 404, b'{"message": "The sandbox does not offer this."}')
        else:
            patient = _after_a_pause(send) if _is_go_client(scope) else send
            await self._count(self._application, scope, receive, patient)

    def _beginning(self, send: Send) -> Send:
        """Begin what happens by itself when the application has read its state."""

        async def forward(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._begin()
            await send(message)

        return forward

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        status, document = await self._doors.answer(scope, receive)
        await _respond(send, status, json.dumps(document).encode())

    async def _count(self, application: Any, scope: Message, receive: Receive, send: Send) -> None:
        self._active += 1
        try:
            await application(scope, receive, send)
        finally:
            self._active -= 1
            self.touch()
            self._note_change()


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    with suppress(ConnectionError):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
