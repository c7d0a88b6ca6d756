"""Interpreter for statements of control files."""

import ast
from enum import Enum, auto
from typing import Any, NamedTuple

from alphazero.competition.control_files import (
    ctl_bounds,
    ctl_grammar,
    ctl_operators,
    setting_entries,
    settings,
    sourced,
)
from alphazero.competition.control_files.ctl_bounds import STEP, Function
from alphazero.competition.control_files.ctl_expressions import ExpressionEvaluator, Scope
from alphazero.competition.control_files.sourced import Sourced


class _Jump(Enum):
    BREAK = auto()
    CONTINUE = auto()


class _Return(NamedTuple):
    value: Any


_Outcome = _Jump | _Return | None
"""How a statement leaves its body; None if the next statement follows."""


class Interpreter:
    """Interprets the statements of a file in order."""

    def __init__(self) -> None:
        self._evaluator = ExpressionEvaluator(self._run)
        self._lines: dict[str, int] = {}  # line of the last assignment to each name of the file
        self._num_calls = 0

    def read(self, statement: ast.stmt) -> None:
        """Interprets a statement of the file; raises ValueError "line N: ..." for unsupported content."""
        ctl_grammar.check(statement)
        outcome = self._execute(statement, self._evaluator.file)
        if outcome is not None:
            word = (
                "return outside a function"
                if isinstance(outcome, _Return)
                else "break or continue outside a loop"
            )
            raise sourced.mistake(statement.lineno, f"a {word} is not supported; {ctl_grammar.ALLOWED}")

    def values(self) -> dict[str, Sourced]:
        """The values of all names of the file."""
        return self._evaluator.places.sourced(self._lines, self._evaluator.file.values)

    def used(self) -> frozenset[str]:
        """Names of the file from which other values are computed."""
        return frozenset(self._evaluator.used)

    def _body(self, statements: list[ast.stmt], scope: Scope) -> _Outcome:
        for statement in statements:
            outcome = self._execute(statement, scope)
            if outcome is not None:
                return outcome
        return None

    def _execute(self, statement: ast.stmt, scope: Scope) -> _Outcome:
        evaluator, line = self._evaluator, statement.lineno
        evaluator.budget.spend(STEP, line)
        match statement:
            case ast.Assign():
                value = evaluator.value(statement.value, scope)
                for target in statement.targets:
                    self._assign(target, value, scope, line)
            case ast.AugAssign():
                self._assign_computed(statement, scope)
            case ast.Expr():
                evaluator.value(statement.value, scope)
            case ast.If(test=test):
                return self._body(statement.body if evaluator.value(test, scope) else statement.orelse, scope)
            case ast.For():
                return self._loop(statement, scope)
            case ast.FunctionDef():
                self._define(statement, scope)
            case ast.Return(value=value):
                return _Return(None if value is None else evaluator.value(value, scope))
            case ast.Break():
                return _Jump.BREAK
            case ast.Continue():
                return _Jump.CONTINUE
        return None

    def _assign(self, target: ast.expr, value: Any, scope: Scope, line: int) -> None:
        self._evaluator.assign(target, value, scope, line)
        if scope is not self._evaluator.file:
            return
        for name in ctl_grammar.stored(target):
            self._lines[name] = line
            if name == "competition_type":
                # Checked first: tuner files contain unsupported code, but the type is the error to report.
                source = self._evaluator.places.sourced({name: line}, {name: scope.values[name]})[name]
                setting_entries.choice(settings.CompetitionKind)(setting_entries.SettingEntry(name, source))

    def _assign_computed(self, statement: ast.AugAssign, scope: Scope) -> None:
        """`target op= value`; evaluates the index of a subscript once."""
        evaluator, target, line = self._evaluator, statement.target, statement.lineno
        if isinstance(target, ast.Subscript):
            container, key = evaluator.value(target.value, scope), evaluator.value(target.slice, scope)
            old = ctl_operators.item(container, key, evaluator.budget, line)
            new = evaluator.value(statement.value, scope)
            made = ctl_operators.binary(statement.op, old, new, evaluator.budget, line, in_place=True)
            evaluator.set_item(container, key, made, line)
        elif isinstance(target, ast.Name):
            old = evaluator.value(ast.copy_location(ast.Name(target.id, ast.Load()), target), scope)
            new = evaluator.value(statement.value, scope)
            made = ctl_operators.binary(statement.op, old, new, evaluator.budget, line, in_place=True)
            self._assign(target, made, scope, line)

    def _loop(self, statement: ast.For, scope: Scope) -> _Outcome:
        evaluator, line = self._evaluator, statement.lineno
        values = evaluator.value(statement.iter, scope)
        if scope is evaluator.file:
            evaluator.used |= ctl_grammar.stored(statement.target)
        for value in evaluator.iterate(values, line):
            self._assign(statement.target, value, scope, line)
            outcome = self._body(statement.body, scope)
            if isinstance(outcome, _Return):
                return outcome
            if outcome is _Jump.BREAK:
                break
        return None

    def _define(self, node: ast.FunctionDef, scope: Scope) -> None:
        arguments, evaluator = node.args, self._evaluator
        defaults: dict[str, Any] = {}
        trailing = arguments.args[len(arguments.args) - len(arguments.defaults) :]
        for argument, default in zip(trailing, arguments.defaults, strict=True):
            defaults[argument.arg] = evaluator.value(default, scope)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                defaults[argument.arg] = evaluator.value(default, scope)
        local_names = ctl_grammar.names_of(node.body, arguments)
        scope.values[node.name] = Function(node, defaults, local_names)
        self._lines[node.name] = node.lineno

    def _run(self, function: Function, scope: Scope) -> Any:
        """The return value of a call."""
        if self._num_calls == ctl_bounds.MOST_CALLS:
            raise sourced.mistake(
                function.node.lineno, f"calls may be nested at most {ctl_bounds.MOST_CALLS} deep"
            )
        self._num_calls += 1
        outcome = self._body(function.node.body, scope)
        self._num_calls -= 1
        if isinstance(outcome, _Jump):
            raise sourced.mistake(function.node.lineno, "a break or continue outside a loop is not supported")
        return outcome.value if outcome is not None else None
