"""The tables of what both sides read: scalars as a value and as a key, and whole files.

Each row becomes a file. `answers.json` holds what kubectl and an API server made of it, recorded by `record.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
GROUP, PLURAL, KIND = "parity.example.com", "rows", "Row"
_HEAD = f"apiVersion: {GROUP}/v1\nkind: {KIND}\nmetadata: {{name: NAME}}"
_FLOW = f'"apiVersion": "{GROUP}/v1", "kind": "{KIND}", "metadata": {{"name": "NAME"}}'


@dataclass(frozen=True, slots=True)
class Row:
    """One file; its objects are named after it, `<name>` or `<name>.<anything>`."""

    name: str
    data: bytes
    stricter: str = ""
    """Why this project refuses what kubectl takes; empty for rows that have to be read alike."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was made of a row: the objects without their identity, in order, and whether something was refused."""

    objects: tuple[Any, ...]
    refused: str = ""


def rows() -> list[Row]:
    """All rows of all tables."""
    scalars = yaml.safe_load((HERE / "scalars.yaml").read_text())
    found = [
        Row(f"value-{number}", f"{_HEAD}\nvalue: {text}\n".replace("NAME", f"value-{number}").encode())
        for number, text in enumerate(scalars["values"])
    ]
    found += [
        Row(f"key-{number}", f"{_HEAD}\nvalue:\n  {text}: x\n".replace("NAME", f"key-{number}").encode())
        for number, text in enumerate(scalars["keys"])
    ]
    for name, given in yaml.safe_load((HERE / "documents.yaml").read_text()).items():
        wanted = {"text": given} if isinstance(given, str) else given
        text = wanted["text"].replace("HEAD", _HEAD).replace("FLOW", _FLOW).replace("NAME", name)
        found.append(Row(name, text.encode(wanted.get("encoding", "utf-8")), wanted.get("stricter", "")))
    return found


def recorded() -> dict[str, Answer]:
    """The answers on file, by the text of their rows, so that a changed row has none."""
    stored = json.loads((HERE / "answers.json").read_text())
    return {key: Answer(tuple(map(plain, answer["objects"])), answer["refused"]) for key, answer in stored.items()}


def key(row: Row) -> str:
    """Under what a row's answer is kept: its text."""
    return row.data.decode("latin-1").replace(row.name, "NAME")


def plain(value: Any) -> Any:
    """A JSON value in the only form in which two of them compare as an API server would: whole numbers beyond 64
    bits are floats to it, floats without a fraction are whole, and `true` is no number.
    """
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, str | None) else ("bool", value)
    whole = isinstance(value, int) or value.is_integer()
    return int(value) if whole and -(2**63) <= value < 2**63 else float(value)
