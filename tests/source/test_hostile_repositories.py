"""Repositories that were built to harm whoever reads them: nothing of them runs, nothing outside of them is read."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import git
import pytest

from rebuild.model.errors import Refused, Unreachable, UsageError
from rebuild.model.findings import Severity
from rebuild.model.sources import Source
from rebuild.source.open import read_source
from tests.source.canaries import Canary
from tests.source.conftest import MakeRepository
from tests.source.repositories import CONFIG_MAP, commit, listing, write


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    return Canary(tmp_path)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the user outside of the repository, that reads like a manifest."""
    path = tmp_path / "outside" / "secret.yaml"
    write(tmp_path / "outside", {"secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: stolen}\n"})
    return path


def codes(source: Source) -> list[tuple[str, str, Severity]]:
    return [(finding.code, str(finding.origin), finding.severity) for finding in source.findings]


def hand_made(root: Path, kind: str, content: bytes, *, size: int | None = None) -> str:
    """An object as no git would write it; the id is that of the content. `size` may claim another one."""
    data = f"{kind} {len(content) if size is None else size}\0".encode() + content
    name = sha1(data, usedforsecurity=False).hexdigest()
    place = root / ".git" / "objects" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(data))
    return name


def tree(root: Path, *entries: tuple[str, str, str]) -> str:
    """A tree of modes, names and ids."""
    return hand_made(root, "tree", b"".join(f"{m} {n}\0".encode() + bytes.fromhex(i) for m, n, i in entries))


def commit_tree(root: Path, top: str) -> None:
    """Make a tree the head of the repository."""
    who = "a <a@example.com> 1767312000 +0000"
    name = hand_made(root, "commit", f"tree {top}\nauthor {who}\ncommitter {who}\n\nx\n".encode())
    (root / ".git" / "refs" / "heads" / "main").write_text(f"{name}\n")


def test_no_filter_of_the_repositorys_configuration_runs(repository: Path, work: Path, canary: Canary) -> None:
    """`git status` would compare a touched file through the clean filter."""
    with git.Repo(repository) as repo, repo.config_writer() as config:
        for action in ("clean", "smudge", "process"):
            config.set_value('filter "evil"', action, str(canary.command))
        config.set_value('filter "evil"', "required", "true")
        config.set_value('diff "evil"', "textconv", str(canary.command))
        config.set_value('diff "evil"', "command", str(canary.command))
    write(repository, {".gitattributes": "*.yaml filter=evil diff=evil\n"})
    (repository / "base" / "a.yaml").write_text(CONFIG_MAP.replace("a}", "b}"))
    source = read_source(str(repository), work=work)
    assert [finding.code for finding in source.findings] == ["uncommitted-changes"]
    assert read_source(f"file://{repository}", work=work).files[0].data == CONFIG_MAP.encode()
    assert not canary.sang
    with git.Repo(repository) as repo:
        repo.git.status(with_exceptions=False)
    assert canary.sang, "the canary has to be alive"


def test_no_program_that_the_repositorys_configuration_names_runs(repository: Path, work: Path, canary: Canary) -> None:
    hooks = repository / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-auto-gc"):
        (hooks / name).symlink_to(canary.command)
    with git.Repo(repository) as repo, repo.config_writer() as config:
        for section, option in {
            ("core", "fsmonitor"),
            ("core", "pager"),
            ("core", "sshCommand"),
            ("core", "gitProxy"),
            ("core", "askPass"),
            ("core", "editor"),
            ("credential", "helper"),
            ("core", "alternateRefsCommand"),
            ("uploadpack", "packObjectsHook"),
            ("gpg", "program"),
            ("alias", "rev-parse"),
        }:
            config.set_value(section, option, f"!{canary.command}" if section == "alias" else str(canary.command))
        config.set_value("core", "hooksPath", str(hooks))
    (repository / "c.yml").touch()
    for address in (str(repository), f"file://{repository}"):
        assert len(read_source(address, work=work).files) == 3
    assert not canary.sang


@pytest.mark.parametrize("url", ["ext::CANARY", "-uCANARY", "--upload-pack=CANARY", "ssh://-oProxyCommand=CANARY/x"])
def test_no_submodule_is_fetched(repository: Path, work: Path, canary: Canary, url: str) -> None:
    """Also not with a name that leads into `.git/hooks`, or a path that ends in a carriage return."""
    commit(repository)
    modules = f'[submodule "../../hooks"]\n\tpath = "sub\r"\n\turl = "{url.replace("CANARY", str(canary.command))}"\n'
    write(repository, {".gitmodules": modules})
    with git.Repo(repository) as repo:
        repo.git.add("--all")
        repo.git.update_index("--add", "--cacheinfo", f"160000,{'1' * 40},sub\r")
        repo.git.commit("--quiet", "--message=sub")
        repo.git.config("submodule.recurse", "true")
        repo.git.config("fetch.recurseSubmodules", "true")
    source = read_source(str(repository), work=work)
    assert [finding.code for finding in source.findings] == ["submodule-skipped"]
    with pytest.raises(UsageError, match=r"cannot be trusted: .*gitmodules"):
        read_source(f"file://{repository}", work=work)
    assert not canary.sang


