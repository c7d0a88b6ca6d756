"""The subset of Python's syntax that control files may use, checked before a statement is interpreted."""

import ast
from typing import NoReturn

from alphazero.competition.control_files import ctl_calls, sourced

ALLOWED = (
    "a control file may contain assignments, conditions, for loops, functions, Player(...) and Matchup(...)"
)
CALLABLE = (*ctl_calls.MAKERS, *ctl_calls.FUNCTIONS)
_METHODS = frozenset().union(*ctl_calls.METHODS.values())
_SUPPORTED = (
    *(ast.Assign, ast.AugAssign, ast.Expr, ast.Pass, ast.If, ast.For, ast.Break, ast.Continue),
    *(ast.FunctionDef, ast.Return, ast.arguments, ast.arg, ast.keyword),
    *(ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict, ast.Starred, ast.JoinedStr, ast.FormattedValue),
    *(ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.Call),
    *(ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.comprehension),
    *(ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or, ast.cmpop, ast.expr_context),
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
)
_WORDS = {
    ast.AsyncFunctionDef: "an asynchronous function",
    ast.ClassDef: "a class",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.While: "a while loop",
    ast.Lambda: "a lambda",
    ast.SetComp: "a set",
    ast.Set: "a set",
    ast.AnnAssign: "an annotation",
    ast.Attribute: "an attribute other than a method that is called",
    ast.Starred: "a starred value here",
    ast.Constant: "a literal of this kind",
    ast.GeneratorExp: "a generator here",
    ast.NamedExpr: "an assignment within an expression",
}


def refuse(node: ast.AST, what: str = "") -> NoReturn:
    """Raises ValueError for an unsupported part of Python."""
    words = what or _WORDS.get(type(node), f"Python's {type(node).__name__}")
    raise sourced.mistake(getattr(node, "lineno", 1), f"{words} is not supported; {ALLOWED}")


def check(statement: ast.stmt) -> None:
    """Raises ValueError for the first unsupported part of `statement`, even if it would not be executed."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _SUPPORTED):
            refuse(node)
        _check_details(node)
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr not in _METHODS:
                refuse(node, f"a call of .{node.func.attr}")
            children[0] = node.func.value
        for child in children:
            # An operator has no line of its own.
            if isinstance(child, ast.operator | ast.unaryop) and not isinstance(child, _SUPPORTED):
                refuse(node, f"the operator {type(child).__name__}")
        waiting += reversed(children)


def _check_details(node: ast.AST) -> None:
    match node:
        case ast.Constant(value=value) if not isinstance(value, str | int | float | None):
            refuse(node)
        case ast.Name(ctx=ast.Store()) if node.id in CALLABLE:
            raise sourced.mistake(node.lineno, f"{node.id} cannot be assigned, only called")
        case ast.arg() if node.arg in CALLABLE:
            raise sourced.mistake(node.lineno, f"{node.arg} cannot be assigned, only called")
        case ast.FunctionDef():
            if node.name in CALLABLE:
                raise sourced.mistake(node.lineno, f"{node.name} cannot be assigned, only called")
            if node.decorator_list:
                refuse(node.decorator_list[0], "a decorator")
            if node.returns:
                refuse(node.returns, "an annotation")
            for inner in ast.walk(ast.Module(node.body, [])):
                if isinstance(inner, ast.FunctionDef):
                    refuse(inner, "a function within a function")
        case ast.arg(annotation=ast.expr()):
            refuse(node, "an annotation")
        case ast.arguments(posonlyargs=[first, *_]):
            refuse(first, "a positional-only argument")
        case ast.For(orelse=[first, *_]):
            refuse(first, "an else of a loop")
        case ast.comprehension():
            if node.is_async:
                refuse(node.target, "an asynchronous comprehension")
            _check_target(node.target)
        case ast.Assign() | ast.AugAssign() | ast.For():
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                _check_target(target)


def _check_target(target: ast.expr) -> None:
    match target:
        case ast.Subscript(slice=ast.Slice()):
            refuse(target, "an assignment to a slice")
        case ast.Name() | ast.Subscript():
            pass
        case ast.Tuple() | ast.List():
            for part in target.elts:
                _check_target(part)
        case _:
            refuse(target, "an assignment to something other than a name or an item")


def names_of(body: list[ast.stmt], arguments: ast.arguments) -> frozenset[str]:
    """Names local to a function: its arguments and the names it assigns, except within comprehensions."""
    every = [*arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    names = {argument.arg for argument in every if argument is not None}
    for statement in body:
        names |= stored(statement)
    return frozenset(names)


def stored(node: ast.AST) -> set[str]:
    """Names that a statement or a target assigns, except within comprehensions."""
    if isinstance(node, ast.ListComp | ast.DictComp | ast.GeneratorExp):
        return set()
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    return set().union(*(stored(child) for child in ast.iter_child_nodes(node)))
