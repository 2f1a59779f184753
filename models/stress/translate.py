"""Restricted Python -> C++, for g++ and for nvcc.

Takes annotated functions of floats, ints, bools and NamedTuples of those, follows their calls, and gives C++
with the same operations in the same order. What it accepts is the tables STATEMENTS and EXPRESSIONS; anything
else is refused, naming file and line. It does not optimise: a * b + c stays two roundings, which the compiler
must be told to keep (-ffp-contract=off, -fmad=false).
"""

import ast
import inspect
import math
import textwrap
import typing
from collections.abc import Callable
from functools import cache, reduce
from pathlib import Path
from typing import Any

# A type is float, int, bool, a NamedTuple class or a tuple of types (what a function returns).
Type = Any
Function = Callable[..., Any]
Typed = tuple[str, Type]

SCALARS = {float: "double", int: "long long", bool: "bool"}
ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
WHOLE = {ast.RShift: ">>", ast.LShift: "<<", ast.BitAnd: "&", ast.BitXor: "^", ast.BitOr: "|"}
COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
JOINS = {ast.And: "&&", ast.Or: "||"}


class Refused(Exception):
    """The source uses something outside the subset. The text names the file, the line and the code."""


def is_record(kind: Type) -> bool:
    return isinstance(kind, type) and hasattr(kind, "_fields")


@cache
def fields(record: type) -> dict[str, Type]:
    return typing.get_type_hints(record)


def name_of(kind: Type) -> str:
    """The C++ name of a type."""
    if isinstance(kind, tuple):
        return "Tuple_" + "_".join(name_of(k).replace(" ", "") for k in kind)
    return SCALARS.get(kind) or kind.__name__


def from_annotation(hint: Any) -> Type:
    return tuple(typing.get_args(hint)) if typing.get_origin(hint) is tuple else hint


class Program:
    """C++ text of the records and functions asked for, each once and before its first use.

    `hooks` are the functions that are not translated but written in C++: their name there and what they
    return."""

    def __init__(self, hooks: dict[Function, tuple[str, Type]]) -> None:
        self.hooks = hooks
        self.parts: list[str] = []
        self._known: dict[Any, str] = {}

    def record(self, kind: Type) -> str:
        """Declares a record or tuple type, after the types it holds; gives its C++ name."""
        name = name_of(kind)
        if kind in SCALARS or kind in self._known:
            return name
        members = {f"v{i}": k for i, k in enumerate(kind)} if isinstance(kind, tuple) else fields(kind)
        lines = [f"  {self.record(k)} {member}_;" for member, k in members.items()]
        self._known[kind] = name
        self.parts.append("\n".join([f"struct {name} {{", *lines, "};"]))
        return name

    def function(self, source: Function) -> str:
        """Translates a function, after the functions it calls; gives its C++ name."""
        if source not in self._known:
            name = f"{source.__module__.rsplit('.', 1)[-1]}_{source.__name__}"
            self._known[source] = name
            self.parts.append(_Function(self, source, name).translate())
        return self._known[source]


