"""How compiled rules see a world: a handle of one machine word, the address of a row of sizes and addresses.

Its attributes are the arrays found there. Handing rules twenty arrays one by one makes them slow to compile and to
call; a handle costs nothing, and a geography of another size needs no other code. Not compiled, rules get named tuples
with the same attributes (see `sim.engine.batch`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

Builder = Any


class Column(NamedTuple):
    """Where an attribute of a handle is: the slot of its address, its type, and the slots of its sizes."""

    address: int
    dtype: np.dtype
    sizes: tuple[int, ...]


class Borrowed(types.Array):  # type: ignore[misc]
    """Type of an array in memory that somebody else keeps: it is never counted and never freed."""

    def __init__(self, column: Column):
        dtype, dimensions = numba.from_dtype(column.dtype), len(column.sizes)
        super().__init__(dtype, dimensions, "C", name=f"Borrowed({dtype}, {dimensions})")


@register_default(Borrowed)
class BorrowedModel(models.ArrayModel):  # type: ignore[misc]
    """An array without a count of those who refer to it, which compiled code would keep at every access."""

    def traverse(self, builder: Builder) -> list[Any]:
        return []


class Handle(types.Type):  # type: ignore[misc]
    """Type of a handle; ``columns`` maps attributes to where they are found."""

    def __init__(self, name: str, columns: dict[str, Column]):
        self.columns = {attribute: (Borrowed(column), column) for attribute, column in columns.items()}
        super().__init__(name=name)


@register_default(Handle)
class HandleModel(models.PrimitiveModel):  # type: ignore[misc]
    """A handle is the address of its row."""

    def __init__(self, manager: Any, kind: Handle):
        super().__init__(manager, kind, ir.IntType(64))


def load(builder: Builder, row: Any, slot: int) -> Any:
    """Entry of a row of sizes and addresses, which never changes while rules run."""
    place = builder.gep(builder.inttoptr(row, ir.IntType(64).as_pointer()), [ir.Constant(ir.IntType(64), slot)])
    found = builder.load(place)
    found.set_metadata("invariant.load", builder.module.add_metadata([]))
    return found


def array_at(context: Any, builder: Builder, kind: Any, address: Any, row: Any, sizes: tuple[int, ...]) -> Any:
    """A C-ordered array at an address, with sizes from a row; it owns nothing and is never freed."""
    array = context.make_array(kind)(context, builder)
    step = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    shape = [load(builder, row, size) for size in sizes]
    strides: list[Any] = []
    stride: Any = ir.Constant(ir.IntType(64), step)
    for size in reversed(shape):
        strides.insert(0, stride)
        stride = builder.mul(stride, size)
    populate_array(array, data=builder.inttoptr(address, array.data.type), shape=cgutils.pack_array(builder, shape),
                   strides=cgutils.pack_array(builder, strides), itemsize=ir.Constant(ir.IntType(64), step),
                   meminfo=None)
    return array._getvalue()


@infer_getattr
class HandleAttributes(AttributeTemplate):  # type: ignore[misc]
    """Types of a handle's attributes."""

    key = Handle

    def generic_resolve(self, kind: Handle, attribute: str) -> Any:
        if attribute in kind.columns:
            return kind.columns[attribute][0]
        return None


@lower_getattr_generic(Handle)
def attribute_of_handle(context: Any, builder: Builder, kind: Handle, value: Any, attribute: str) -> Any:
    """Code that finds an attribute."""
    array, column = kind.columns[attribute]
    return array_at(context, builder, array, load(builder, value, column.address), value, column.sizes)


