"""What a playbook may say, and what is said about one that says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.drill import playbook
from rebuild.drill.playbook import DrillOptions
from rebuild.model.errors import Exit, UsageError
from rebuild.ops.sources import SourceOptions
from rebuild.providers.kind.provider import KindOptions

ROOT = Path(__file__).parents[2]
SMALLEST = """
apiVersion: rebuild.dev/v1alpha1
kind: Playbook
metadata: {name: small}
spec: {source: {url: repository}}
"""
FULL = """
apiVersion: rebuild.dev/v1alpha1
kind: Playbook
metadata: {name: full, labels: {team: shop}, annotations: {note: rehearsed every month}}
spec:
  mode: drill
  scenario: {narrative: The region is gone., assumptions: [the registry is there]}
  source: {url: 'https://git.example.com/shop.git', ref: v1.2.3, path: deploy/production, namespace: shop}
  target: {provider: kwok, nodes: 12}
  objectives: {rto: 4m30s}
  limits: {timeout: 1h, objectTimeout: 90}
"""


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "playbook.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        playbook.read(path)
    assert caught.value.exit is Exit.USAGE
    assert caught.value.hint
    return str(caught.value)


def test_the_smallest_playbook_names_a_source_and_leaves_the_rest_to_defaults(tmp_path: Path) -> None:
    options = playbook.read(write(tmp_path, SMALLEST))
    assert options == DrillOptions(source=SourceOptions(str(tmp_path / "repository")))


def test_everything_that_a_playbook_says_reaches_the_drill(tmp_path: Path) -> None:
    assert playbook.read(write(tmp_path, FULL)) == DrillOptions(
        source=SourceOptions("https://git.example.com/shop.git", "v1.2.3", "deploy/production", "shop"),
        nodes=12,
        objective=270.0,
        timeout=3600.0,
        object_timeout=90.0,
    )


@pytest.mark.parametrize(
    ("url", "location"),
    [
        (".", "{folder}"),
        ("..", "{parent}"),
        ("../other", "{parent}/other"),
        ("/srv/shop", "/srv/shop"),
        ("~/shop", "{home}/shop"),
        ("https://git.example.com/shop.git", "https://git.example.com/shop.git"),
        ("file:///srv/shop", "file:///srv/shop"),
        ("git@git.example.com:shop.git", "git@git.example.com:shop.git"),
        ("~nobody-has-this-name/shop", "{folder}/~nobody-has-this-name/shop"),
        ("loop", "{folder}/loop"),
    ],
)
def test_a_relative_path_starts_at_the_folder_of_the_playbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, location: str
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.chdir("/")
    folder = tmp_path / "playbooks"
    folder.mkdir()
    (folder / "loop").symlink_to("loop")
    options = playbook.read(write(folder, SMALLEST.replace("repository", f"'{url}'")))
    assert options.source.location == location.format(folder=folder, parent=tmp_path, home="/home/somebody")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mode: drill", "mode: drill\n  sorce: {url: a}", "spec.sorce: a playbook has no such key"),
        ("nodes: 12", "nodes: 12, size: big", "spec.target.size: a playbook has no such key"),
        ("nodes: 12", "nodes: many", "spec.target.nodes: Input should be a valid integer"),
        ("nodes: 12", "nodes: true", "spec.target.nodes: Input should be a valid integer"),
        ("nodes: 12", "nodes: 0", "spec.target.nodes: Input should be greater than or equal to 1"),
        ("provider: kwok", "provider: cloud", "spec.target.provider.0: Input should be 'kwok' or 'kind'"),
        ("provider: kwok", "provider: []", "spec.target.provider: Value should have at least 1 item"),
        ("nodes: 12", "kubernetes: v1.37.2", "spec.target.kubernetes: String should match pattern"),
        ("nodes: 12", "preload: zoo.tar", "spec.target.preload: has to be a list"),
        ("rto: 4m30s", "rto: soon", "spec.objectives.rto: 'soon' is not a duration"),
        ("timeout: 1h", "timeout: 0h", "spec.limits.timeout: Input should be greater than 0"),
        ("objectTimeout: 90", "objectTimeout: 0", "spec.limits.objectTimeout: Input should be greater than 0"),
        ("rto: 4m30s", "rto: -5m", "spec.objectives.rto: '-5m' is not a duration"),
        ("rto: 4m30s", "rto: [5m]", "spec.objectives.rto: \"['5m']\" is not a duration"),
        ("labels: {team: shop}", "labels: [team]", "metadata.labels: has to be a mapping"),
        ("target: {provider: kwok, nodes: 12}", "target: kwok", "spec.target: has to be a mapping"),
        ("name: full", "name: 5", "metadata.name: Input should be a valid string"),
        (
            "[the registry is there]",
            "the registry is there",
            "spec.scenario.assumptions: has to be a list",
        ),
        ("kind: Playbook", "kind: Drill", "kind: Input should be 'Playbook'"),
        ("dev/v1alpha1", "dev/v9", "apiVersion: Input should be 'rebuild.dev/v1alpha1'"),
        ("url: 'https://git.example.com/shop.git', ", "", "spec.source.url: is missing"),
        ("'https://git.example.com/shop.git'", '"a\\0b"', "spec.source.url: 'a\\x00b' holds a character"),
    ],
)
def test_what_a_playbook_cannot_say_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert FULL.count(old) == 1
    path = write(tmp_path, FULL.replace(old, new))
    (line,) = refusal(path).splitlines()
    assert line.startswith(f"{path}: {said}")


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, FULL.replace("nodes: 12", "nodes: many").replace("4m30s", "soon").replace("ref:", "rev:"))
    places = [line.removeprefix(f"{path}: ").partition(":")[0] for line in refusal(path).splitlines()]
    assert sorted(places) == ["spec.objectives.rto", "spec.source.rev", "spec.target.nodes"]


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, SMALLEST + "spec: {source: {url: other}}\n")
    assert refusal(path) == f"{path}:6: key 'spec' is given twice; the last one counts"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: [Playbook\n", ":1: not YAML: "),
        (b"\xff\xfa", ":1: not UTF-8 at byte 0"),
        ("", " holds 0 documents"),
        ("# nothing\n---\n", " holds 0 documents"),
        (SMALLEST + "---" + SMALLEST, " holds 2 documents"),
        ("[1, 2]", ": the document: has to be a mapping"),
        ("just text", ": the document: has to be a mapping"),
        (SMALLEST.replace("name: small", "name: &a [*a]"), ":4: "),
    ],
    ids=["syntax", "encoding", "empty", "comments", "two", "list", "text", "loop"],
)
def test_what_is_no_playbook_at_all_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = write(tmp_path, text)
    assert refusal(path).startswith(f"{path}{said}")


@pytest.mark.parametrize("name", ["missing.yaml", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert refusal(path).startswith(f"the playbook {path} cannot be read: ")


@pytest.mark.parametrize("path", sorted((ROOT / "playbooks").glob("*.yaml")), ids=lambda path: path.name)
def test_the_playbooks_that_we_ship_are_valid(path: Path) -> None:
    options = playbook.read(path)
    assert Path(options.source.location) == ROOT
    assert (ROOT / options.source.path).is_dir()
    assert options.objective > 0


def test_a_playbook_can_ask_for_real_nodes_and_for_both_providers(tmp_path: Path) -> None:
    (tmp_path / "zoo.tar").touch()
    target = (
        "{provider: [kwok, kind, kwok], kubernetes: '1.37', kindConfig: nodes.yaml, image: node:v1,"
        " preload: [zoo.tar, web:v1]}"
    )
    text = FULL.replace("{provider: kwok, nodes: 12}", target)
    options = playbook.read(write(tmp_path, text))
    assert options.providers == ("kwok", "kind")
    assert options.kubernetes == "1.37"
    assert options.kind == KindOptions(tmp_path / "nodes.yaml", "node:v1", (str(tmp_path / "zoo.tar"), "web:v1"))


def test_the_quickstart_is_among_them() -> None:
    assert (ROOT / "playbooks" / "quickstart.yaml").is_file()
