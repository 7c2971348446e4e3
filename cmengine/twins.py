"""A goal or a reward once more, with some of its methods done in another way: told, or asked elsewhere."""

from collections.abc import Callable
from typing import Any

import attrs


def twin(part: Any, **methods: Callable[..., Any]) -> Any:
    """Make a twin of a goal or reward with some methods of its own, and all the others as they are.

    It has the same name, module and options, so that whoever shows it shows the same.
    """
    cls = type(part)
    same = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    twin_class = type(cls.__name__, (cls,), {**same, **methods})
    made: Any = object.__new__(twin_class)
    for one in attrs.fields(cls):
        object.__setattr__(made, one.name, getattr(part, one.name))
    return made
