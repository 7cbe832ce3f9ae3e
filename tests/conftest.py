"""What every test may ask for: the lab's programs, one lab for all, or labs of its own.

No test sees the user's own labs: the state directory is a temporary one. The cache of programs is the user's,
since filling it takes minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect, open_transport
from rebuild.cluster.transport import Transport
from rebuild.providers import labs
from rebuild.providers.kwok import binaries, build
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok.lab import Lab
from rebuild.system import places
from tests.support import fault_record

# Commands that tests start would otherwise compile every module anew, which takes longer than what they do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

TOGETHER = ("tests/kind/", "tests/accuracy/")
"""Folders whose tests share a cluster that takes long to make, or look at what is left in Docker."""

LabMaker = Callable[..., Lab]

# A clock on the wall would judge the machine; what must not grow is counted.
settings.register_profile("rebuild", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rebuild")


def pytest_configure(config: pytest.Config) -> None:
    """Note the outcomes of fault tests where somebody wants to have them."""
    folder = os.environ.get(fault_record.VARIABLE)
    if folder and not hasattr(config, "workerinput"):
        config.pluginmanager.register(fault_record.FaultRecord(Path(folder)))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite runs on one worker more than there are cores, since that with the real nodes mostly waits.

    What is named on the command line runs in the process itself: it starts at once, and a debugger works.
    """
    return (os.cpu_count() or 1) + 1 if config.args == config.getini("testpaths") else 0


class ByFile(LoadFileScheduling):  # type: ignore[misc] # xdist is not typed
    """A file's tests run on one worker, as they share fixtures; so do those of some folders."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return next((folder for folder in TOGETHER if scope.startswith(folder)), scope)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Who runs what: the largest part first."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first live test may have to build the lab's programs: no test's time-out should cut that short."""
    fault_record.note_marks(items)
    for item in items:
        for marker, seconds in (("live", 180), ("kind", 300)):
            if item.get_closest_marker(marker) and not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(seconds, func_only=True))


@pytest.fixture(scope="session", autouse=True)
def private_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Labs live in a directory of this session; those that a test forgot are removed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))
        yield
        for left in labs.list_all():
            labs.down(left.name)


@pytest.fixture(scope="session")
def lab_binaries() -> binaries.Binaries:
    """The lab's programs, built on first use."""
    return build.install()


@pytest.fixture(scope="session")
def lab(lab_binaries: binaries.Binaries, private_state: None) -> Iterator[Lab]:
    """One running lab for all tests that only add namespaces of their own."""
    yield kwok.up("shared", lab_binaries)
    kwok.down("shared")


@pytest.fixture(scope="session")
def outside(lab: Lab) -> Iterator[Transport]:
    """Somebody else's connection to the lab."""
    opened = open_transport(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture
def cluster(lab: Lab) -> Iterator[ApiServer]:
    """The run's own connection."""
    opened = connect(context=lab.context, kubeconfig=lab.kubeconfig)
    yield opened
    opened.close()


@pytest.fixture
def make_lab(lab_binaries: binaries.Binaries) -> Iterator[LabMaker]:
    """Makes labs that end with the test; takes the keyword arguments of `cluster.up`, and `name`."""
    made: list[str] = []
    numbers = count(1)

    def make(name: str = "", **options: object) -> Lab:
        chosen = name or f"own-{next(numbers)}"
        made.append(chosen)
        return kwok.up(chosen, lab_binaries, **options)  # type: ignore[arg-type]

    yield make
    for name in made:
        kwok.down(name)
