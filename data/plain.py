"""Answers as plain JSON values and back, exactly: dataclasses, named tuples, frames, arrays, dates.

`unpack` builds nothing but what the declared type names, and checks every value against it: a value that was
stored is no more trusted than any other input.
"""

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import polars as pl

from models.parameters import InputError

# What a cell of each column type is in JSON.
_CELLS: dict[str, type] = {
    "String": str, "Boolean": bool, "Date": str, "Float64": float, "Null": type(None),
    **dict.fromkeys(("Int8", "Int16", "Int32", "Int64", "UInt32", "UInt64"), int),
}  # fmt: skip
# From here on not every whole number is a float.
EXACT = 2**53
# JSON has no numbers for these.
_NOT_FINITE = {"nan", "inf", "-inf"}


def pack(value: Any) -> Any:
    """Raises TypeError for what is not plain data."""
    if isinstance(value, pl.DataFrame):
        return [_column(series) for series in value]
    if isinstance(value, np.ndarray | np.generic):
        return pack(value.tolist())
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if type(value) is date:
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: pack(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: pack(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        named = getattr(value, "_fields", None)
        parts = [pack(part) for part in value]
        return parts if named is None else dict(zip(named, parts, strict=True))
    raise TypeError(f"{type(value).__name__} is not plain data")


def unpack(kind: Any, value: Any) -> Any:
    """What was packed, as the type that was declared for it: mappings read-only. Raises InputError where the
    value is not of it."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is pl.DataFrame:
        return _frame(value)
    if kind is np.ndarray or origin is np.ndarray:
        return _array(value)
    if origin in (Union, types.UnionType):
        optional = type(None) in args and len(args) == 2
        if optional:
            return None if value is None else unpack(next(a for a in args if a is not type(None)), value)
    elif origin is Literal:
        _check(isinstance(value, str) and value in args, f"not one of {args}")
        return value
    elif origin is tuple and args[1:] == (...,):
        _check(isinstance(value, list), "not a list")
        return tuple(unpack(args[0], part) for part in value)
    elif origin in (dict, Mapping) and args[0] is str:
        _check(isinstance(value, dict), "not an object")
        return types.MappingProxyType({key: unpack(args[1], part) for key, part in value.items()})
    elif isinstance(kind, type) and (is_dataclass(kind) or hasattr(kind, "_fields")):
        hints = _hints(kind)
        _check(isinstance(value, dict) and value.keys() == hints.keys(), f"not the fields of {kind.__name__}")
        return kind(**{name: unpack(hint, value[name]) for name, hint in hints.items()})
    elif kind is float:
        return _number(value)
    elif kind is date:
        return _date(value)
    elif kind in (str, int, bool):
        _check(type(value) is kind, f"not {kind.__name__}")
        return value
    raise TypeError(f"{kind} is not plain data")


def column_type(name: object) -> Any:
    """The type of a column by polars' name for it. Raises InputError for one that no answer has."""
    _check(isinstance(name, str) and name in _CELLS, "not a column's type")
    return getattr(pl, str(name))


def _column(series: pl.Series) -> list[Any]:
    if str(series.dtype) not in _CELLS:
        raise TypeError(f"a column of {series.dtype} is not plain data")
    return [series.name, str(series.dtype), [pack(cell) for cell in series]]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _frame(value: Any) -> pl.DataFrame:
    _check(isinstance(value, list), "not a frame")
    columns = []
    for column in value:
        _check(isinstance(column, list) and len(column) == 3, "not a column")
        name, kind, cells = column
        _check(isinstance(name, str), "not a column's name")
        dtype = column_type(kind)
        _check(isinstance(cells, list), "not a column's cells")
        read = {"Float64": _number, "Date": _date}.get(kind) or _of(_CELLS[kind])
        cells = [None if cell is None else read(cell) for cell in cells]
        try:
            columns.append(pl.Series(name, cells, dtype))
        except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{name:.80} is not all {kind}") from error
    _check(len({series.name for series in columns}) == len(columns), "two columns of one name")
    _check(len({len(series) for series in columns}) <= 1, "columns of different lengths")
    return pl.DataFrame(columns)


def _of(kind: type) -> Any:
    def read(cell: Any) -> Any:
        _check(type(cell) is kind, f"not {kind.__name__}")
        return cell

    return read


def _array(value: Any) -> np.ndarray:
    def numbers(part: Any) -> Any:
        return [numbers(one) for one in part] if isinstance(part, list) else _number(part)

    _check(isinstance(value, list), "not an array")
    try:
        return np.array(numbers(value), float)
    except ValueError as error:
        raise InputError("not an array: its rows differ in length") from error


def _number(value: Any) -> float:
    if isinstance(value, str):
        _check(value in _NOT_FINITE, "not a number")
        return float(value)
    _check(type(value) is float or (type(value) is int and abs(value) < EXACT), "not a number")
    number: float = value
    return number


def _date(value: Any) -> date:
    _check(isinstance(value, str), "not a date")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputError("not a date") from error


def _check(condition: object, reason: str) -> None:
    if not condition:
        raise InputError(reason)
