"""A made-up repository of many objects that refer to each other as those of a company's environments do.

The same seed and number give the same bytes. Nothing in it is copied from anywhere.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

APPS_IN_NAMESPACE = 20
OBJECTS_OF_APP = 10
NEIGHBOURS = 9
"""So many applications' configuration is read besides the own one: that makes a graph out of many small trees."""
APPS_OF_OPERATOR = 200
"""So many applications share one CustomResourceDefinition and one ClusterRole."""
_WORDS = ("amber", "basin", "cedar", "delta", "ember", "field", "grove", "haven", "inlet", "jetty", "knoll", "ledge")


def write(root: Path, *, objects: int, seed: int) -> None:
    """Write and commit a repository with about that many objects of about 1 kB: a file for each application."""
    chance = random.Random(seed)  # noqa: S311 - it has to be foretold
    apps = max(objects // OBJECTS_OF_APP, 1)
    spaces = -(-apps // APPS_IN_NAMESPACE)
    operators = -(-apps // APPS_OF_OPERATOR)
    for number in range(operators):
        _file(root / "platform" / f"operator-{number}.yaml", (_definition(number), _cluster_role(number, chance)))
    for space in range(spaces):
        _file(root / "spaces" / f"space-{space}" / "namespace.yaml", _space(space, chance))
        first = space * APPS_IN_NAMESPACE
        secrets = (_keys(app, space, chance) for app in range(first, min(first + APPS_IN_NAMESPACE, apps)))
        _file(root / "spaces" / f"space-{space}" / "secrets.yaml", (_registry(space, chance), *secrets))
    for app in range(apps):
        space = app // APPS_IN_NAMESPACE
        _file(root / "spaces" / f"space-{space}" / f"app-{app}.yaml", _app(app, space, app % operators, chance))
    _commit(root)


def _file(path: Path, documents: Iterator[str] | tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"---\n{document}" for document in documents), encoding="utf-8")


def _commit(root: Path) -> None:
    author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Declare everything")):
        subprocess.run(["git", *author, *words], cwd=root, check=True)
    subprocess.run(["git", "repack", "-a", "-d", "--quiet"], cwd=root, check=True)


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words))


def _head(version: str, kind: str, name: str, space: int | None, app: int, chance: random.Random) -> str:
    """Metadata as generators write it."""
    namespace = "" if space is None else f"\n  namespace: space-{space}"
    return f"""apiVersion: {version}
kind: {kind}
metadata:
  name: {name}{namespace}
  labels:
    app.kubernetes.io/name: app-{app}
    app.kubernetes.io/instance: app-{app}-{app % 7}
    app.kubernetes.io/component: {chance.choice(_WORDS)}
    app.kubernetes.io/part-of: shop-{app % 50}
    app.kubernetes.io/managed-by: kustomize
  annotations:
    example.com/owner: team-{app % 40}@example.com
    example.com/about: {_prose(chance, 24)}
"""


def _data(chance: random.Random, keys: int, words: int) -> str:
    return "".join(f"  {chance.choice(_WORDS)}-{key}: {_prose(chance, words)}\n" for key in range(keys))


def _definition(number: int) -> str:
    return f"""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: databases.op{number}.example.com
spec:
  group: op{number}.example.com
  names: {{kind: Database, listKind: DatabaseList, plural: databases, singular: database}}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {{type: string}}
              replicas: {{type: integer}}
              parameters: {{type: object, additionalProperties: {{type: string}}}}
              credentialsSecretRef:
                type: object
                properties: {{name: {{type: string}}}}
              configMapName: {{type: string}}
"""


def _cluster_role(number: int, chance: random.Random) -> str:
    return f"""{_head("rbac.authorization.k8s.io/v1", "ClusterRole", f"reader-{number}", None, number, chance)}rules:
- apiGroups: [""]
  resources: [configmaps, services, endpoints]
  verbs: [get, list, watch]
- apiGroups: [op{number}.example.com]
  resources: [databases]
  verbs: [get, list, watch]
"""


def _space(space: int, chance: random.Random) -> Iterator[str]:
    yield _head("v1", "Namespace", f"space-{space}", None, space, chance)
    yield f"{_head('v1', 'ConfigMap', 'shared', space, space, chance)}data:\n{_data(chance, 6, 12)}"


def _registry(space: int, chance: random.Random) -> str:
    return f"{_head('v1', 'Secret', 'registry', space, space, chance)}stringData:\n{_data(chance, 1, 12)}"


