"""A steady load through the edge, every answer noted: at most 50 requests a second, one new connection per request or
kept ones, GET only unless told otherwise. Used by check.py; stops by itself."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Edge:
    """Where nginx of the stack under test listens, and the name it answers to."""

    host: str
    port: int
    name: str

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request over a connection of its own: status, headers in lower case, body."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # signed by itself
        made = http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=context)
        try:
            made.request(method, path, body=body, headers={"Host": self.name, **(headers or {})})
            answer = made.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            made.close()


@dataclass(slots=True)
class Load:
    """`rate` requests a second until `stop`; each ends in `outcomes`: (when it began, what came, seconds)."""

    edge: Edge
    path: str
    headers: dict[str, str]
    rate: float = 20.0
    expect: bytes | None = None
    outcomes: list[tuple[float, str, float]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        streams = 4
        for number in range(streams):
            thread = threading.Thread(
                target=self._run, args=(number / self.rate, streams / self.rate), daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, offset: float, every: float) -> None:
        due = time.monotonic() + offset
        end = due + 600
        while not self._over.wait(max(0.0, due - time.monotonic())) and due < end:
            began = time.monotonic()
            try:
                status, _, body = self.edge.ask(self.path, headers=self.headers)
                said = str(status)
                if status == 200 and self.expect is not None and self.expect not in body:
                    said = "200 with another body"
            except (OSError, http.client.HTTPException) as error:
                said = type(error).__name__
            self.outcomes.append((began, said, time.monotonic() - began))
            due = max(due + every, began)

    def since(self, moment: float) -> dict[str, int]:
        """How the requests that began after `moment` ended."""
        counted: dict[str, int] = {}
        for began, said, _ in self.outcomes:
            if began >= moment:
                counted[said] = counted.get(said, 0) + 1
        return counted

    def last_failure(self, moment: float) -> float:
        """Seconds from `moment` to the end of the last failed request; 0 when none failed."""
        failed = [
            began + took - moment
            for began, said, took in self.outcomes
            if began + took >= moment and said != "200"
        ]
        return max(failed, default=0.0)


def words(counted: dict[str, int]) -> str:
    """For a table: `200: 90, 502: 3`."""
    return json.dumps(counted, sort_keys=True).strip("{}").replace('"', "")
