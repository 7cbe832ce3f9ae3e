"""Looks for inputs that break a target, guided by coverage, and keeps those that reach new code.

`uv run --group fuzz python -m tests.fuzz.run TARGET --seconds N`. An input that breaks the target is written into its
corpus as `crash-…`, `timeout-…` or `oom-…`: leave it there, and the tests fail until its cause is mended.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
LIMITS = ("-max_len=4096", "-timeout=10", "-rss_limit_mb=1024")
"""Bytes of an input, seconds and megabytes that it may cost. What is small can be read by people as well."""


def main() -> int:
    """Fuzz in one process, and merge what was found into the corpus in another."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("target", choices=sorted(folder.name for folder in CORPUS.iterdir()))
    parser.add_argument("--seconds", type=int, default=60)
    asked, options = parser.parse_known_args()
    if options:
        # We were started by ourselves, or by the fuzzer, which merges in processes of its own.
        return _engine(asked.target, options)
    kept = CORPUS / asked.target
    again = (sys.executable, "-m", "tests.fuzz.run", asked.target, *LIMITS, f"-artifact_prefix={kept}/")
    with tempfile.TemporaryDirectory() as found:
        fuzzed = subprocess.run([*again, f"-max_total_time={asked.seconds}", found, str(kept)], check=False)
        if fuzzed.returncode:
            return fuzzed.returncode
        # Counters would keep a file for each number of times that a loop runs.
        return subprocess.run([*again, "-use_counters=0", "-merge=1", str(kept), found], check=False).returncode


def _engine(target: str, options: Sequence[str]) -> int:
    try:
        import atheris
    except ImportError:
        sys.stderr.write("atheris is not installed: call this with `uv run --group fuzz python -m tests.fuzz.run`\n")
        return 2
    with atheris.instrument_imports(include=["rebuild"]):
        targets = importlib.import_module("tests.fuzz.targets")
    atheris.Setup([f"{sys.executable} -m tests.fuzz.run {target}", *options], targets.TARGETS[target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
