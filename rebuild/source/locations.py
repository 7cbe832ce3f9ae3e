"""What the text that names a source may say, decided before any program sees it.

Locations, refs and paths end up as operands of the git program, and some of its URL forms run commands
(`ext::`). Only listed forms pass; everything else is refused here, by its own name. No I/O.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from rebuild.model.errors import UsageError

SCHEMES = ("https", "ssh", "file")
"""What may be fetched from. `http` and `git` are left out: anybody on the way could change what they carry."""

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(.*)", re.DOTALL)
# What comes before the last @ is the user's, whatever it holds; a query may follow the host.
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^:]*?)(?::(?P<password>.*))?@)?(?P<host>(?:\[[\w.:%-]*\]|[^][:@?#]*)(?::[0-9]*)?)(?:[?#].*)?",
    re.DOTALL,
)
_QUERY = re.compile(r"[?#]")
# git-clone(1): the form is a host as long as no slash comes before the first colon.
_SCP = re.compile(r"(?:[^/:@]+@)?(?P<host>[^/:@]+|\[[^/\]]+\]):(?P<path>.+)", re.DOTALL)
# git-check-ref-format(1) allows none of these in a name; in a refspec they select, negate or map refs.
_NOT_IN_A_NAME = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")


def is_url(location: str) -> bool:
    """Whether a location names a remote repository rather than a path of this machine.

    Raises:
        UsageError: the form runs a helper program, or its scheme is not among `SCHEMES`; or there is no text.
    """
    if not location:
        # What a shell makes of a variable that is not set, and never a way to say the current folder.
        raise UsageError("the source is empty", hint="name a repository or a folder; `.` is the one you are in")
    _refuse_option("source", location)
    if not location.isprintable():
        raise UsageError(
            f"source {without_credentials(location)!r} holds a character that no address has", hint=_say_schemes()
        )
    if _HELPER.match(location):
        raise UsageError(
            f"source {location!r} asks Git to run a helper program, which is not allowed", hint=_say_schemes()
        )
    if url := _URL.fullmatch(location):
        scheme, authority, path = url.groups()
        if scheme not in SCHEMES:
            raise UsageError(
                f"source {without_credentials(location)!r}: the scheme {scheme!r} is not supported",
                hint=_say_schemes(),
            )
        if "\\" in authority + path or " " in authority + path:
            raise UsageError(
                f"source {without_credentials(location)!r} holds a character that programs read differently",
                hint="write a blank as %20, and a slash as /",
            )
        _refuse_option("host", unquote(authority))
        _refuse_option("host", unquote(authority).rpartition("@")[2])
        if not _parts(scheme, authority):
            raise UsageError(
                f"source {without_credentials(location)!r} has no host where one has to be",
                hint=f"write {scheme}://HOST/PATH, with %2F for a slash in a password, or git@HOST:PATH",
            )
        return True
    return False


def is_scp(location: str) -> bool:
    """Whether a location has the form `[user@]host:path`; a path of that name on this machine goes before it."""
    scp = _SCP.fullmatch(location)
    if scp:
        _refuse_option("host", scp["host"])
        _refuse_option("path", scp["path"])
    return scp is not None


def without_credentials(location: str) -> str:
    """A URL as it may be shown: without a password, a token, a query or a fragment.

    The user name stays with `ssh`, where it belongs to the address (`git@`); with `https` it is often the token.
    """
    url = _URL.fullmatch(location)
    if not url:
        return location
    scheme, authority, path = url.groups()
    parts = _parts(scheme, authority)
    if not parts:
        return f"{scheme}://(unreadable)"
    user = parts["user"] if scheme == "ssh" else ""
    shown = f"{user}@" if user and not _QUERY.search(user) else ""
    return f"{scheme}://{shown}{parts['host']}{_QUERY.split(path)[0]}"


def credentials(location: str) -> tuple[str, ...]:
    """The confidential parts of a URL, longest first, so that messages of other programs can be cleaned of them.

    Beside a password the user name is none; alone in an `https` URL it is a token.
    """
    url = _URL.fullmatch(location)
    parts = _parts(url[1], url[2]) if url else None
    if not parts:
        return ()
    token = "" if location.startswith("ssh:") else parts["user"]
    secrets = (parts["password"] or token, location.partition("?")[2])
    return tuple(sorted((secret for secret in secrets if secret), key=len, reverse=True))


def checked_ref(ref: str) -> str:
    """A revision that git cannot take for an option.

    Raises:
        UsageError: it begins with a dash or holds a control character.
    """
    _refuse_option("ref", ref)
    if not ref.isprintable():
        raise UsageError(f"ref {ref!r} holds a character that no revision has", hint="name a branch, tag or commit")
    return ref


def checked_remote_ref(ref: str) -> str:
    """A revision that a remote repository can be asked for: a branch, a tag, a full commit id.

    Raises:
        UsageError: it is an expression such as `main~1`, which takes a history to resolve, or a refspec.
    """
    if _NOT_IN_A_NAME.search(ref) or ref.startswith("+"):
        raise UsageError(
            f"ref {ref!r} is an expression, which a remote repository cannot be asked for",
            hint="name a branch, a tag or a full commit id, or clone the repository and give its path",
        )
    return ref


def checked_path(path: str) -> str:
    """A path below the root of a source, in its shortest form; empty for the root itself.

    Raises:
        UsageError: it leads out of the source.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not path.isprintable():
        raise UsageError(
            f"path {path!r} does not stay inside the source",
            hint="give a path relative to the root of the source, without `..`",
        )
    return "" if pure == PurePosixPath() else str(pure)


def _parts(scheme: str, authority: str) -> re.Match[str] | None:
    """User, password and host; None where no host stands, which only a file needs none of."""
    parts = _AUTHORITY.fullmatch(authority)
    return parts if parts and (parts["host"] or scheme == "file") else None


def _refuse_option(what: str, text: str) -> None:
    if text.startswith("-"):
        raise UsageError(f"{what} {text!r} begins with a dash", hint="put `./` before a path that begins with a dash")


def _say_schemes() -> str:
    return "use https://, ssh://, git@host:path, file:// or a path"
