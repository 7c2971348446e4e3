"""The mark by which a plugin's hook is known."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])


@overload
def hookimpl(function: F) -> F: ...
@overload
def hookimpl(**options: Any) -> Callable[[F], F]: ...
def hookimpl(function: F | None = None, **options: Any) -> F | Callable[[F], F]:
    """Mark a function as a hook, as `pluggy.HookimplMarker("cmengine")` does.

    It does so without pluggy where no options are given: a plugin that is imported because somebody
    logs an event needs its mark, and none of pluggy's own code.
    """
    if function is not None and not options:
        function.cmengine_impl = {}  # type: ignore[attr-defined]  # pluggy fills in what is usual
        return function
    from pluggy import HookimplMarker

    mark: Callable[..., F | Callable[[F], F]] = HookimplMarker("cmengine")
    return mark(function, **options)
