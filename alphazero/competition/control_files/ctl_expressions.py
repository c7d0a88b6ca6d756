"""Evaluator for expressions of control files, with Python's results or an error that names the line."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from alphazero.competition.control_files import (
    ctl_arguments,
    ctl_bounds,
    ctl_calls,
    ctl_grammar,
    ctl_operators,
    ctl_text,
    sourced,
)
from alphazero.competition.control_files.ctl_bounds import ITEM, STEP, CallRecord, Function
from alphazero.competition.control_files.ctl_places import Places


@dataclass(slots=True)
class Scope:
    """Names and their values, in the file, a call or a comprehension."""

    names: frozenset[str] | None  # names local to this scope; None for all, in the file's own scope
    values: dict[str, Any]
    parent: "Scope | None" = None

    def owner(self, name: str) -> "Scope":
        """The scope to which the name belongs."""
        scope = self
        while scope.parent is not None and name not in (scope.names or ()):
            scope = scope.parent
        return scope


class ExpressionEvaluator:
    """Evaluates expressions; `run` executes a function's body in a scope and returns its value."""

    def __init__(self, run: Callable[[Function, Scope], Any]) -> None:
        self.budget = ctl_bounds.WorkBudget()
        self.places = Places()
        self.used: set[str] = set()
        self.file = Scope(None, {})
        self._run = run

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""
        self.budget.spend(STEP, node.lineno)
        return _VALUES[type(node)](self, node, scope)

    def assign(self, target: ast.expr, value: Any, scope: Scope, line: int) -> None:
        """Assigns a value to a name or an item, or unpacks it into several of them."""
        self.budget.spend(STEP, line)
        if isinstance(target, ast.Name):
            scope.owner(target.id).values[target.id] = value
        elif isinstance(target, ast.Subscript):
            self.set_item(self.value(target.value, scope), self.value(target.slice, scope), value, line)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = ctl_calls.items(value, self.budget, line)
            if len(parts) != len(target.elts):
                raise sourced.mistake(
                    line, f"{len(parts)} values cannot be unpacked into {len(target.elts)} names"
                )
            for part_target, part in zip(target.elts, parts, strict=True):
                self.assign(part_target, part, scope, line)

    def set_item(self, container: Any, key: Any, value: Any, line: int) -> None:
        """`container[key] = value`."""
        ctl_operators.set_item(container, key, value, self.budget, line)
        self.places.note_part(container, key % len(container) if isinstance(container, list) else key, line)

    def iterate(self, value: Any, line: int) -> Iterator[Any]:
        """Iterates over a list, a tuple, a text or the keys of a dictionary, at a charge per item."""
        ctl_calls.check_iterable(value, line)
        parts = iter(value)
        while True:
            self.budget.spend(STEP, line)
            try:
                part = next(parts)
            except StopIteration:
                return
            except RuntimeError as error:
                raise sourced.mistake(line, ctl_bounds.reason(error)) from None
            yield part

    def _constant(self, node: ast.Constant, scope: Scope) -> Any:
        if isinstance(node.value, str):
            self.budget.spend(len(node.value), node.lineno)
        return ctl_bounds.checked(node.value, node.lineno)

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        owner = scope.owner(node.id)
        if node.id not in owner.values:
            if node.id in ctl_grammar.CALLABLE:
                raise sourced.mistake(node.lineno, f"{node.id} can only be called")
            where = "above this line" if owner is self.file else "before it is used"
            raise sourced.mistake(
                node.lineno, f"{sourced.shown(node.id)} is not set {where}; {ctl_grammar.ALLOWED}"
            )
        if owner is self.file:
            self.used.add(node.id)
        value = owner.values[node.id]
        if isinstance(value, Function):
            raise sourced.mistake(node.lineno, f"the function {node.id} can only be called")
        return value

    def _parts(self, nodes: list[ast.expr], scope: Scope) -> tuple[list[Any], list[int]]:
        """The values of a list's items, and their lines."""
        parts: list[Any] = []
        lines: list[int] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                parts += ctl_calls.items(self.value(node.value, scope), self.budget, node.lineno)
            else:
                parts.append(self.value(node, scope))
            lines += [node.lineno] * (len(parts) - len(lines))
        self.budget.spend(ITEM * len(parts), nodes[0].lineno if nodes else 1)
        return parts, lines

    def _sequence(self, node: ast.List | ast.Tuple, scope: Scope) -> list[Any] | tuple[Any, ...]:
        parts, lines = self._parts(node.elts, scope)
        made = self.places.note(parts if isinstance(node, ast.List) else tuple(parts), node.lineno)
        for index, line in enumerate(lines):
            self.places.note_part(made, index, line)
        return made

    def _dict(self, node: ast.Dict, scope: Scope) -> dict[Any, Any]:
        made = self.places.note({}, node.lineno)
        written = set()
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            if key_node is None:
                more = self.value(value_node, scope)
                if not isinstance(more, dict):
                    raise sourced.mistake(value_node.lineno, "** needs a dictionary")
                made.update(ctl_calls.pairs(more, self.budget, value_node.lineno))
                continue
            key, line = self.value(key_node, scope), key_node.lineno
            ctl_bounds.check_key(key, line)
            if key in written:
                raise sourced.mistake(line, f"{sourced.shown(key)} is given twice")
            written.add(key)
            self.set_item(made, key, self.value(value_node, scope), line)
        return made

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Any:
        return ctl_operators.unary(node.op, self.value(node.operand, scope), node.lineno)

    def _binary(self, node: ast.BinOp, scope: Scope) -> Any:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        return ctl_operators.binary(node.op, left, right, self.budget, node.lineno)

    def _either(self, node: ast.BoolOp, scope: Scope) -> Any:
        value = None
        for part in node.values:
            value = self.value(part, scope)
            if bool(value) is isinstance(node.op, ast.Or):
                return value
        return value

    def _compare(self, node: ast.Compare, scope: Scope) -> bool:
        left = self.value(node.left, scope)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.value(right_node, scope)
            if not ctl_operators.compare(op, left, right, self.budget, right_node.lineno):
                return False
            left = right
        return True

    def _choice(self, node: ast.IfExp, scope: Scope) -> Any:
        return self.value(node.body if self.value(node.test, scope) else node.orelse, scope)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        container = self.value(node.value, scope)
        return ctl_operators.item(container, self.value(node.slice, scope), self.budget, node.lineno)

    def _slice(self, node: ast.Slice, scope: Scope) -> slice:
        bounds = (node.lower, node.upper, node.step)
        return slice(*(None if bound is None else self.value(bound, scope) for bound in bounds))

    def _joined(self, node: ast.JoinedStr, scope: Scope) -> str:
        text = "".join(self._text(part, scope) for part in node.values)
        self.budget.spend(len(text), node.lineno)
        return ctl_bounds.checked(text, node.lineno)

    def _text(self, node: ast.expr, scope: Scope) -> str:
        if not isinstance(node, ast.FormattedValue):
            return self.value(node, scope)
        value = self.value(node.value, scope)
        spec = "" if node.format_spec is None else self.value(node.format_spec, scope)
        return ctl_text.field(value, node.conversion, spec, self.budget, node.lineno)

    def _list_of(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope) -> list[Any]:
        made = self.places.note([], node.lineno)
        for inner in self._rounds(node.generators, scope):
            part = self.value(node.elt, inner)
            self.budget.spend(ITEM, node.lineno)
            made.append(part)
            self.places.note_part(made, len(made) - 1, node.elt.lineno)
        return made

    def _dict_of(self, node: ast.DictComp, scope: Scope) -> dict[Any, Any]:
        made = self.places.note({}, node.lineno)
        for inner in self._rounds(node.generators, scope):
            key = self.value(node.key, inner)
            self.set_item(made, key, self.value(node.value, inner), node.key.lineno)
        return made

    def _rounds(self, generators: list[ast.comprehension], scope: Scope) -> Iterator[Scope]:
        """Yields the comprehension's scope once per iteration."""
        names = frozenset().union(*(ctl_grammar.stored(generator.target) for generator in generators))
        first = self.value(generators[0].iter, scope)
        yield from self._nested(generators, first, Scope(names, {}, scope))

    def _nested(self, generators: list[ast.comprehension], values: Any, inner: Scope) -> Iterator[Scope]:
        generator, *others = generators
        line = generator.target.lineno
        for value in self.iterate(values, line):
            self.assign(generator.target, value, inner, line)
            if all(self.value(test, inner) for test in generator.ifs):
                if others:
                    yield from self._nested(others, self.value(others[0].iter, inner), inner)
                else:
                    yield inner

    def _called(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func, scope)
        if not isinstance(node.func, ast.Name):
            ctl_grammar.refuse(node, "a call of a value")
        name = node.func.id
        owner = scope.owner(name)
        if name in owner.values:
            function = owner.values[name]
            if not isinstance(function, Function):
                raise sourced.mistake(node.lineno, f"{name} is not a function")
            self.used.add(name)
            values = ctl_arguments.local_values(function, self._arguments(node, scope, name))
            return self._run(function, Scope(function.local_names, values, self.file))
        if name in ctl_calls.MAKERS:
            return self._record(name, node, scope)
        if name not in ctl_calls.FUNCTIONS:
            ctl_grammar.refuse(node, f"a call of {name}")
        made = ctl_calls.call(name, ctl_calls.FUNCTIONS[name], (), self._arguments(node, scope, name))
        if name == "dict":
            self._note_keywords(made, node)
        return made

    def _method(self, node: ast.Call, attribute: ast.Attribute, scope: Scope) -> Any:
        owner = self.value(attribute.value, scope)
        name = attribute.attr
        callee = ctl_calls.METHODS.get(type(owner), {}).get(name)
        if callee is None:
            ctl_grammar.refuse(node, f"a call of .{name}")
        made = ctl_calls.call(f".{name}", callee, (owner,), self._arguments(node, scope, name))
        if name == "append":
            self.places.note_part(owner, len(owner) - 1, node.lineno)
        elif name == "update":
            self._note_keywords(owner, node)
        return made

    def _record(self, name: str, node: ast.Call, scope: Scope) -> CallRecord:
        lines = {keyword.arg: keyword.lineno for keyword in node.keywords}
        record = ctl_arguments.record(name, self._arguments(node, scope, name), lines)
        self.places.note(record, node.lineno)
        self._note_keywords(record, node)
        return record

    def _note_keywords(self, made: Any, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg is not None:
                self.places.note_part(made, keyword.arg, keyword.lineno)

    def _arguments(self, node: ast.Call, scope: Scope, name: str) -> ctl_calls.Call:
        if (
            len(node.args) == 1
            and isinstance(node.args[0], ast.GeneratorExp)
            and name in ctl_calls.TAKE_GENERATORS
        ):
            args = [self._list_of(node.args[0], scope)]
        else:
            args, _ = self._parts(node.args, scope)
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            if keyword.arg is None and not isinstance(value, dict):
                raise sourced.mistake(keyword.lineno, "** needs a dictionary")
            pairs = {keyword.arg: value} if keyword.arg is not None else value
            self.budget.spend(ITEM * len(pairs), keyword.lineno)
            for key, part in pairs.items():
                if not isinstance(key, str):
                    raise sourced.mistake(
                        keyword.lineno, f"{sourced.shown(key)} is not the name of an argument"
                    )
                if key in kwargs:
                    raise sourced.mistake(keyword.lineno, f"{key} is given twice")
                kwargs[key] = part
        return ctl_calls.Call(args, kwargs, self.budget, node.lineno)


def _refused(evaluator: ExpressionEvaluator, node: ast.AST, scope: Scope) -> Any:
    ctl_grammar.refuse(node)


_VALUES: dict[type, Callable[..., Any]] = {
    ast.Constant: ExpressionEvaluator._constant,
    ast.Name: ExpressionEvaluator._name,
    ast.List: ExpressionEvaluator._sequence,
    ast.Tuple: ExpressionEvaluator._sequence,
    ast.Dict: ExpressionEvaluator._dict,
    ast.UnaryOp: ExpressionEvaluator._unary,
    ast.BinOp: ExpressionEvaluator._binary,
    ast.BoolOp: ExpressionEvaluator._either,
    ast.Compare: ExpressionEvaluator._compare,
    ast.IfExp: ExpressionEvaluator._choice,
    ast.Subscript: ExpressionEvaluator._subscript,
    ast.Slice: ExpressionEvaluator._slice,
    ast.JoinedStr: ExpressionEvaluator._joined,
    ast.ListComp: ExpressionEvaluator._list_of,
    ast.DictComp: ExpressionEvaluator._dict_of,
    ast.Call: ExpressionEvaluator._called,
    ast.Attribute: _refused,
    ast.Starred: _refused,
    ast.GeneratorExp: _refused,
}
"""Evaluation method of each kind of expression."""
