"""Help with examples first: people look for the call that they can copy."""

from __future__ import annotations

import click


class _ExamplesFirst(click.Command):
    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_epilog(ctx, formatter)
        self.format_options(ctx, formatter)


class Command(_ExamplesFirst):
    """A command whose epilog, the examples and exit codes, stands before its options."""


class Group(_ExamplesFirst, click.Group):
    """The same for a group."""
