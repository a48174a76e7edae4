"""The local Studio: starts, keeps the projects, notes what comes, fails on purpose."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from .faults import Faults
from .projects import LocalImpulse, LocalProject
from .server import Server
from .service import Service
from .site import Site
from .traffic import ReceivedRequest, Traffic

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LocalStudio"]


class LocalStudio:
    """Edge Impulse Studio and its ingestion service on one port of this machine.

    ::

        with LocalStudio() as studio:
            project = studio.add_project(api_key="ei_0123")
            project.builds["zip"] = content
            os.environ.update(studio.environment)

    It listens from the start, on loopback only, and forgets everything when it is closed.
    ``keep_bodies`` keeps the bodies of all requests in :attr:`requests`.
    """

    def __init__(self, port: int = 0, *, keep_bodies: bool = False) -> None:
        self.projects: dict[int, LocalProject] = {}
        self.faults = Faults()
        self._ids = itertools.count(10001)
        service = Service(self.projects)
        self._traffic = Traffic(keep_bodies=keep_bodies)
        self._server = Server(port, Site(service, self.faults, self._traffic))
        self.url = service.base_url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="local-studio", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LocalStudio({self.url!r})"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead clients here."""
        return {"EI_API_ENDPOINT": f"{self.url}/v1", "EI_INGESTION_ENDPOINT": self.url}

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What came so far, in the order of arrival."""
        return self._traffic.requests

    @property
    def most_requests_at_once(self) -> int:
        """How many requests were worked on at the same time, at most."""
        return self._traffic.most_at_once

    @property
    def connection_count(self) -> int:
        """How many connections were made so far."""
        return self._server.connection_count

    def add_project(
        self,
        name: str = "demo",
        api_key: str | None = None,
        *,
        id: int | None = None,  # noqa: A002
        hmac_key: str | None = None,
        impulses: Sequence[LocalImpulse] = (LocalImpulse(),),
        is_public: bool = False,
    ) -> LocalProject:
        """Make a project. Keys that are not given are drawn."""
        project = LocalProject(
            next(self._ids) if id is None else id,
            name,
            api_key=api_key,
            hmac_key=hmac_key,
            impulses=impulses,
            is_public=is_public,
        )
        self.projects[project.id] = project
        return project

    def close(self) -> None:
        """End all connections and stop. Closing twice is legal."""
        if self._thread.is_alive():
            self._server.close()
            self._thread.join()
