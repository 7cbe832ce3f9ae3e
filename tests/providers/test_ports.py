from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.providers.kwok import ports

numbers = st.sets(st.sampled_from(ports.RANGE), max_size=200)


@given(seed=st.text(), taken=numbers, busy=numbers)
def test_every_listener_gets_a_port_of_its_own_that_nobody_has(seed: str, taken: set[int], busy: set[int]) -> None:
    chosen = ports.choose(seed, taken, lambda port: port not in busy)
    assert list(chosen) == list(ports.LISTENERS)
    assert len(set(chosen.values())) == len(ports.LISTENERS)
    assert not set(chosen.values()) & (taken | busy)
    assert set(chosen.values()) <= set(ports.RANGE)


def test_a_full_range_is_an_error() -> None:
    with pytest.raises(ports.NoPorts):
        ports.choose("demo", set(ports.RANGE), lambda _: True)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_somebody_listens_on_is_not_free(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        assert not ports.is_free(port)
    assert ports.is_free(port)
