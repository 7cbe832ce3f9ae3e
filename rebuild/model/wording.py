"""How numbers are told to people, the same in every room."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 object`, `2 objects`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
