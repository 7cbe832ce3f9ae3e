"""`rebuild lab`: clusters with a real control plane, and simulated or real nodes, on this machine alone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from rebuild.cli import finish, helping, options
from rebuild.cli.labs import given, installed, kind_provider, kit, kwok_provider
from rebuild.model.errors import UsageError
from rebuild.providers import claims, labs
from rebuild.providers.claims import LabBusy, State
from rebuild.providers.kind import lab as kind_lab
from rebuild.providers.kind.provider import KindOptions
from rebuild.providers.kwok import cluster
from rebuild.providers.kwok.binaries import Source
from rebuild.providers.labs import LabStatus
from rebuild.providers.port import Provider

_EPILOG = """\b
Examples:
  rebuild lab install
  rebuild lab install --kind
  rebuild lab up real --provider kind --kind-config kind-config/workers.yaml
  rebuild lab up demo && kubectl --kubeconfig "$(rebuild lab status demo -o kubeconfig)" get nodes
  eval "$(rebuild lab env)"
  rebuild lab down demo
"""


@click.group("lab", cls=helping.Group, epilog=_EPILOG)
def command() -> None:
    """Real control planes on this machine: etcd, API server, controllers and scheduler, with simulated nodes (kwok), or
    whole clusters in containers (kind).

    Each lab has a kubeconfig file of its own; yours is never touched. Everything listens on 127.0.0.1.
    """


@command.command("install")
@click.option(
    "--from",
    "origin",
    type=click.Choice([source.value for source in Source]),
    default=Source.BUILD.value,
    show_default=True,
    help="Build from Go modules, or let kwokctl download the official binaries.",
)
@click.option("--kind", "real_nodes", is_flag=True, help="Get the kind program and a node image instead.")
@options.progress
def install(origin: str, real_nodes: bool, mode: str) -> int:
    """Get the control plane's programs: from the cache, else built (ten minutes or more on two cores, once).

    With --kind, get what clusters of real nodes are made of: kind, and a node image. An image that Docker has or can
    pull is taken as it is; else one is built from Debian packages and Go modules, for which you have to be root.
    """
    if real_nodes and Source(origin) is not Source.BUILD:
        raise UsageError("--kind and --from go together only with `build`", hint="leave out --from")
    with finish.view_for(mode) as view:
        if real_nodes:
            found = kit(view)
            click.echo(f"{found.kind}\n{found.image}")
        else:
            click.echo(str(installed(view, Source(origin)).directory))
    return 0


@command.command("up")
@click.argument("name")
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the lab's kubeconfig to this new file as well.",
)
@click.option("--provider", type=click.Choice(options.PROVIDERS), default="kwok", show_default=True)
@click.option("--nodes", type=click.IntRange(1, 1000), default=None, help="Simulated nodes of kwok; 5 by default.")
@options.kind
@options.progress
def up(
    name: str,
    kubeconfig: Path | None,
    provider: str,
    nodes: int | None,
    kind_config: Path | None,
    image: str,
    preload: tuple[str, ...],
    mode: str,
) -> int:
    """Create a lab and print its kubeconfig file."""
    wanted = KindOptions(kind_config, image, preload)
    given((provider,), nodes, wanted)
    claims.check_name(name)  # before minutes of building
    with finish.view_for(mode) as view:
        maker: Provider = (
            kind_provider(view, wanted) if provider == "kind" else kwok_provider(view, nodes or cluster.NODES)
        )
        target = maker.create(name, kubeconfig=kubeconfig)
    click.echo(str(target.kubeconfig))
    return 0


@command.command("down")
@click.argument("name", required=False, default="")
@click.option("--all", "everything", is_flag=True, help="Every lab that `rebuild lab list` shows, orphans included.")
def down(name: str, everything: bool) -> int:
    """Remove a lab, or all of them: their processes and their files, and nothing else."""
    if bool(name) == everything:
        raise UsageError("lab down needs a name or --all, and not both", hint="`rebuild lab list` names the labs")
    names = [status.name for status in labs.list_all()] if everything else [name]
    busy: list[str] = []
    for each in names:
        try:
            click.echo(f"lab/{each} {'removed' if labs.down(each) else 'does not exist'}")
        except LabBusy:
            busy.append(each)
    if busy:
        raise LabBusy(busy)
    return 0


@command.command("list")
@options.output("table", "json", "yaml")
def list_(form: str) -> int:
    """List the labs."""
    found = labs.list_all()
    if form == "table":
        finish.table(("name", "provider", "state", "server", "created"), map(_cells, found))
    else:
        finish.data([_row(lab) for lab in found], form)
    return 0


@command.command("status")
@click.argument("name")
@options.output("table", "json", "yaml", "kubeconfig")
def status(name: str, form: str) -> int:
    """Show one lab; exits with 1 when it does not run."""
    lab = labs.status(name)
    row = _row(lab)
    if form == "kubeconfig":
        click.echo(row["kubeconfig"] or "")
    elif form == "table":
        finish.table(("field", "value"), ((key, "" if value is None else str(value)) for key, value in row.items()))
    else:
        finish.data(row, form)
    return 0 if lab.state is State.RUNNING else 1


@command.command("env")
@options.progress
def env(mode: str) -> int:
    """Print the shell line that puts the lab's kubectl and friends on PATH."""
    with finish.view_for(mode) as view:
        directory = cluster.env(installed(view))
    click.echo(f"export PATH={shlex.quote(str(directory))}:$PATH")
    return 0


def _cells(status: LabStatus) -> tuple[str, ...]:
    lab = status.lab
    return (status.name, labs.provider(status), status.state, lab.server if lab else "", lab.created if lab else "")


def _row(status: LabStatus) -> dict[str, Any]:
    lab = status.lab
    return {
        "name": status.name,
        "provider": labs.provider(status),
        "state": status.state.value,
        "server": lab.server if lab else None,
        "kubeconfig": str(lab.kubeconfig) if lab else None,
        "context": lab.context if lab else None,
        "version": lab.version if lab else None,
        "created": lab.created if lab else None,
        "auditLog": str(lab.audit_log) if lab and lab.audit_log else None,
        "directory": str(status.home),
        "pids": {} if isinstance(status, kind_lab.LabStatus) else dict(status.pids),
        "containers": dict(status.containers) if isinstance(status, kind_lab.LabStatus) else {},
    }
