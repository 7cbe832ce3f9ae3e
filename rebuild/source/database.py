"""Where a repository on this machine keeps its objects: in itself, or also where its owner told Git to look.

What Git transfers never brings these settings along, but an archive that somebody unpacked may. As Git does since
CVE-2022-39253 when it clones, a link out of the repository is refused. An alternates file is followed, since
`git clone --shared` and `--reference` write one, as long as it leads to the objects of other repositories, through any
number of them: whoever runs rebuild made those clones, and Git without rebuild would read the same. Anything else that
it names is refused. A linked work tree has its objects in its repository, and so needs neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rebuild.model.errors import Refused


class ForeignObjects(Refused):
    """A repository would have objects read from a place that is none of Git's."""

    code = "foreign-objects"


def assert_own(git_dir: Path) -> None:
    """Make sure that reading objects stays in repositories.

    Args:
        git_dir: Where the repository has its objects; for a linked work tree that is the one that it belongs to.

    Raises:
        ForeignObjects: with the link or the alternates file that leads elsewhere.
    """
    waiting, seen = [git_dir.resolve()], set[Path]()
    while waiting:
        home = waiting.pop()
        if home not in seen:
            seen.add(home)
            _assert_no_link_out(home)
            waiting += _others(home)


def _assert_no_link_out(home: Path) -> None:
    objects = home / "objects"
    for place in (objects, *_entries(objects), objects / "info" / "alternates"):
        if place.is_symlink() and not place.resolve().is_relative_to(home):
            raise ForeignObjects(
                f"{place} is a symbolic link to {place.readlink()}, which is outside of the repository",
                hint="if you know where that leads, read it through Git: give file://PATH",
            )


def _others(home: Path) -> Iterator[Path]:
    """The repositories whose objects Git would look into; those that are gone it passes over, and so do we."""
    alternates = home / "objects" / "info" / "alternates"
    if not alternates.is_file():
        return
    for line in alternates.read_text(errors="surrogateescape").splitlines():
        place = home / "objects" / line
        if not line or line.startswith("#") or not place.exists():
            continue
        other = place.resolve().parent
        if place.resolve().name != "objects" or not ((other / "HEAD").is_file() and (other / "refs").is_dir()):
            raise ForeignObjects(
                f"{alternates} leads to {line!r}, where no Git repository has its objects",
                hint="take the line out of the file, or clone the repository again from where it came from",
            )
        yield other


def _entries(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())
