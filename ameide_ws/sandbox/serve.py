"""The server: uvicorn on a listening socket, in a daemon thread, with one world at a time."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .answers import reply
from .doors import can_hold_an_editor, find_program, listen
from .editor import Proxy
from .gate import Gate, headers_of
from .routes import application
from .world import Place, World

T = TypeVar("T")
STARTING = 10
# An editor's socket is given half a second to close (editor.py).
GOODBYE = 1.0


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket with what ASGI cannot say: a message in two frames, and a connection that just breaks."""

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.drop":
            self.transport.abort()
            return
        if message["type"] != "websocket.send" or not message.get("split"):
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.conn.send_text(message["text"].encode(), fin=False)
        self.conn.send_continuation(b"", fin=True)
        self.transport.write(b"".join(self.conn.data_to_send()))


class Sandbox:
    """A local Coder in a thread of this process.

    `path` is the PATH its workspaces' processes get, `folder` is where workspaces live. `editor` is a code-server
    program; None is the plain page, and "" takes the code-server on `path`, if there is one. `pace` multiplies the
    seconds between a story's beats: 1.0 by hand, 0.0 in tests. `listening` is a bound socket to serve on; `control` is
    the address, header and key under which its owner may ask who this is, and what to do when it is asked to end.
    """

    def __init__(
        self,
        *,
        path: str,
        folder: Path,
        editor: str | None = None,
        pace: float = 0.0,
        story: str = "good-morning",
        listening: socket.socket | None = None,
        control: tuple[str, str, str, Callable[[], None]] | None = None,
    ) -> None:
        self._path, self._folder, self._pace = path, folder, pace
        self._editor = find_program("code-server", path) if editor == "" else editor
        if not can_hold_an_editor():
            self._editor = None
        self._control = control
        self._socket = listening or listen()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._proxy = Proxy()
        self._numbers = itertools.count(1)
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._busy = 0
        self._last_active = time.monotonic()
        self._gate = Gate(application(self._proxy), lambda: self.world, self._activity)
        self._server = uvicorn.Server(self._config())
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._thread.start()
        if not self._ready.wait(STARTING):
            raise RuntimeError("the sandbox did not start")
        self.world = self._call(lambda: self._new_world(story))

    @property
    def editor(self) -> str | None:
        return self._editor

    def fresh(self, story: str = "good-morning") -> World:
        """A new world; the old one's tasks and processes are ended."""

        def renew() -> World:
            self.world.end()
            self.world = self._new_world(story)
            return self.world

        return self._call(renew)

    def close(self) -> None:
        """End the world, its processes and the server; the port is closed when this returns."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result(STARTING)
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(STARTING)
        self._socket.close()

    def idle_seconds(self) -> float:
        """How long nothing was asked, no socket was open and no build was running."""
        if self._busy or self._call(lambda: self.world.is_building):
            self._last_active = time.monotonic()
        return time.monotonic() - self._last_active

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _new_world(self, story: str) -> World:
        folder = self._folder / f"world-{next(self._numbers)}"
        place = Place(self.url, folder, self._path, self._editor, self._pace, self._loop)
        return World(place, story)

    def _activity(self, change: int) -> None:
        self._busy += change
        self._last_active = time.monotonic()

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app,
            loop="asyncio",
            interface="asgi3",
            http="h11",
            ws=Socket,
            ws_ping_interval=15,
            ws_ping_timeout=15,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._control is not None and scope.get("path") == self._control[0]:
            await self._answer_owner(scope, receive, send)
        else:
            await self._gate(scope, receive, send)

    async def _answer_owner(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Not a route of Coder's, and no activity: asking must not keep a sandbox awake."""
        if self._control is None or scope["type"] != "http":
            return
        _, header, key, end = self._control
        if not secrets.compare_digest(headers_of(scope).get(header, "").encode(), key.encode()):
            await Response(b"", 403)(scope, receive, send)
            return
        await reply({"pid": os.getpid()})(scope, receive, send)
        if scope["method"] == "DELETE":
            end()

    def _run(self) -> None:
        # A runner ends what is left of the tasks before it closes the loop.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _leave(self) -> None:
        """End the world, and let what was open say goodbye while there is a loop to do it on."""
        ending = self.world.end()
        if ending:
            await asyncio.wait(ending, timeout=GOODBYE)
        await self._proxy.close()

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve([self._socket]))
        while not self._server.started and not serving.done():
            await asyncio.sleep(0.001)
        self._ready.set()
        await serving

    def _call(self, work: Callable[[], T]) -> T:
        """Do it on the loop and wait for it."""

        async def do() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result(STARTING)
