"""The rows that a live display is made of. All foreign text becomes harmless here, and no row is ever wrapped."""

from __future__ import annotations

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rebuild.console.safe import clean
from rebuild.model.refs import Ref

BAR = 40
"""Columns of a progress bar where there is room."""


def line(*parts: tuple[str, str]) -> Text:
    """One row out of texts and their styles, cut where the screen ends: a display that wraps would jump."""
    return Text.assemble(*((clean(text), style) for text, style in parts), no_wrap=True, overflow="ellipsis")


def bar(done: int, total: int, label: str) -> RenderableType:
    """A progress bar with its count, together no wider than the terminal."""
    grid = Table.grid(padding=(0, 1))
    # The bar gives way on a narrow terminal, the count does not.
    grid.add_column(max_width=BAR)
    grid.add_column(no_wrap=True)
    grid.add_row(ProgressBar(total=max(total, 1), completed=done), Text(clean(label)))
    return grid


def short(ref: Ref) -> str:
    """The object for a narrow place; lines and reports have the whole ref."""
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"
