"""Runs the local Studio alone, until it is interrupted."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import click

from .local_studio import LocalStudio
from .projects import LocalProject


@click.command()
@click.option("--port", default=0, show_default=True, help="Where to listen; 0: any free port.")
@click.option(
    "--project", "project_id", default=10001, show_default=True, help="Id of the project."
)
@click.option("--api-key", default="ei_local", show_default=True, help="Key of the project.")
@click.option("--hmac-key", default="local", show_default=True, help="Signs the project's data.")
@click.option(
    "--build",
    "builds",
    multiple=True,
    metavar="FORMAT=FILE",
    help="What a build for a target gives, such as zip=model.zip; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print where it is as one line of JSON.")
def main(
    port: int, project_id: int, api_key: str, hmac_key: str, builds: tuple[str, ...], as_json: bool
) -> None:
    """Run Edge Impulse Studio and its ingestion service on this machine, for tests.

    It has one project and forgets everything when it ends. It listens on loopback only; its key is
    no secret.
    """
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with _listen(port) as studio:
        project = studio.add_project(id=project_id, api_key=api_key, hmac_key=hmac_key)
        project.builds.update(_read_builds(builds))
        click.echo(_describe(studio, project, as_json=as_json))
        try:
            stopped.wait()
        except KeyboardInterrupt:
            return


def _listen(port: int) -> LocalStudio:
    try:
        return LocalStudio(port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {port}: {error.strerror}") from None


def _read_builds(builds: tuple[str, ...]) -> dict[str, bytes]:
    read = {}
    for build in builds:
        target, separator, file = build.partition("=")
        if not separator:
            raise click.UsageError(f"--build {build}: expected FORMAT=FILE")
        try:
            read[target] = Path(file).read_bytes()
        except OSError as error:
            raise click.UsageError(f"--build {build}: {error.strerror}") from None
    return read


def _describe(studio: LocalStudio, project: LocalProject, *, as_json: bool) -> str:
    variables = studio.environment | {
        "EI_PROJECT_ID": str(project.id),
        "EI_API_KEY": project.api_key,
    }
    if as_json:
        return json.dumps({"url": studio.url, "environment": variables})
    return "\n".join(f"export {name}={value}" for name, value in variables.items())


if __name__ == "__main__":
    main()
