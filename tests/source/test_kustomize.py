"""A kustomization at the path is rendered by a contained program; what it must not load is named before that runs."""

from __future__ import annotations

import os
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.model.errors import UsageError
from rebuild.model.findings import Finding, Severity
from rebuild.model.sources import Source
from rebuild.providers.kwok.binaries import Binaries
from rebuild.source import copying, kustomization, render
from rebuild.source.open import read_source
from tests.source.canaries import Canary
from tests.source.conftest import MakeRepository
from tests.source.repositories import CONFIG_MAP, commit, write

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n"
OVERLAY = "resources: [../../base]\nnamePrefix: prod-\n"
BASE = {
    "base/kustomization.yaml": "resources: [all.yaml]\nconfigMapGenerator: [{name: made, files: [settings.txt]}]\n",
    "base/all.yaml": f"# two\n{CONFIG_MAP}---\n{DEPLOYMENT}",
    "base/settings.txt": "10:00",
}


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """A program in the place of kubectl, which renders what it knows about its surroundings."""
    program = tmp_path / "recorder"
    program.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != --output ]; do folder=${folder:-$2}; shift; done\n'
        "{ printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: seen}\\ndata:\\n'\n"
        "  echo '  environment: |'; /usr/bin/env | /usr/bin/sort | /bin/sed 's/^/    /'\n"
        "  echo '  interfaces: |'; /bin/sed 's/^/    /' /proc/self/net/dev\n"
        "  echo '  routes: |'; /bin/sed 's/^/    /' /proc/self/net/route\n"
        "  echo '  limits: |'; ulimit -v | /bin/sed 's/^/    /'\n"
        "  echo '  files: |'; cd \"$folder/..\"; /usr/bin/find . -printf '    %y %m %p\\n'\n"
        '} >"$2"\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def silent(tmp_path: Path) -> Canary:
    """Stands in for kubectl where it must not be started."""
    return Canary(tmp_path)


def seen(source: Source) -> dict[str, str]:
    [file] = source.files
    found: dict[str, str] = orjson.loads(file.data)["data"]
    return found


def errors(source: Source) -> list[Finding]:
    return [finding for finding in source.findings if finding.severity is Severity.ERROR]


