"""Help pages with their options in sections."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["SectionedCommand", "SectionedOption"]

_REST = "Options"


class SectionedOption(click.Option):
    """An option that is listed in a section of its own; its opposite is not listed."""

    def __init__(self, *arguments: Any, section: str = _REST, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.section = section

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The name and the help of the option."""
        opposites, self.secondary_opts = self.secondary_opts, []
        try:
            return super().get_help_record(ctx)
        finally:
            self.secondary_opts = opposites


class SectionedCommand(click.Command):
    """A command whose help page has a section for each that its options name, in their order.

    Options can be written with underscores too, as the variables of their names are.
    """

    def __init__(self, name: str | None, **settings: Any) -> None:
        super().__init__(name, **settings)
        self.context_settings["token_normalize_func"] = lambda name: name.replace("_", "-")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                section = getattr(parameter, "section", _REST)
                sections.setdefault(section, []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)