class _Function:
    def __init__(self, program: Program, source: Function, name: str) -> None:
        self.program, self.source, self.name = program, source, name
        self.file = Path(inspect.getfile(source))
        lines, self.first_line = inspect.getsourcelines(source)
        self.tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
        hints = typing.get_type_hints(source)
        self.returns = from_annotation(hints.pop("return", None))
        self.arguments = {a: hints.get(a) for a in inspect.signature(source).parameters}
        self.types: dict[str, Type] = dict(self.arguments)
        self.temporaries = 0

    def translate(self) -> str:
        assert isinstance(self.tree, ast.FunctionDef)
        for name, kind in self.arguments.items():
            if kind not in SCALARS and not is_record(kind):
                raise self.refusal(self.tree, f"{name} needs a type: float, int, bool or a NamedTuple")
        if not isinstance(self.tree.body[-1], ast.Return):
            raise self.refusal(self.tree, "a function must end with a return")
        body = self.block(self.tree.body)
        found = {name: kind for name, kind in self.types.items() if name not in self.arguments}
        declared = [f"  {self.program.record(kind)} {name}_;" for name, kind in found.items()]
        listed = ", ".join(f"{self.program.record(k)} {n}_" for n, k in self.arguments.items())
        head = f"MODEL_FN {self.program.record(self.returns)} {self.name}({listed}) {{"
        return "\n".join([head, *declared, *body, "}"])

    def refusal(self, node: ast.AST, why: str) -> Refused:
        line = self.first_line + getattr(node, "lineno", 1) - 1
        code = ast.unparse(node).splitlines()[0]
        return Refused(f"{self.file.name}, line {line}: {why}: {code}")

    # Statements: each handler gives lines of C++

    def block(self, statements: list[ast.stmt]) -> list[str]:
        lines = []
        for statement in statements:
            handler = STATEMENTS.get(type(statement))
            if handler is None:
                raise self.refusal(statement, "this statement is not in the subset")
            if made := handler(self, statement):
                lines.append(f'#line {self.first_line + statement.lineno - 1} "{self.file.name}"')
            lines += ["  " + line for line in made]
        return lines

    def docstring(self, node: ast.Expr) -> list[str]:
        if not isinstance(node.value, ast.Constant):
            raise self.refusal(node, "a bare expression does nothing")
        return []

    def assign(self, node: ast.Assign) -> list[str]:
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Name):
            code, kind = self.expression(node.value)
            return [f"{self.bind(target, kind)} = {code};"]
        if len(node.targets) != 1 or not isinstance(target, ast.Tuple):
            raise self.refusal(node, "only names and tuples of names can be assigned")
        code, kinds = self.expression(node.value)
        if not isinstance(kinds, tuple) or len(kinds) != len(target.elts):
            raise self.refusal(node, f"{len(target.elts)} names need a tuple of as many values")
        self.temporaries += 1
        held = f"t{self.temporaries}"  # all values before any target: Python's order
        unpacked = [
            f"{self.bind(n, k)} = {held}.v{i}_;"
            for i, (n, k) in enumerate(zip(target.elts, kinds, strict=True))
        ]
        return [f"const {self.program.record(kinds)} {held} = {code};", *unpacked]

    def bind(self, target: ast.expr, kind: Type) -> str:
        if not isinstance(target, ast.Name):
            raise self.refusal(target, "only a name can be assigned")
        if self.types.setdefault(target.id, kind) != kind:
            raise self.refusal(
                target, f"the type changes from {name_of(self.types[target.id])} to {name_of(kind)}"
            )
        return f"{target.id}_"

    def give(self, node: ast.Return) -> list[str]:
        if node.value is None:
            raise self.refusal(node, "a function must return a value")
        code, kind = self.expression(node.value)
        if kind != self.returns:
            raise self.refusal(node, f"returns {name_of(kind)}, but {name_of(self.returns)} is annotated")
        return [f"return {code};"]

    # Expressions: each handler gives (C++, type)

    def expression(self, node: ast.expr) -> Typed:
        handler = EXPRESSIONS.get(type(node))
        if handler is None:
            raise self.refusal(node, "this expression is not in the subset")
        return handler(self, node)

    def of_type(self, node: ast.expr, kind: Type) -> str:
        return self.converted(node, self.expression(node), kind)

    def converted(self, node: ast.expr, typed: Typed, kind: Type) -> str:
        code, found = typed
        if found is int and kind is float:
            return f"(double)({code})"
        if found != kind:
            raise self.refusal(node, f"{name_of(kind)} expected, this is {name_of(found)}")
        return code

    def literal(self, value: Any, node: ast.expr) -> Typed:
        if type(value) is float and math.isfinite(value):
            return (repr(value), float) if value >= 0.0 else (f"({value!r})", float)
        if type(value) is int and 0 <= value < 2**63:
            return f"{value}LL", int
        raise self.refusal(node, "only finite floats and whole numbers from 0 are constants")

    def constant(self, node: ast.Constant) -> Typed:
        return self.literal(node.value, node)

    def variable(self, node: ast.Name) -> Typed:
        if node.id in self.types:
            return f"{node.id}_", self.types[node.id]
        if node.id in self.source.__globals__:
            return self.literal(self.source.__globals__[node.id], node)
        raise self.refusal(node, "unknown name")

    def attribute(self, node: ast.Attribute) -> Typed:
        code, kind = self.expression(node.value)
        if not is_record(kind) or node.attr not in fields(kind):
            raise self.refusal(node, "no such field")
        return f"{code}.{node.attr}_", fields(kind)[node.attr]

    def unary(self, node: ast.UnaryOp) -> Typed:
        code, kind = self.expression(node.operand)
        if not isinstance(node.op, ast.USub) or kind not in (float, int):
            raise self.refusal(node, "this operator is not in the subset")
        return f"(-{code})", kind

    def binary(self, node: ast.BinOp) -> Typed:
        left, right = self.expression(node.left), self.expression(node.right)
        kind = int if left[1] is int and right[1] is int else float
        operator = (ARITHMETIC | (WHOLE if kind is int else {ast.Div: "/"})).get(type(node.op))
        if operator is None:
            raise self.refusal(node, f"this operator is not in the subset for {name_of(kind)}")
        first, second = self.converted(node.left, left, kind), self.converted(node.right, right, kind)
        return f"({first} {operator} {second})", kind

    def join(self, node: ast.BoolOp) -> Typed:
        return "(" + f" {JOINS[type(node.op)]} ".join(self.of_type(v, bool) for v in node.values) + ")", bool

    def compare(self, node: ast.Compare) -> Typed:
        operator = COMPARISONS.get(type(node.ops[0]))
        if operator is None or len(node.ops) != 1:
            raise self.refusal(node, "only one of < <= > >= == != can compare")
        (left, left_kind), (right, right_kind) = (
            self.expression(node.left),
            self.expression(node.comparators[0]),
        )
        if left_kind != right_kind or left_kind not in (float, int):
            raise self.refusal(node, "only two floats or two whole numbers can be compared")
        return f"({left} {operator} {right})", bool

    def choice(self, node: ast.IfExp) -> Typed:
        chosen, kind = self.expression(node.body)
        return f"({self.of_type(node.test, bool)} ? {chosen} : {self.of_type(node.orelse, kind)})", kind

    def gather(self, node: ast.Tuple) -> Typed:
        values = [self.expression(e) for e in node.elts]
        kind = tuple(k for _, k in values)
        return f"{self.program.record(kind)}{{{', '.join(c for c, _ in values)}}}", kind

    def call(self, node: ast.Call) -> Typed:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise self.refusal(node, "only plain calls with positional arguments are in the subset")
        if node.func.id in ("min", "max") and node.func.id not in self.source.__globals__:
            return self.extreme(node.func.id, node)
        called = self.source.__globals__.get(node.func.id)
        if called in self.program.hooks:
            name, kind = self.program.hooks[called]
            self.program.record(kind)
            return f"{name}({', '.join(self.expression(a)[0] for a in node.args)})", kind
        if is_record(called):
            return (
                f"{self.program.record(called)}{{{self.passed(node, list(fields(called).values()))}}}",
                called,
            )
        if not inspect.isfunction(called):
            raise self.refusal(node, "unknown function")
        hints = typing.get_type_hints(called)
        kind = from_annotation(hints.pop("return", None))
        name = self.program.function(called)
        return f"{name}({self.passed(node, list(hints.values()))})", kind

    def passed(self, node: ast.Call, kinds: list[Type]) -> str:
        if len(node.args) != len(kinds):
            raise self.refusal(node, f"{len(kinds)} arguments expected, {len(node.args)} given")
        return ", ".join(self.of_type(a, k) for a, k in zip(node.args, kinds, strict=True))

    def extreme(self, name: str, node: ast.Call) -> Typed:
        values = [self.of_type(a, float) for a in node.args]
        return reduce(lambda first, second: f"model_{name}({first}, {second})", values), float


STATEMENTS: dict[type, Callable[[_Function, Any], list[str]]] = {
    ast.Expr: _Function.docstring,
    ast.Assign: _Function.assign,
    ast.Return: _Function.give,
}
EXPRESSIONS: dict[type, Callable[[_Function, Any], Typed]] = {
    ast.Constant: _Function.constant,
    ast.Name: _Function.variable,
    ast.Attribute: _Function.attribute,
    ast.UnaryOp: _Function.unary,
    ast.BinOp: _Function.binary,
    ast.BoolOp: _Function.join,
    ast.Compare: _Function.compare,
    ast.IfExp: _Function.choice,
    ast.Tuple: _Function.gather,
    ast.Call: _Function.call,
}
