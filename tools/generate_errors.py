"""Writes docs/errors.md and docs/findings.md: every code of an error, a finding or a limit, read out of the source.

`python tools/generate_errors.py` writes; the test compares. Reads syntax trees only, so a code is documented by
the very words that its user is shown. Values that are filled in stand in angle brackets.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import rebuild
from rebuild.model.errors import RebuildError

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "errors.md"
FINDINGS = ROOT / "docs" / "findings.md"
_KEBAB = re.compile(r"[a-z<][a-z0-9<>]*(-[a-z0-9<>]+)+")
_MESSAGE, _STEP = 2, 5
"""Where a Finding has its message and its next step."""
_SEVERITY_OF = {"Limit": "limit", "hold_back": "limit", "Problem": "warning"}
"""What makes a limit, and what linting tells, which is a warning always."""
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
_HEAD = """\
# Errors

Written by `python tools/generate_errors.py` from the source; a test fails when it is stale.

`rebuild` prints each error as `error: MESSAGE [CODE]`, followed by one next step as `hint:`. Codes are stable;
messages are not. What stands in angle brackets is filled in. Findings have a page of their own:
[findings.md](findings.md).

| code | meaning | exit code | next step |
|---|---|---|---|
"""
_FINDINGS_HEAD = """\
# Findings and limits

Written by `python tools/generate_errors.py` from the source; a test fails when it is stale.

A finding is a judged fact about what is declared. An `error` stops the plan, a `warning` does not, `info` is for the
record. A `limit` is what this target cannot prove about an object: neither a failure nor a pass. Codes are stable;
messages are not. What stands in angle brackets is filled in, and several messages of one code stand below each other.

| code | severity | what it says | next step |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a finding: where it is handed the code, and the function that is called, if it is one of ours."""

    position: int
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None


@dataclass(slots=True)
class Entry:
    """What the source says about one code."""

    messages: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    severities: list[str] = field(default_factory=list)

    def add(self, message: str, step: str, severity: str) -> None:
        """Note one more place that reports it."""
        for text, kept in ((message, self.messages), (step, self.steps), (severity, self.severities)):
            if text and text not in kept:
                kept.append(text)


def error_classes() -> list[type[RebuildError]]:
    """Every class of error that the package defines, by code; the root stands for none of its own."""
    for module in pkgutil.walk_packages(rebuild.__path__, "rebuild."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: list[type[RebuildError]] = []
    open_ = [RebuildError]
    while open_:
        subclasses = [each for each in open_.pop().__subclasses__() if each.__module__.startswith("rebuild.")]
        found += subclasses
        open_ += subclasses
    return sorted(set(found), key=lambda each: (each.code, each.__name__))


def trees() -> list[ast.Module]:
    """The syntax tree of every module of the package."""
    return [ast.parse(path.read_text()) for path in sorted((ROOT / "rebuild").rglob("*.py"))]


def hints(modules: list[ast.Module]) -> dict[str, list[str]]:
    """The next steps that stand where a class of error is made, by the class's name."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for scope, call in _calls(module):
            for keyword in call.keywords:
                if keyword.arg == "hint":
                    texts = [text for text in _texts(keyword.value, scope) if text not in found[_name(call.func)]]
                    found[_name(call.func)] += texts
    return found


def codes(modules: list[ast.Module]) -> dict[str, Entry]:
    """The codes of findings and limits: what is handed as `code` to whoever makes one."""
    constants = {name: text for module in modules for name, text in _constants(module)}
    everywhere = {name: maker for module in modules for name, maker in _makers(module)}
    everywhere |= {name: Maker(0) for name in ("Finding", "Limit", "Problem")}
    found: dict[str, Entry] = defaultdict(Entry)
    for module in modules:
        makers = everywhere | dict(_makers(module))
        for scope, call in _calls(module):
            maker = makers.get(_name(call.func))
            if maker is not None:
                _note(found, scope, call, maker, constants)
        for node in ast.walk(module):
            if isinstance(node, ast.Tuple) and _is_note(node):
                texts = [text for part in node.elts for text in _texts(part, module)]
                found[texts[0]].add(texts[-1] if len(texts) > 1 else "", "", " / ".join(_severities(node)))
    return dict(sorted(found.items()))


def page() -> str:
    """The page of errors."""
    said = hints(trees())
    lines = []
    for each in error_classes():
        meaning = " ".join((each.__doc__ or "").split("\n\n")[0].split())
        lines.append(_row(f"`{each.code}`", _cell(meaning), str(int(each.exit)), _several(said.get(each.__name__, []))))
    return _HEAD + "\n".join(lines) + "\n"


def findings_page() -> str:
    """The page of findings and limits."""
    lines = [
        _row(f"`{code}`", _several(entry.severities), _several(entry.messages), _several(entry.steps))
        for code, entry in codes(trees()).items()
    ]
    return _FINDINGS_HEAD + "\n".join(lines) + "\n"


