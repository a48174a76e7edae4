"""A group of commands that are imported when they are typed, built-in ones and those of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from ._plugin_commands import load_command, plugin_commands
from ._problems import BROKEN_PIPE

__all__ = ["LazyGroup"]

Builtin = tuple[str, str]


class LazyGroup(click.Group):
    """Commands by name, without their modules.

    Args:
        builtins: the sections of the help page, each a table of name to ("module:attribute"
            relative to ``package``, summary).
        of_extras: the commands that other distributions of ei-runner bring: name to (the extra that
            installs it, summary).
        package: where the modules of the built-in commands lie.
        settings: as for ``click.Group``.
    """

    def __init__(
        self,
        *,
        builtins: Mapping[str, Mapping[str, Builtin]],
        package: str,
        of_extras: Mapping[str, tuple[str, str]] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self._of_extras = of_extras or {}
        self._sections = builtins
        self._builtins = {n: known for section in builtins.values() for n, known in section.items()}
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names: the built-in ones in the order of their table, then those of plugins."""
        return list(self._summaries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; a built-in one wins over a plugin's of the same name.

        Raises:
            PluginError: the command of a plugin cannot be loaded.
        """
        if cmd_name in self._builtins:
            module, _, attribute = self._builtins[cmd_name][0].partition(":")
            command = getattr(import_module(f"{self._package}.{module}"), attribute)
            assert isinstance(command, click.Command)  # noqa: S101 - the table is our own
            return command
        offers = plugin_commands().get(cmd_name)
        return load_command(cmd_name, offers) if offers else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the typed command; a mistyped name is told with those that are near."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            hint = self._hint(args[0])
            if not hint:
                raise
        raise click.UsageError(f"No such command {args[0]!r} ({hint})", ctx)

    def _hint(self, typed: str) -> str:
        if typed in self._of_extras:
            return f"get it with: pip install 'ei-runner[{self._of_extras[typed][0]}]'"
        near = self._names_like(typed)
        return near and f"did you mean {near}?"

    def _names_like(self, typed: str) -> str:
        from difflib import get_close_matches

        return " or ".join(get_close_matches(typed, self._summaries()))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands on the help page, section by section, without importing them."""
        summaries = self._summaries()
        width = max(map(len, summaries))
        sections = {heading: list(section) for heading, section in self._sections.items()}
        sections["Plugins"] = [name for name in summaries if name not in self._builtins]
        for heading, names in sections.items():
            if names:
                with formatter.section(heading):
                    formatter.write_dl([(name.ljust(width), summaries[name]) for name in names])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names without importing the commands."""
        names = [
            CompletionItem(name, help=summary)
            for name, summary in self._summaries().items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the typed command; click itself would turn a broken pipe into the exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise click.exceptions.Exit(BROKEN_PIPE) from None

    def _summaries(self) -> dict[str, str]:
        found = {name: summary for name, (_, summary) in self._builtins.items()}
        for name, offers in plugin_commands().items():
            if name not in found:
                found[name] = self._summary(name, {offer.distribution for offer in offers})
        return found

    def _summary(self, name: str, distributions: set[str]) -> str:
        """Our own commands are known without their modules; of others only the origin is told."""
        extra, summary = self._of_extras.get(name, ("", ""))
        if distributions == {f"ei-runner-{extra}"}:
            return summary
        return f"from {', '.join(sorted(distributions))}"
