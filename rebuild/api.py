"""The public names, for programs that use rebuild as a library. Everything else may change without notice."""

from __future__ import annotations

from rebuild.drill.playbook import DrillOptions
from rebuild.drill.playbook import read as read_playbook
from rebuild.drill.run import drill
from rebuild.model.errors import RebuildError
from rebuild.model.refs import Ref
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions
from rebuild.report.ledger import Ledger
from rebuild.report.to_json import document
from rebuild.report.verdict import Verdict, verdict

__all__ = [
    "DrillOptions",
    "Ledger",
    "RebuildError",
    "Ref",
    "Run",
    "SourceOptions",
    "Verdict",
    "document",
    "drill",
    "read_playbook",
    "verdict",
]
