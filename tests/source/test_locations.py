"""Which texts may name a source, a ref and a path, and how a URL may be shown."""

from __future__ import annotations

import pytest

from rebuild.model.errors import UsageError
from rebuild.source import locations


@pytest.mark.parametrize("location", ["https://h/r", "ssh://git@h/r", "file:///r", "https://u:p@h:8443/r.git"])
def test_listed_schemes_are_urls(location: str) -> None:
    assert locations.is_url(location)


@pytest.mark.parametrize("location", [".", "/srv/r", "a/b", "git@h:r", "h:r", "C:/x"])
def test_other_texts_are_no_urls(location: str) -> None:
    assert not locations.is_url(location)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("", "empty"),
        ("ext::sh -c touch% /tmp/x", "helper"),
        ("https::x", "helper"),
        ("http://h/r", "'http'"),
        ("git://h/r", "'git'"),
        ("ext://h/r", "'ext'"),
        ("--upload-pack=touch", "dash"),
        ("ssh://-oProxyCommand=touch/r", "dash"),
        ("ssh://git@-oProxyCommand=touch/r", "dash"),
        ("https:///r", "no host"),
        ("https:////me:hunter2@h/r", "no host"),
        ("https://me:hunter/2@h/r", "no host"),
        ("ssh://git@h:r", "no host"),
    ],
)
def test_locations_that_could_run_something_or_be_forged_are_refused(location: str, shown: str) -> None:
    with pytest.raises(UsageError, match=shown) as refused:
        locations.is_url(location)
    assert refused.value.hint


@pytest.mark.parametrize(
    "location",
    ["http://me:hunter2@h/r", "https:////me:hunter2@h/r", "https://me:hunter2/@h/r", "https://me:hunter2@@[h/r"],
)
def test_a_refused_url_does_not_show_its_password(location: str) -> None:
    with pytest.raises(UsageError) as refused:
        locations.is_url(location)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in refused.value.hint


def test_a_hostile_url_takes_no_time() -> None:
    for part in ("@", "@[", ":", ":@", "?@", "[:"):
        locations.without_credentials("https://" + part * 1_000_000)


@pytest.mark.parametrize(
    ("location", "expected"),
    [("git@h:r", True), ("h:r/s", True), ("[::1]:r", True), ("a/b:c", False), ("./h:r", False), ("h", False)],
)
def test_a_host_stands_before_the_first_slash(location: str, expected: bool) -> None:
    assert locations.is_scp(location) is expected


def test_a_host_that_looks_like_an_option_is_refused() -> None:
    with pytest.raises(UsageError, match="host '-oProxyCommand=x'"):
        locations.is_scp("git@-oProxyCommand=x:r")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://token@h/r.git", "https://h/r.git"),
        ("https://me:pass@h:8443/r.git?private_token=x#y", "https://h:8443/r.git"),
        ("ssh://git:pass@h:22/r", "ssh://git@h:22/r"),
        ("https://me:p@ss@h/r", "https://h/r"),
        ("https://me:pa?ss@h/r", "https://h/r"),
        ("https://me:pass@[::1]:8443/r", "https://[::1]:8443/r"),
        ("https://h?token=x", "https://h"),
        ("https://me:pass@[h/r", "https://(unreadable)"),
        ("git@h:r", "git@h:r"),
        ("file:///srv/r", "file:///srv/r"),
    ],
)
def test_a_url_is_shown_without_credentials(location: str, shown: str) -> None:
    assert locations.without_credentials(location) == shown


@pytest.mark.parametrize(
    ("location", "secrets"),
    [
        ("https://me:pass@h/r?t=1", {"pass", "t=1"}),
        ("https://token@h/r", {"token"}),
        ("ssh://git:pass@h/r", {"pass"}),
        ("ssh://git@h/r", set()),
        ("https://h/r", set()),
        ("git@h:r", set()),
    ],
)
def test_credentials_are_found_to_be_hidden(location: str, secrets: set[str]) -> None:
    assert set(locations.credentials(location)) == secrets


@pytest.mark.parametrize("ref", ["", "main", "v1.0", "HEAD~2", "main^{commit}", "a" * 40])
def test_revisions_pass(ref: str) -> None:
    assert locations.checked_ref(ref) == ref


@pytest.mark.parametrize("ref", ["-x", "--output=/tmp/x", "a\nb", "a\0b"])
def test_refs_that_git_could_take_for_something_else_are_refused(ref: str) -> None:
    with pytest.raises(UsageError):
        locations.checked_ref(ref)


@pytest.mark.parametrize("ref", ["a:b", "+a", "refs/heads/*", "main~1", "main^", "a..b", "@{u}", "a b"])
def test_a_remote_ref_is_a_name_and_no_expression(ref: str) -> None:
    with pytest.raises(UsageError, match="expression"):
        locations.checked_remote_ref(ref)


@pytest.mark.parametrize(
    ("path", "short"), [("", ""), (".", ""), ("./", ""), ("a/", "a"), ("./a//b/.", "a/b"), ("a..b", "a..b")]
)
def test_paths_get_their_shortest_form(path: str, short: str) -> None:
    assert locations.checked_path(path) == short


@pytest.mark.parametrize("path", ["..", "a/../b", "/etc", "a\nb"])
def test_paths_stay_inside(path: str) -> None:
    with pytest.raises(UsageError, match="inside the source"):
        locations.checked_path(path)