@pytest.mark.live
def test_objects_are_rendered_and_stand_where_they_were_declared(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    root = make_repository({**BASE, "envs/prod/kustomization.yaml": OVERLAY, "envs/prod/ignored.yaml": "nonsense"})
    source = read_source(str(root), path="envs/prod", work=work, renderer=lambda: str(lab_binaries.path("kubectl")))
    bodies = [orjson.loads(file.data) for file in source.files]
    places = {
        body["metadata"]["name"]: f"{file.path}:{file.origin(7).line}"
        for body, file in zip(bodies, source.files, strict=True)
    }
    made = next(body for body in bodies if body["metadata"]["name"].startswith("prod-made-"))
    assert places == {
        "prod-a": "base/all.yaml:2",
        "prod-web": "base/all.yaml:6",
        made["metadata"]["name"]: "base/kustomization.yaml:1",
    }
    assert made["data"] == {"settings.txt": "10:00"}
    assert not any("annotations" in body["metadata"] for body in bodies)
    assert {file.commit for file in source.files} == {source.commit}
    assert (source.findings, list(work.iterdir())) == ((), [])


@pytest.mark.live
def test_a_note_of_origin_that_the_repository_asks_for_stays(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    asks = "buildMetadata: [originAnnotations, managedByLabel]\n"
    root = make_repository({**BASE, "envs/prod/kustomization.yaml": OVERLAY + asks})
    source = read_source(str(root), path="envs/prod", work=work, renderer=lambda: str(lab_binaries.path("kubectl")))
    deployment = next(b for b in map(orjson.loads, (f.data for f in source.files)) if b["kind"] == "Deployment")
    assert deployment["metadata"]["annotations"] == {"config.kubernetes.io/origin": "path: ../../base/all.yaml\n"}
    assert list(deployment["metadata"]["labels"]) == ["app.kubernetes.io/managed-by"]


@pytest.mark.live
def test_links_inside_of_the_repository_work(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    root = make_repository(BASE)
    (root / "envs").mkdir()
    (root / "envs/prod").symlink_to("../base")
    (root / "linked.yaml").symlink_to("base/all.yaml")
    write(root, {"top/kustomization.yaml": "resources: [../envs/prod, one.yaml]\nnameSuffix: -x\n"})
    write(root, {"base/self/x": ""})
    (root / "base/self/loop").symlink_to("../..")
    (root / "top/one.yaml").symlink_to("other.yaml")
    write(root, {"top/other.yaml": CONFIG_MAP.replace("a}", "other}")})
    commit(root)
    source = read_source(str(root), path="top", work=work, renderer=lambda: str(lab_binaries.path("kubectl")))
    assert errors(source) == []
    assert sorted({file.path for file in source.files}) == [
        "base/all.yaml",
        "base/kustomization.yaml",
        "top/other.yaml",
    ]


@pytest.mark.live
def test_a_component_is_rendered_on_the_nearest_kustomization(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -it\n"
    root = make_repository(
        {
            **BASE,
            "kustomization.yaml": "resources: [base]\n",
            "components/kustomization.yaml": component,
            "components/it/kustomization.yaml": component,
        }
    )
    for path in ("components/it", "components"):
        source = read_source(str(root), path=path, work=work, renderer=lambda: str(lab_binaries.path("kubectl")))
        assert b"web-it" in b"".join(file.data for file in source.files)
        assert [(f.code, f.severity) for f in source.findings] == [("component-on-nearest", Severity.INFO)]


@pytest.mark.live
def test_a_plain_folder_may_build_on_one_beside_it(tmp_path: Path, work: Path, lab_binaries: Binaries) -> None:
    write(tmp_path / "plain", {**BASE, "envs/prod/kustomization.yml": OVERLAY})
    for location, path in ((tmp_path / "plain", "envs/prod"), (tmp_path / "plain/envs/prod", "")):
        source = read_source(str(location), path=path, work=work, renderer=lambda: str(lab_binaries.path("kubectl")))
        assert (source.repository, source.path) == (str(tmp_path / "plain"), "envs/prod")
        assert len(source.files) == 3
        assert [finding.code for finding in source.findings] == ["not-a-commit"]


@pytest.mark.live
def test_what_kustomize_refuses_is_shown_with_the_file(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    patch = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: hunter2}\n"
    root = make_repository(
        {
            "kustomization.yaml": "resources: [base]\npatches:\n- path: patch.yaml\n",
            "patch.yaml": patch,
            **{
                f"base/{name}": text
                for name, text in {"kustomization.yaml": "resources: [a.yaml]", "a.yaml": CONFIG_MAP}.items()
            },
        }
    )
    kubectl = str(lab_binaries.path("kubectl"))
    [finding] = errors(read_source(str(root), work=work, renderer=lambda: kubectl))
    assert (finding.code, str(finding.origin)) == ("kustomize-failed", "kustomization.yaml:1")
    assert "no matches for Id Secret.v1.[noGrp]/x" in finding.message
    write(root, {"patch.yaml": f"{patch}\n  broken: [", "kustomization.yaml": "resourcse: [base]\n"})
    commit(root)
    [typo] = errors(read_source(str(root), work=work, renderer=lambda: kubectl))
    assert 'unknown field "resourcse"' in typo.message
    for shown in (finding.message, typo.message):
        assert str(work) not in shown
        assert "hunter2" not in shown


@pytest.mark.live
def test_a_file_outside_of_its_kustomization_is_not_loaded(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    root = make_repository(
        {"a/kustomization.yaml": "configMapGenerator: [{name: x, files: [../b/k.txt]}]", "b/k.txt": "", "b/x.yaml": ""}
    )
    [finding] = errors(read_source(str(root), path="a", work=work, renderer=lambda: str(lab_binaries.path("kubectl"))))
    assert finding.code == "kustomize-failed"


@pytest.mark.live
def test_a_kustomization_that_is_a_link_inside_of_its_folder_works(
    make_repository: MakeRepository, work: Path, lab_binaries: Binaries
) -> None:
    root = make_repository({"a/a.yaml": CONFIG_MAP, "a/other/k.yaml": "resources: [a.yaml]"})
    (root / "a/kustomization.yaml").symlink_to("other/k.yaml")
    commit(root)
    source = read_source(str(root), path="a", work=work, renderer=lambda: str(lab_binaries.path("kubectl")))
    assert [file.path for file in source.files] == ["a/a.yaml"]


@pytest.mark.live
def test_no_plugin_and_no_function_runs(
    make_repository: MakeRepository, work: Path, silent: Canary, lab_binaries: Binaries
) -> None:
    function = (
        "apiVersion: example.com/v1\nkind: Evil\nmetadata:\n  name: x\n  annotations:\n"
        f"    config.kubernetes.io/function: |\n      exec: {{path: {silent.command}}}\n"
    )
    root = make_repository({"base/a.yaml": CONFIG_MAP, "function.yaml": function})
    for field in ("generators", "transformers", "validators"):
        write(root, {"kustomization.yaml": f"resources: [base/a.yaml]\n{field}: [function.yaml]\n"})
        commit(root)
        [finding] = errors(read_source(str(root), work=work, renderer=lambda: str(lab_binaries.path("kubectl"))))
        assert finding.code == "kustomize-failed"
    assert not silent.sang


def test_the_program_sees_nothing_of_this_machine(
    make_repository: MakeRepository, work: Path, recorder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/me/.kube/config")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    root = make_repository({**BASE, "envs/prod/kustomization.yaml": OVERLAY, "elsewhere/x.yaml": "", ".gitmodules": ""})
    (root / "base/away").symlink_to("/etc")
    (root / "base/tool.sh").write_text("")
    (root / "base/tool.sh").chmod(0o755)
    commit(root)
    before = os.umask(0)
    try:
        found = seen(read_source(str(root), path="envs/prod", work=work, renderer=lambda: str(recorder)))
    finally:
        os.umask(before)
    names = {line.partition("=")[0] for line in found["environment"].splitlines()}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        "GIT_ALLOW_PROTOCOL",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "PATH",
        "TMPDIR",
    }
    assert found["limits"].strip() == str(4 << 20)
    files = {path: kind for kind, _, path in (line.rpartition(" ") for line in found["files"].splitlines())}
    assert {kind for path, kind in files.items() if path != "./rendered.yaml"} == {"d 700", "f 600"}
    assert {path for path, kind in files.items() if kind.startswith("f") and path != "./rendered.yaml"} == {
        "./top/kustomization.yaml",
        "./tree/base/all.yaml",
        "./tree/base/kustomization.yaml",
        "./tree/base/settings.txt",
        "./tree/base/tool.sh",
        "./tree/envs/prod/kustomization.yaml",
    }
    assert not list(work.iterdir())


@pytest.mark.skipif(not render.isolated(), reason="this machine cannot take the network away from a program")
def test_the_program_has_no_network(make_repository: MakeRepository, work: Path, recorder: Path) -> None:
    found = seen(
        read_source(
            str(make_repository({"kustomization.yaml": "resources: []"})), work=work, renderer=lambda: str(recorder)
        )
    )
    assert [line.partition(":")[0].strip() for line in found["interfaces"].splitlines()[2:]] == ["lo"]
    assert found["routes"].splitlines()[1:] == []


@pytest.mark.parametrize(
    ("field", "entry"),
    [
        ("resources", "https://github.com/x/y//deploy?ref=v1"),
        ("resources", "HTTPS://me:hunter2@h/x.yaml"),
        ("resources", "https:x.yaml"),
        ("resources", "github.com/x/y"),
        ("resources", "github.com:x/y"),
        ("resources", "git@github.com:x/y.git"),
        ("resources", "git::https://h/x"),
        ("resources", "gh:x/y"),
        ("resources", "ssh://h/x"),
        ("resources", "file:///srv/r"),
        ("resources", "h/x/y//z?ref=main"),
        ("bases", "https://h/x"),
        ("components", "https://h/x"),
        ("generators", "https://h/x.yaml"),
        ("transformers", "https://h/x.yaml"),
        ("validators", "https://h/x.yaml"),
        ("crds", "https://h/x.json"),
        ("configurations", "https://h/x.yaml"),
        ("patchesStrategicMerge", "https://h/x.yaml"),
    ],
)
def test_a_remote_entry_is_an_error_and_no_download(
    make_repository: MakeRepository, work: Path, silent: Canary, field: str, entry: str
) -> None:
    """Also not where a folder of the repository has that name: kustomize would prefer the address."""
    root = make_repository(
        {
            "kustomization.yaml": "resources: [inner]\n",
            "inner/kustomization.yaml": f"kind: Kustomization\n{field}:\n- '{entry}'\n",
            "inner/github.com/x/y/kustomization.yaml": "",
        }
    )
    source = read_source(str(root), work=work, renderer=lambda: str(silent.command))
    [finding] = errors(source)
    assert (finding.code, str(finding.origin)) == ("remote-base", "inner/kustomization.yaml:3")
    assert "hunter2" not in finding.message
    assert finding.next_step
    assert source.files == ()
    assert not silent.sang


@pytest.mark.parametrize(
    "text",
    [
        "patches: [{path: 'https://h/p.yaml'}]",
        "patchesJson6902: [{path: 'https://h/p.yaml'}]",
        "replacements: [{path: 'https://h/p.yaml'}]",
        "openapi: {path: 'https://h/p.json'}",
        "configMapGenerator: [{name: x, files: ['k=https://h/p']}]",
        "secretGenerator: [{name: x, envs: ['https://h/p']}]",
        "secretGenerator: [{name: x, env: 'https://h/p'}]",
    ],
)
def test_a_file_is_not_downloaded_either(
    make_repository: MakeRepository, work: Path, silent: Canary, text: str
) -> None:
    root = make_repository({"kustomization.yaml": text})
    assert [f.code for f in errors(read_source(str(root), work=work, renderer=lambda: str(silent.command)))] == [
        "remote-base"
    ]
    assert not silent.sang


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("resources: [nowhere]", "kustomize-entry-missing", "'nowhere', which is not there"),
        ("resources: [../outside]", "kustomize-entry-missing", "leads out of the source"),
        ("resources: [/etc]", "kustomize-entry-missing", "leads out of the source"),
        ("resources: [out]", "kustomize-entry-missing", "leads out of the source"),
        ("resources: [.]", "kustomize-loop", ". -> ."),
        ("resources: [one]", "kustomize-loop", "one -> two -> one"),
        ("helmCharts: [{name: x, repo: 'https://h'}]", "helm-in-kustomization", "helmCharts"),
        ("helmChartInflationGenerator: [{chartName: x}]", "helm-in-kustomization", "helm"),
        ("resources: [", "kustomization-unreadable", "cannot be read"),
        ("- a", "kustomization-unreadable", "one mapping"),
        ("kind: A\n---\nkind: B", "kustomization-unreadable", "one mapping"),
        ("kind: Component", "component-alone", "none stands in a folder above"),
    ],
)
def test_what_cannot_be_rendered_is_said_beforehand(
    make_repository: MakeRepository, work: Path, silent: Canary, text: str, code: str, message: str
) -> None:
    root = make_repository(
        {
            "kustomization.yaml": text,
            "one/kustomization.yaml": "resources: [../two]",
            "two/kustomization.yaml": "resources: [../one]",
        }
    )
    (root / "out").symlink_to("../outside")
    commit(root)
    [finding] = errors(read_source(str(root), work=work, renderer=lambda: str(silent.command)))
    assert finding.code == code
    assert message in finding.message
    assert finding.origin
    assert finding.next_step
    assert not silent.sang


def test_a_folder_that_is_named_often_is_entered_once(
    make_repository: MakeRepository, work: Path, recorder: Path
) -> None:
    """Twenty floors of which each names the next one twice are a million ways down."""
    floors = {f"f{n}/kustomization.yaml": f"resources: [../f{n + 1}, ../f{n + 1}/.]" for n in range(20)}
    root = make_repository({**floors, "f20/kustomization.yaml": "resources: []"})
    assert len(read_source(str(root), path="f0", work=work, renderer=lambda: str(recorder)).files) == 1


def test_too_many_kustomizations_are_refused(make_repository: MakeRepository, work: Path, silent: Canary) -> None:
    floors = {f"f{n}/kustomization.yaml": f"resources: [../f{n + 1}]" for n in range(1001)}
    root = make_repository({**floors, "f1001/kustomization.yaml": "resources: []"})
    found = errors(read_source(str(root), path="f0", work=work, renderer=lambda: str(silent.command)))
    assert [finding.code for finding in found] == ["kustomize-too-many"]


def test_without_a_program_the_next_step_is_named(
    make_repository: MakeRepository, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository({"kustomization.yaml": "resources: []"})
    monkeypatch.setattr(os, "environ", dict(os.environ))
    (tmp_path / "only-git").mkdir()
    for name in ("git", "sh"):
        found = next(Path(p) / name for p in os.environ["PATH"].split(":") if (Path(p) / name).exists())
        (tmp_path / "only-git" / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "only-git"))
    with pytest.raises(UsageError, match="neither kubectl nor kustomize") as refused:
        read_source(str(root), work=work)
    assert "rebuild lab install" in refused.value.hint
    assert not list(work.iterdir())


def test_a_program_that_does_not_end_is_stopped_with_its_children(tmp_path: Path) -> None:
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\n/bin/sleep 60 & /bin/sleep 60\n")
    program.chmod(0o755)
    rendered = render.run((str(program),), tmp_path, tmp_path, patience=0.3)
    assert "did not end within 0.3 s" in rendered.problem


def test_a_program_that_writes_without_end_is_stopped(tmp_path: Path) -> None:
    program = tmp_path / "greedy"
    program.write_text(f"#!/bin/sh\nulimit -f\nexec /usr/bin/truncate -s 1G {tmp_path}/rendered.yaml\n")
    program.chmod(0o755)
    rendered = render.run((str(program),), tmp_path, tmp_path)
    assert rendered.problem
    assert rendered.output == b""


@pytest.mark.parametrize(
    ("complaint", "reason"),
    [
        ('E1123 03:26:39.861804    4673 run.go:72] "command failed" err="no \\"x\\" here"', 'no "x" here'),
        ("Error: accumulating resources: no such file", "accumulating resources: no such file"),
        ("error: bad patch `kind: Secret\npassword: hunter2`: missing", "bad patch `...`: missing"),
        ("error: bad patch `kind: Secret\npassword: hunter2", "bad patch `...`"),
        ("", ""),
    ],
)
def test_reasons_are_shown_without_wrapping_and_without_contents(complaint: str, reason: str) -> None:
    assert render.reason(complaint) == reason


def test_uncommitted_files_that_would_be_rendered_are_reported(
    make_repository: MakeRepository, work: Path, recorder: Path
) -> None:
    root = make_repository({**BASE, "envs/prod/kustomization.yaml": OVERLAY, "other/x.yaml": ""})
    write(root, {"base/settings.txt": "changed", "other/x.yaml": "changed"})
    [finding] = read_source(str(root), path="envs/prod", work=work, renderer=lambda: str(recorder)).findings
    assert finding.code == "uncommitted-changes"
    assert finding.message.endswith("as they are on disk: base/settings.txt")


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text(alphabet="[]{}:-&*! \nabresourcepth'\"", max_size=60).map(str.encode))
def test_reading_a_kustomization_never_fails(data: bytes) -> None:
    kustomization.parse(data)


@settings(max_examples=200)
@given(st.text(alphabet="./a\0\\~-", max_size=12))
def test_nothing_is_written_outside(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    root = tmp_path_factory.mktemp("root") / "inner"
    try:
        copying.write(root, path, b"x")
    except UsageError:
        assert not root.exists() or not [p for p in root.rglob("*") if p.is_file()]
        return
    written = [p for p in root.parent.rglob("*") if p.is_file()]
    assert written == [Path(os.path.realpath(root / path))]
    assert written[0].is_relative_to(root)


def test_a_twin_or_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "target")
    with pytest.raises(UsageError, match="twin"):
        copying.write(tmp_path, "a", b"x")
    assert not (tmp_path / "target").exists()
