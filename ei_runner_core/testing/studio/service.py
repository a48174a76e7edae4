"""Answers requests: finds the project by the key, and the function by the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException

from .calls import Call, Endpoint
from .exchange import Answer, RefusedError, Request, json_answer, refused, text_answer
from .ingestion import CATEGORIES, receive_data, receive_files
from .projects import LocalProject
from .routes import ROUTES

__all__ = ["Service"]


class Service:
    """Both services over the same projects."""

    def __init__(self, projects: Mapping[int, LocalProject]) -> None:
        self._projects = projects
        self.base_url = ""

    def answer(self, request: Request) -> Answer:
        """Answer one request; it never raises for what came from outside."""
        try:
            (access, endpoint), arguments = ROUTES.match(request.path, request.method)
        except HTTPException as error:
            return refused("No route matches this request", error.code or 404)
        try:
            if access == "ingestion":
                return self._ingest(endpoint, arguments["category"], request)
            return self._call(access, endpoint, arguments, request)
        except RefusedError as refusal:
            form = text_answer if access == "ingestion" and endpoint == "data" else refused
            return form(refusal.reason, refusal.status)

    def _call(
        self, access: str, endpoint: Endpoint, numbers: Mapping[str, int], request: Request
    ) -> Answer:
        projects = self._allowed(access, numbers, request)
        call = Call(request, numbers, projects, self.base_url)
        if not projects:
            told = endpoint(call)
        else:
            with projects[0].lock:
                projects[0].settle()
                told = endpoint(call)
        return told if isinstance(told, Answer) else json_answer({"success": True, **told})

    def _allowed(
        self, access: str, numbers: Mapping[str, int], request: Request
    ) -> list[LocalProject]:
        if access == "anyone":
            return []
        if access == "public":
            return [self._public(numbers["project_id"])]
        owned = self._owned(request)
        if access == "key":
            return owned
        named = self._projects.get(numbers["project_id"])
        if named is None:
            raise RefusedError("Project not found", 404)
        if named not in owned:
            raise RefusedError("You don't have access to this project", 403)
        return [named]

    def _owned(self, request: Request) -> list[LocalProject]:
        key = request.headers.get("x-api-key")
        if not key:
            raise RefusedError("Missing header x-api-key", 401)
        owned = [project for project in list(self._projects.values()) if project.api_key == key]
        if not owned:
            raise RefusedError("Invalid API key", 401)
        return owned

    def _public(self, project_id: int) -> LocalProject:
        project = self._projects.get(project_id)
        if project is None or not project.is_public:
            raise RefusedError("Project not found", 404)
        return project

    def _ingest(self, kind: Any, category: str, request: Request) -> Answer:
        project = self._owned(request)[0]
        if category not in CATEGORIES:
            raise RefusedError(f"Invalid category '{category}'", 400)
        receive = receive_files if kind == "files" else receive_data
        return receive(project, category, request)
