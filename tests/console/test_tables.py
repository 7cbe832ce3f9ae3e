"""Tables fit where they are printed."""

from __future__ import annotations

import io

from msgspec.structs import replace

from rebuild.console.tables import print_plan, print_table
from rebuild.graph import rank
from rebuild.model import kinds
from rebuild.model.edges import Edge
from rebuild.model.findings import Finding, Limit, Severity
from rebuild.model.images import Image, NeededImage
from rebuild.model.objects import Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.plan.steps import Action, Plan, Step
from tests.console import story

HEADERS = ("name", "state", "server")
LABS = [("one", "running", "https://127.0.0.1:40001"), ("a-longer-name", "stopped", "https://127.0.0.1:40002")]


def printed(width: int | None = None, rows: list[tuple[str, str, str]] = LABS, title: str = "") -> list[str]:
    stream = io.StringIO()
    print_table(stream, HEADERS, rows, title=title, width=width)
    return stream.getvalue().splitlines()


def plan(actions: dict[Ref, Action], edges: tuple[Edge, ...] = (), limits: tuple[Limit, ...] = ()) -> Plan:
    """A plan as it is built, with the tails of the graph."""
    tails = rank.tails(actions, edges)
    steps = {
        ref: Step(Manifest(ref, {}, Origin("shop.yaml", 1)), action, tail=tails[ref]) for ref, action in actions.items()
    }
    finding = Finding("api-deprecated", Severity.WARNING, "old", story.WEB, Origin("shop.yaml", 9), "use apps/v1")
    return Plan(steps, edges, frozenset(), kinds.builtin(), (finding,), limits)


def test_a_table_looks_like_one_of_kubectl() -> None:
    assert printed() == [
        "NAME           STATE    SERVER",
        "one            running  https://127.0.0.1:40001",
        "a-longer-name  stopped  https://127.0.0.1:40002",
    ]


def test_a_row_stays_a_line_where_there_is_no_terminal() -> None:
    assert len(printed(rows=[("x" * 500, "y" * 500, "z" * 500)])) == 2


def test_a_narrow_terminal_folds_cells_and_loses_nothing() -> None:
    lines = printed(width=30)
    assert max(map(len, lines)) <= 30
    assert len(lines) > 3
    folded = "".join("".join(lines).split())
    assert all(folded.count(c) >= "".join(LABS[1]).count(c) for c in "".join(LABS[1]))


def test_a_title_stands_alone_where_there_are_no_rows() -> None:
    assert printed(rows=[], title="no labs") == ["no labs"]
    assert printed(rows=[]) == []


def test_hostile_cells_are_shown_as_they_are_without_effect() -> None:
    lines = printed(rows=[("[red]x[/red]", "\x1b[2J\r\n", "\u202eabc :smile:")], title="[b]t[/b]\x1b")
    assert lines == ["[b]t[/b]", "NAME          STATE  SERVER", "[red]x[/red]  [2J    abc :smile:"]


def test_a_plan_is_counted_by_namespace_and_kind_with_findings_limits_and_the_expected_course() -> None:
    other = Ref.of("v1", "ConfigMap", "shop", "other")
    actions = {
        story.SHOP: Action.CREATE,
        story.CONFIG: Action.KEEP,
        other: Action.CREATE,
        story.WEB: Action.CREATE,
        story.WIDGET: Action.HOLD_BACK,
    }
    edges = (story.edge(story.WEB, story.CONFIG, why="mounts it"),)
    stream = io.StringIO()
    print_plan(stream, plan(actions, edges, (Limit("held-back-api", story.WIDGET, "nothing answers"),)))
    assert stream.getvalue().splitlines() == [
        "5 objects: 3 create, 1 keep, 1 hold-back",
        "NAMESPACE  KIND                OBJECTS  ACTION",
        "-          Namespace           1        1 create",
        "shop       ConfigMap           2        1 create, 1 keep",
        "shop       Deployment.apps     1        1 create",
        "shop       Widget.example.com  1        1 hold-back",
        "",
        "1 finding",
        "SEVERITY  CODE            WHERE        MESSAGE",
        "warning   api-deprecated  shop.yaml:9  old (use apps/v1)",
        "",
        "1 limit of this target",
        "CODE           OBJECT                           MESSAGE",
        "held-back-api  example.com/v1/Widget/shop/blue  nothing answers",
        "",
        "critical path: 15.0 s expected, not measured",
        "AT     OBJECT                       TAKES   WAITS BECAUSE                      FROM",
        "0.0 s  v1/ConfigMap/shop/settings   0.0 s   -                                  prior",
        "0.0 s  apps/v1/Deployment/shop/web  15.0 s  mounts it (hard, until it exists)  prior",
        "",
        "writes that may leave",
        "SECOND  WRITES",
        "0 s     3",
    ]


def test_the_images_of_a_plan_are_counted_by_registry_and_listed_when_asked_for() -> None:
    images = (
        NeededImage(Image("docker.io", "library/nginx", "1.27"), ("Always", "Never"), (story.WEB,)),
        NeededImage(Image("quay.io", "shop/api", "2"), ("IfNotPresent",), (story.WEB, story.SHOP)),
    )
    short, wide = io.StringIO(), io.StringIO()
    print_plan(short, replace(plan({}), findings=(), images=images))
    print_plan(wide, replace(plan({}), findings=(), images=images), wide=True)
    assert short.getvalue().splitlines()[2:] == [
        "2 images",
        "REGISTRY   IMAGES",
        "docker.io  1",
        "quay.io    1",
    ]
    assert wide.getvalue().splitlines()[2:] == [
        "2 images",
        "IMAGE                         PULL POLICY    USED BY",
        "docker.io/library/nginx:1.27  Always, Never  apps/v1/Deployment/shop/web",
        "quay.io/shop/api:2            IfNotPresent   apps/v1/Deployment/shop/web, v1/Namespace/-/shop",
    ]


def test_an_empty_plan_has_nothing_to_do() -> None:
    stream = io.StringIO()
    print_plan(stream, Plan({}, (), frozenset(), kinds.builtin()))
    assert stream.getvalue() == "0 objects: nothing to do\n"
