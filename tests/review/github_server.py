"""A server on loopback that answers as GitHub's API for issue comments is documented.

https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/users/users#get-the-authenticated-user
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghp_a-token-of-this-test"
ISSUE = "/repos/team/models/issues/7"
BOT = {"login": "jenkins-team", "type": "User"}


class GitHub(ThreadingHTTPServer):
    """Comments of one pull request, `team/models` number 7; ``status`` makes every answer that failure."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.status: int | None = None
        self.is_app = False
        self.next_page_elsewhere = False

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.server_port}"

    def write(self, body: str, author: dict[str, str] = BOT) -> dict[str, Any]:
        """Add a comment."""
        number = len(self.comments) + 1
        comment = {"id": number, "body": body, "user": author, "html_url": f"https://github.example/7#{number}"}
        self.comments.append(comment)
        return comment


@contextmanager
def github() -> Iterator[GitHub]:
    """The server, which stops with the test."""
    server = GitHub()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: GitHub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if self._refused():
            return
        if parts.path == "/user":
            self._answer(403 if self.server.is_app else 200, BOT)
        elif parts.path == f"{ISSUE}/comments":
            given = parse_qs(parts.query)
            # At most 100 a page; 30 where nothing is asked for.
            size, page = min(int(given.get("per_page", ["30"])[0]), 100), int(given.get("page", ["1"])[0])
            shown = self.server.comments[(page - 1) * size : page * size]
            host = "http://127.0.0.1:9" if self.server.next_page_elsewhere else self.server.url
            link = f'<{host}{parts.path}?per_page={size}&page={page + 1}>; rel="next"'
            self._answer(200, shown, {"Link": link} if page * size < len(self.server.comments) else {})
        else:
            self._answer(404, {"message": "Not Found"})

    def do_POST(self) -> None:
        if self._refused():
            return
        if self.path != f"{ISSUE}/comments":
            self._answer(404, {"message": "Not Found"})
            return
        author = {"login": "models[bot]", "type": "Bot"} if self.server.is_app else BOT
        self._answer(201, self.server.write(self._body()["body"], author))

    def do_PATCH(self) -> None:
        if self._refused():
            return
        number = int(self.path.removeprefix("/repos/team/models/issues/comments/"))
        self.server.comments[number - 1]["body"] = self._body()["body"]
        self._answer(200, self.server.comments[number - 1])

    def _refused(self) -> bool:
        self.server.requests.append(f"{self.command} {self.path}")
        known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        status = self.server.status or (None if known else 401)
        if status:
            self._answer(status, {"message": "refused"}, {"Location": self.server.url} if status == 301 else {})
        return status is not None

    def _body(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def _answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        payload = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(payload))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's own name
        """Nothing: the tests look at ``requests``."""