def test_a_pointer_of_lfs_is_an_error_and_no_filter_runs(make_repository: MakeRepository, work: Path) -> None:
    root = make_repository({"a.yaml": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"})
    source = read_source(str(root), work=work)
    assert codes(source) == [("lfs-pointer", "a.yaml:1", Severity.ERROR)]
    assert source.files == ()


@pytest.mark.parametrize("committed", [True, False], ids=["commit", "folder"])
class TestLinks:
    """In-tree links are what they lead to; others lead nowhere. The same for a commit and for a plain folder."""

    @pytest.fixture
    def root(self, tmp_path: Path, committed: bool) -> Path:
        root = tmp_path / "links"
        write(root, {"base/a.yaml": CONFIG_MAP, "base/deep/b.yaml": "", "envs/prod/keep.yaml": ""})
        if committed:
            git.Repo.init(root).close()
        return root

    def read(self, root: Path, work: Path, path: str = "") -> Source:
        if (root / ".git").exists():
            commit(root)
        return read_source(str(root), path=path, work=work)

    def test_links_inside_are_resolved_and_each_file_is_read_once(self, root: Path, work: Path) -> None:
        (root / "envs/prod/base").symlink_to("../../base")
        (root / "envs/prod/one.yaml").symlink_to("two.yaml")
        (root / "envs/prod/two.yaml").symlink_to("../../base/a.yaml")
        (root / "current").symlink_to("envs/prod")
        for path in ("current", "envs/prod"):
            source = self.read(root, work, path)
            assert [f.path for f in source.files] == ["base/a.yaml", "base/deep/b.yaml", "envs/prod/keep.yaml"]
            assert not [f for f in source.findings if f.code != "not-a-commit"]
        assert [f.path for f in self.read(root, work, "current/base/deep").files] == ["base/deep/b.yaml"]
        assert [f.path for f in self.read(root, work, "envs/prod/one.yaml").files] == ["base/a.yaml"]
        assert len(self.read(root, work).files) == 3

    @pytest.mark.parametrize(
        ("target", "trouble"),
        [
            ("{secret}", "leads out"),
            ("../outside/secret.yaml", "leads out"),
            ("base/../../outside/secret.yaml", "leads out"),
            ("base/deep/../../../links/base/a.yaml", "leads out"),
            ("hop", "leads out"),
            ("loop.yaml", "circle"),
            ("round", "circle"),
            ("nowhere.yaml", "not there"),
            ("base/a.yaml/x", "not there"),
            (".git/config", "not there"),
        ],
    )
    def test_other_links_are_errors(self, root: Path, work: Path, secret: Path, target: str, trouble: str) -> None:
        (root / "loop.yaml").symlink_to(target.format(secret=secret))
        (root / "hop").symlink_to("..")
        (root / "round").symlink_to("back")
        (root / "back").symlink_to("round")
        if target == "hop":
            (root / "loop.yaml").unlink()
            (root / "loop.yaml").symlink_to("hop/outside/secret.yaml")
        source = self.read(root, work)
        [finding] = [f for f in source.findings if f.severity is Severity.ERROR]
        assert (finding.code, str(finding.origin)) == ("broken-symlink", "loop.yaml:1")
        assert trouble in finding.message
        assert finding.next_step
        assert not any(b"stolen" in file.data for file in source.files)

    def test_a_folder_that_links_to_its_parent_is_read_once(self, root: Path, work: Path) -> None:
        (root / "base/up").symlink_to("..")
        (root / "base/deep/self").symlink_to(".")
        source = self.read(root, work)
        assert [f.path for f in source.files] == ["base/a.yaml", "base/deep/b.yaml", "envs/prod/keep.yaml"]

    def test_a_path_through_a_broken_link_is_refused(self, root: Path, work: Path, secret: Path) -> None:
        (root / "out").symlink_to(secret.parent)
        with pytest.raises(UsageError, match=r"goes through out, a symbolic link to .* that leads out of the source"):
            self.read(root, work, "out/secret.yaml")

    def test_twins_in_another_case_are_two_files(self, root: Path, work: Path) -> None:
        write(root, {"base/A.yaml": CONFIG_MAP, "BASE/a.yaml": CONFIG_MAP})
        assert [f.path for f in self.read(root, work).files][:3] == ["BASE/a.yaml", "base/A.yaml", "base/a.yaml"]


@pytest.mark.parametrize("name", ["..", ".", ".git", ".GIT", "../../etc/x.yaml", "a/b.yaml"])
def test_a_name_that_no_file_can_have_is_an_error(repository: Path, work: Path, name: str) -> None:
    blob = hand_made(repository, "blob", CONFIG_MAP.encode())
    folder = tree(repository, ("100644", "x.yaml", blob))
    mode, made = ("100644", blob) if "/" in name else ("40000", folder)
    commit_tree(repository, tree(repository, (mode, name, made), ("100644", "z.yaml", blob)))
    source = read_source(str(repository), ref="main", work=work)
    assert ("unsafe-name", Severity.ERROR) in [(code, severity) for code, _, severity in codes(source)]
    assert [file.path for file in source.files] == ["z.yaml"]
    with pytest.raises(UsageError, match="cannot be trusted"):
        read_source(f"file://{repository}", work=work)


def test_a_blob_of_two_gigabytes_is_judged_by_its_header(repository: Path, work: Path) -> None:
    huge = hand_made(repository, "blob", b"0" * 1000, size=2 << 30)
    small = hand_made(repository, "blob", CONFIG_MAP.encode())
    commit_tree(repository, tree(repository, ("100644", "a.yaml", huge), ("100644", "b.yaml", small)))
    tracemalloc.start()
    try:
        source = read_source(str(repository), ref="main", work=work)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [file.path for file in source.files] == ["b.yaml"]
    assert ("file-too-large", "a.yaml:1", Severity.ERROR) in codes(source)
    assert "2,147,483,648 bytes" in next(f.message for f in source.findings if f.code == "file-too-large")
    assert peak < 20 << 20


def test_a_large_file_of_a_plain_folder_is_not_read(tmp_path: Path, work: Path) -> None:
    write(tmp_path / "plain", {"b.yaml": CONFIG_MAP})
    with (tmp_path / "plain" / "a.yaml").open("wb") as sparse:
        sparse.truncate(2 << 30)
    source = read_source(str(tmp_path / "plain"), work=work)
    assert [file.path for file in source.files] == ["b.yaml"]
    assert codes(source)[1:] == [("file-too-large", "a.yaml:1", Severity.ERROR)]


def test_a_long_link_leads_nowhere(repository: Path, work: Path) -> None:
    target = hand_made(repository, "blob", b"base/" * 2000)
    small = hand_made(repository, "blob", CONFIG_MAP.encode())
    commit_tree(repository, tree(repository, ("120000", "a.yaml", target), ("100644", "b.yaml", small)))
    assert ("broken-symlink", "a.yaml:1", Severity.ERROR) in codes(read_source(str(repository), ref="main", work=work))


def test_a_few_trees_that_name_ten_thousand_million_files_are_refused(repository: Path, work: Path) -> None:
    here = hand_made(repository, "blob", CONFIG_MAP.encode())
    mode = "100644"
    for _ in range(10):
        here = tree(repository, *((mode, f"{'d' if mode == '40000' else 'f'}{n}.yaml", here) for n in range(10)))
        mode = "40000"
    commit_tree(repository, here)
    started = time.monotonic()
    with pytest.raises(UsageError, match="more than 250,000 files and folders"):
        read_source(str(repository), ref="main", work=work)
    assert time.monotonic() - started < 20


def test_a_tree_that_is_damaged_or_unknown_is_an_error(repository: Path, work: Path) -> None:
    commit_tree(repository, hand_made(repository, "tree", b"100644 a.yaml\0short"))
    with pytest.raises(UsageError, match="not in this repository"):
        read_source(str(repository), ref="main", work=work)


def test_objects_that_a_link_puts_elsewhere_are_refused(
    repository: Path, work: Path, tmp_path: Path, secret: Path
) -> None:
    real = tmp_path / "elsewhere"
    (repository / ".git" / "objects").rename(real)
    (repository / ".git" / "objects").symlink_to(real)
    (real / "secret.yaml").symlink_to(secret)
    write(real / "info", {"alternates": f"{secret.parent}\n"})
    before = listing(real)
    with pytest.raises(Refused, match=r"objects is a symbolic link to .*elsewhere") as refused:
        read_source(str(repository), work=work)
    assert refused.value.hint
    # Git itself hands over what the commit names, and no more.
    source = read_source(f"file://{repository}", work=work)
    assert [file.path for file in source.files] == ["base/a.yaml", "base/deep/b.json", "c.yml"]
    assert not any(b"stolen" in path.read_bytes() for path in work.rglob("*") if path.is_file())
    assert listing(real) == before


@pytest.mark.parametrize("name", ["pack", "ab", "info/alternates"])
def test_a_link_among_the_objects_that_leads_out_is_refused(
    repository: Path, work: Path, secret: Path, name: str
) -> None:
    place = repository / ".git" / "objects" / name
    if place.is_dir():
        place.rmdir()
    place.symlink_to(secret)
    with pytest.raises(Refused, match="outside of the repository"):
        read_source(str(repository), work=work)


@pytest.mark.parametrize("through", [0, 1])
def test_alternate_objects_that_are_no_repositorys_are_refused(
    repository: Path, work: Path, tmp_path: Path, secret: Path, through: int
) -> None:
    """Also behind a repository that came along to lead there."""
    asked = str(repository)
    if through:
        subprocess.run(["git", "clone", "-q", "--shared", repository, tmp_path / "clone"], check=True)
        asked = str(tmp_path / "clone")
    write(repository / ".git" / "objects" / "info", {"alternates": f"# a comment\n\n{secret.parent}\n"})
    with pytest.raises(Refused, match="where no Git repository has its objects") as refused:
        read_source(asked, work=work)
    assert str(secret.parent) in str(refused.value)


@pytest.mark.parametrize(
    "options", [("--shared", "{0}"), ("--reference", "{0}", "file://{0}")], ids=lambda options: options[0]
)
def test_a_clone_that_borrows_the_objects_of_another_is_read(
    repository: Path, work: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    clone = tmp_path / "clone"
    given = [option.format(repository) for option in options]
    subprocess.run(["git", "clone", "-q", *given, clone], check=True)
    assert str(repository) in (clone / ".git" / "objects" / "info" / "alternates").read_text()
    with (clone / ".git" / "objects" / "info" / "alternates").open("a") as alternates:
        alternates.write("/nonexistent/objects\n")
    assert read_source(str(clone), work=work).commit == read_source(str(repository), work=work).commit


def test_a_linked_work_tree_is_read(repository: Path, work: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    subprocess.run(["git", "-C", repository, "worktree", "add", "-q", "--detach", linked], check=True)
    assert read_source(str(linked), work=work).commit == read_source(str(repository), work=work).commit


def test_a_remote_that_never_answers_is_given_up(work: Path) -> None:
    """Also the helper that Git started for it ends: it holds the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Unreachable, match=r"did not hand over the commit within 1 s") as refused:
            read_source(f"https://me:hunter2@127.0.0.1:{port}/r", work=work, patience=1.0)
        assert "hunter2" not in str(refused.value)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(10)
            while connection.recv(4096):
                pass


class Seen(BaseHTTPRequestHandler):
    """Redirects to a place, or only writes down that it was asked."""

    to = ""
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302 if self.to else 404)
        if self.to:
            self.send_header("Location", self.to)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def serving(handler: type[Seen], certificate: Path | None = None) -> HTTPServer:
    server = HTTPServer(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.mark.parametrize("to", ["http://127.0.0.1:PORT/x", "file:///srv/r", "ext::CANARY", "git://127.0.0.1:PORT/x"])
def test_a_redirect_to_another_scheme_is_not_followed(
    work: Path, tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    pem = tmp_path / "server.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(pem), "-out", str(pem)),
        ],
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    monkeypatch.setenv("GIT_SSL_CAINFO", str(pem))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    plain = serving(type("Plain", (Seen,), {"asked": []}))
    target = to.replace("PORT", str(plain.server_port)).replace("CANARY", str(canary.command))
    secure = serving(type("Secure", (Seen,), {"asked": [], "to": f"{target}/info/refs?service=git-upload-pack"}), pem)
    try:
        with pytest.raises(Unreachable) as refused:
            read_source(f"https://127.0.0.1:{secure.server_port}/r", work=work)
        assert secure.RequestHandlerClass.asked, f"no redirect was given: {refused.value}"  # type: ignore[attr-defined]
        assert not plain.RequestHandlerClass.asked  # type: ignore[attr-defined]
        assert not canary.sang
    finally:
        for server in (plain, secure):
            server.shutdown()
            server.server_close()


def test_what_is_fetched_is_private_whatever_the_umask(repository: Path, tmp_path: Path, work: Path) -> None:
    before = os.umask(0)
    try:
        read_source(f"file://{repository}", work=work)
    finally:
        os.umask(before)
    [copy] = work.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o700