class MonthHandle(types.Type):  # type: ignore[misc]
    """Type of what holds for one month: a handle, the month, its step, and the row of its dials.

    ``dials`` are columns by month; ``columns`` stand as they are; ``theatre`` is a record by step.
    """

    def __init__(self, name: str, dials: dict[str, Column], columns: dict[str, Column], theatre: Column):
        def arrays(group: dict[str, Column]) -> dict[str, Any]:
            return {attribute: (Borrowed(column), column) for attribute, column in group.items()}

        self.dials, self.columns = arrays(dials), arrays(columns)
        self.theatre, self.theatre_column = numba.from_dtype(theatre.dtype), theatre
        super().__init__(name=name)


@register_default(MonthHandle)
class MonthModel(models.StructModel):  # type: ignore[misc]
    """Four machine words."""

    def __init__(self, manager: Any, kind: MonthHandle):
        super().__init__(manager, kind, [(name, types.int64) for name in ("handle", "month", "step", "row")])


@infer_getattr
class MonthAttributes(AttributeTemplate):  # type: ignore[misc]
    """Types of a month's attributes."""

    key = MonthHandle

    def generic_resolve(self, kind: MonthHandle, attribute: str) -> Any:
        if attribute in ("month", "step"):
            return types.int64
        if attribute == "theatre":
            return kind.theatre
        for group in (kind.dials, kind.columns):
            if attribute in group:
                return group[attribute][0]
        return None


@lower_getattr_generic(MonthHandle)
def attribute_of_month(context: Any, builder: Builder, kind: MonthHandle, value: Any, attribute: str) -> Any:
    """Code that finds an attribute."""
    now = cgutils.create_struct_proxy(kind)(context, builder, value=value)
    if attribute in ("month", "step"):
        return getattr(now, attribute)
    if attribute == "theatre":
        start = load(builder, now.handle, kind.theatre_column.address)
        offset = builder.mul(now.step, ir.Constant(ir.IntType(64), kind.theatre_column.dtype.itemsize))
        return builder.inttoptr(builder.add(start, offset), context.get_value_type(kind.theatre))
    array, column = (kind.dials if attribute in kind.dials else kind.columns)[attribute]
    address = load(builder, now.handle, column.address)
    if attribute in kind.dials:
        size = builder.mul(load(builder, now.handle, column.sizes[0]),
                           ir.Constant(ir.IntType(64), column.dtype.itemsize))
        address = builder.add(address, builder.mul(now.row, size))
    return array_at(context, builder, array, address, now.handle, column.sizes)


def handle_from(kind: Handle) -> Callable[[int], Any]:
    """Compiled function: address of a row -> handle."""

    @intrinsic  # type: ignore[misc]
    def made(typing_context: Any, address: Any) -> Any:
        return kind(types.int64), lambda context, builder, signature, arguments: arguments[0]

    return made  # type: ignore[no-any-return]


def record_from(dtype: np.dtype, slot: int) -> Callable[[int], Any]:
    """Compiled function: address of a row -> the record at the address in a slot."""
    kind = numba.from_dtype(dtype)

    @intrinsic  # type: ignore[misc]
    def made(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(load(builder, arguments[0], slot), context.get_value_type(kind))

        return kind(types.int64), generate

    return made  # type: ignore[no-any-return]


def month_from(kind: MonthHandle, epoch: int, variants: int, variant: int) -> Callable[[int, int, int], Any]:
    """Compiled function: address of a row, month, step -> month; slots of the epochs, of how many variants of the
    dials there are, and of the one that holds for this world."""

    @intrinsic  # type: ignore[misc]
    def made(typing_context: Any, address: Any, month: Any, step: Any) -> Any:
        def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Any:
            now = cgutils.create_struct_proxy(kind)(context, builder)
            now.handle, now.month, now.step = arguments
            epochs = builder.inttoptr(load(builder, now.handle, epoch), ir.IntType(64).as_pointer())
            row = builder.mul(builder.load(builder.gep(epochs, [now.step])), load(builder, now.handle, variants))
            now.row = builder.add(row, load(builder, now.handle, variant))
            return now._getvalue()

        return kind(types.int64, types.int64, types.int64), generate

    return made  # type: ignore[no-any-return]