def _makers(module: ast.Module) -> Iterator[tuple[str, Maker]]:
    """The functions that are handed a code."""
    for node in ast.walk(module):
        if isinstance(node, _FUNCTION):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            if "code" in names:
                yield node.name, Maker(names.index("code"), node)


def _severity(scope: ast.AST, call: ast.Call, maker: Maker) -> str:
    """How severe what a call makes is: as the call says, or the function that is called."""
    if _name(call.func) in _SEVERITY_OF:
        return _SEVERITY_OF[_name(call.func)]
    handed = [value for each in call.args for value in [each, *_values(each, scope)]]
    said = [word for each in (*handed, *call.keywords) for word in _severities(each)]
    if not said and maker.function:
        said = _severities(maker.function)
    return " / ".join(dict.fromkeys(said))


def _severities(node: ast.AST) -> list[str]:
    attributes = (each for each in ast.walk(node) if isinstance(each, ast.Attribute))
    return [each.attr.lower() for each in attributes if _name(each.value) == "Severity"]


def _note(found: dict[str, Entry], scope: ast.AST, call: ast.Call, maker: Maker, constants: dict[str, str]) -> None:
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    code = named.get("code") or (call.args[maker.position] if len(call.args) > maker.position else None)
    if code is None:
        return
    given = [constants[code.id]] if isinstance(code, ast.Name) and code.id in constants else _texts(code, scope)
    sentences = [text for argument in call.args for text in _texts(argument, scope) if " " in text]
    messages = _texts(named["message"], scope) if "message" in named else sentences[:1]
    steps = _texts(named["next_step"], scope) if "next_step" in named else sentences[1:]
    if _name(call.func) == "Finding" and len(call.args) > _MESSAGE:
        messages = _texts(call.args[_MESSAGE], scope) or [f"<{_label(call.args[_MESSAGE])}>"]
        steps = steps if "next_step" in named else [t for each in call.args[_STEP:] for t in _texts(each, scope)]
    messages = messages or [f"<{_label(each)}>" for each in call.args if _label(each) in ("message", "reason")][:1]
    if not messages and maker.function:
        for inner in (call for _, call in _calls(ast.Module([maker.function], [])) if _name(call.func) == "Finding"):
            messages = _texts(inner.args[_MESSAGE], maker.function)
            steps = [text for each in inner.args[_STEP:] for text in _texts(each, maker.function)]
    for text in given:
        if _KEBAB.fullmatch(text):
            found[text].add(" / ".join(messages), " / ".join(steps), _severity(scope, call, maker))


def _is_note(node: ast.Tuple) -> bool:
    """A code beside its severity, to be made a finding elsewhere."""
    first, *rest = node.elts or [node]
    is_code = isinstance(first, ast.Constant) and isinstance(first.value, str) and _KEBAB.fullmatch(first.value)
    return bool(is_code) and any(isinstance(e, ast.Attribute) and _name(e.value) == "Severity" for e in rest)


def _calls(module: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call with the function it stands in, where its local names are looked up."""
    scopes = [node for node in ast.walk(module) if isinstance(node, _FUNCTION)]
    inside = {id(node): scope for scope in scopes for node in ast.walk(scope)}
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            yield inside.get(id(node), module), node


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in module.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(str() as text)):
                yield name, text


def _texts(node: ast.AST, scope: ast.AST) -> list[str]:
    """The texts that an expression can be, as far as its function alone tells."""
    match node:
        case ast.Constant(str() as text):
            return [text]
        case ast.JoinedStr(parts):
            return ["".join(str(p.value) if isinstance(p, ast.Constant) else f"<{_label(p)}>" for p in parts)]
        case ast.IfExp(_, yes, no):
            return _texts(yes, scope) + _texts(no, scope)
        case ast.BinOp(left, ast.Add(), right):
            return ["".join((_texts(left, scope) or ["<…>"])[:1] + (_texts(right, scope) or ["<…>"])[:1])]
        case ast.Name():
            return [text for value in _values(node, scope) for text in _texts(value, scope)]
    return []


def _values(node: ast.AST, scope: ast.AST) -> list[ast.expr]:
    """What a name stands for, as far as its function alone tells."""
    if not isinstance(node, ast.Name):
        return []
    return [
        each.value
        for each in ast.walk(scope)
        if isinstance(each, ast.Assign)
        and not isinstance(each.value, ast.Name)
        and any(isinstance(target, ast.Name) and target.id == node.id for target in each.targets)
    ]


def _label(node: ast.AST) -> str:
    """What a filled-in value is called: the last name in its expression."""
    if isinstance(node, ast.FormattedValue):
        return _label(node.value)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and not (isinstance(node.func.value, ast.Name) and node.args):
            return _label(node.func.value)
        return _label((node.args or [node.func])[0])
    return _name(node).strip("_") or "…"


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _several(texts: list[str]) -> str:
    return "<br>".join(_cell(text) for text in texts)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Write the pages."""
    for place, text in ((PAGE, page()), (FINDINGS, findings_page())):
        place.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{place}: {place.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