def _app(app: int, space: int, operator: int, chance: random.Random) -> Iterator[str]:
    name = f"app-{app}"
    rbac = "rbac.authorization.k8s.io"
    yield _head("v1", "ServiceAccount", name, space, app, chance)
    yield f"{_head('v1', 'ConfigMap', f'{name}-env', space, app, chance)}data:\n{_data(chance, 12, 12)}"
    yield f"{_head('v1', 'ConfigMap', f'{name}-files', space, app, chance)}data:\n{_script(chance)}"
    yield _deployment(app, space, chance)
    yield f"""{_head("v1", "Service", name, space, app, chance)}spec:
  selector: {{app.kubernetes.io/name: {name}}}
  ports:
  - {{name: http, port: 80, targetPort: http, protocol: TCP}}
  - {{name: metrics, port: 9090, targetPort: metrics, protocol: TCP}}
"""
    yield f"""{_head(f"{rbac}/v1", "Role", name, space, app, chance)}rules:
- apiGroups: [""]
  resources: [configmaps, secrets]
  verbs: [get, list, watch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update, patch]
"""
    yield f"""{_head(f"{rbac}/v1", "RoleBinding", name, space, app, chance)}roleRef:
  apiGroup: {rbac}
  kind: {"Role" if app % 4 else "ClusterRole"}
  name: {name if app % 4 else f"reader-{operator}"}
subjects:
- {{kind: ServiceAccount, name: {name}, namespace: space-{space}}}
"""
    yield f"""{_head(f"op{operator}.example.com/v1", "Database", name, space, app, chance)}spec:
  size: {chance.choice(("small", "medium", "large"))}
  replicas: {chance.randint(1, 3)}
  credentialsSecretRef: {{name: {name}-keys}}
  configMapName: shared
  parameters:
{"".join(f"    {word}: {_prose(chance, 4)}{chr(10)}" for word in _WORDS[:6])}"""
    yield f"""{_head("networking.k8s.io/v1", "Ingress", name, space, app, chance)}spec:
  ingressClassName: nginx
  tls:
  - {{hosts: [{name}.example.com], secretName: {name}-keys}}
  rules:
  - host: {name}.example.com
    http:
      paths:
      - {{path: /, pathType: Prefix, backend: {{service: {{name: {name}, port: {{name: http}}}}}}}}
      - {{path: /metrics, pathType: Prefix, backend: {{service: {{name: {name}, port: {{name: metrics}}}}}}}}
"""


def _script(chance: random.Random) -> str:
    return "  start.sh: |\n" + "".join(f"    echo {_prose(chance, 8)}\n" for _ in range(16))


def _keys(app: int, space: int, chance: random.Random) -> str:
    return f"{_head('v1', 'Secret', f'app-{app}-keys', space, app, chance)}stringData:\n{_data(chance, 8, 10)}"


def _deployment(app: int, space: int, chance: random.Random) -> str:
    name = f"app-{app}"
    first = space * APPS_IN_NAMESPACE
    others = sorted(chance.sample(range(first, app), min(NEIGHBOURS, app - first)))
    neighbours = "".join(f"        - configMapRef: {{name: app-{other}-env}}\n" for other in others)
    return f"""{_head("apps/v1", "Deployment", name, space, app, chance)}spec:
  replicas: {chance.randint(1, 4)}
  selector:
    matchLabels: {{app.kubernetes.io/name: {name}}}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
        app.kubernetes.io/part-of: shop-{app % 50}
    spec:
      serviceAccountName: {name}
      imagePullSecrets:
      - name: registry
      containers:
      - name: main
        image: registry.example.com/shop/app-{app % 500}:1.{app % 9}.{app % 5}
        envFrom:
        - configMapRef: {{name: {name}-env}}
        - configMapRef: {{name: shared}}
{neighbours}        env:
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {{name: {name}-keys, key: {_WORDS[0]}-0, optional: true}}
        ports:
        - {{name: http, containerPort: 8080}}
        - {{name: metrics, containerPort: 9090}}
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits: {{memory: 256Mi}}
        readinessProbe:
          httpGet: {{path: /healthz, port: http}}
          periodSeconds: 5
        volumeMounts:
        - {{name: files, mountPath: /scripts}}
      volumes:
      - name: files
        configMap: {{name: {name}-files}}
"""
