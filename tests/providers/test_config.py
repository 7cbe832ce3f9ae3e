from __future__ import annotations

from pathlib import Path

from rebuild.providers.kwok import config, ports
from rebuild.providers.kwok.binaries import Binaries, Source
from rebuild.providers.kwok.paths import Layout

LAYOUT = Layout(Path("/state/labs/demo"))
PORTS = {name: 20000 + n for n, name in enumerate(ports.LISTENERS)}


def settings(source: Source) -> dict[str, object]:
    options = config.kwokctl(LAYOUT, Binaries(Path("/cache/bin"), source), PORTS)["options"]
    assert isinstance(options, dict)
    return options


def test_kwokctl_is_told_loopback_and_a_port_for_every_listener() -> None:
    options = settings(Source.BUILD)
    assert options["bindAddress"] == "127.0.0.1"
    assert set(PORTS.values()) <= set(options.values())


def test_flow_control_stays_on_while_the_controllers_are_unlocked() -> None:
    told = config.kwokctl(LAYOUT, Binaries(Path("/cache/bin"), Source.BUILD), PORTS)
    assert "disableQPSLimits" not in told["options"]
    flags = {patch["name"]: {arg["key"] for arg in patch["extraArgs"]} for patch in told["componentsPatches"]}
    assert {"kube-api-qps", "kube-api-burst"} <= flags["kube-controller-manager"] & flags["kube-scheduler"]


def test_built_programs_are_named_and_others_are_left_to_kwokctl() -> None:
    built = {key for key in settings(Source.BUILD) if key.endswith("Binary")}
    assert built == {
        "etcdBinary",
        "kubectlBinary",
        "kubeApiserverBinary",
        "kubeControllerManagerBinary",
        "kubeSchedulerBinary",
        "kwokControllerBinary",
    }
    assert {key for key in settings(Source.DOWNLOAD) if key.endswith("Binary")} == {"kwokControllerBinary"}


def test_bodies_are_never_audited() -> None:
    assert [rule["level"] for rule in config.AUDIT_POLICY["rules"]] == ["Metadata"]


def test_the_default_class_of_the_baseline_is_the_one_that_is_created() -> None:
    assert config.STORAGE_CLASS["metadata"]["name"] == config.BASELINE.default_storage_class
    assert config.BASELINE.storage_classes == {config.BASELINE.default_storage_class}
