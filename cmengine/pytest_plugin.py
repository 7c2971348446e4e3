"""For plugin authors: `pytest --cmengine-plugin NAME` judges every kind a plugin offers by the laws.

    pytest --cmengine-plugin my-plugin

Each goal and reward becomes a test of its own; one that punishes fails with the story.
"""

from collections.abc import Iterator
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names a plugin."""
    group = parser.getgroup("cmengine")
    group.addoption(
        "--cmengine-plugin",
        action="append",
        default=[],
        metavar="NAME",
        help="judge every goal and reward of this cmengine plugin by the laws (may be given again)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each kind of the named plugins."""
    for name in config.getoption("--cmengine-plugin"):
        items.extend(_items(session, name))


def _items(session: pytest.Session, name: str) -> Iterator[pytest.Item]:
    from cmengine.errors import CMError
    from cmengine.plugins import load_plugins
    from cmengine.trial import kinds_of

    registry = load_plugins()
    plugin = next((one for one in registry.plugins if one.name == name), None)
    if plugin is None or plugin.error:
        reason = (
            plugin.error
            if plugin
            else f"there is {', '.join(one.name for one in registry.plugins)}"
        )
        raise pytest.UsageError(f"cmengine plugin '{name}' cannot be judged: {reason}")
    try:
        for part, kind in kinds_of(plugin):
            yield PunishesNobody.from_parent(
                session,
                name=f"{name}: the {part} {kind} punishes nobody",
                registry=registry,
                part=part,
                kind=kind,
            )
    except CMError as error:
        raise pytest.UsageError(str(error)) from error


class Punishes(AssertionError):
    """A kind punishes; the message is the story."""


class PunishesNobody(pytest.Item):
    """Judges one kind."""

    def __init__(self, *, registry: Any, part: str, kind: str, **more: Any) -> None:
        super().__init__(**more)
        self.registry, self.part, self.kind = registry, part, kind

    def runtest(self) -> None:
        """Look for a history in which it punishes."""
        from cmengine.trial import try_kind

        tried = try_kind(self.registry, self.part, self.kind)
        told = [f"{one.promise}\n  {one.story}\n\n{one.scenario}" for one in tried.findings]
        if tried.untried:
            told.append(f"it could not be tried: {tried.untried}")
        if told:
            raise Punishes("\n\n".join(told))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the story alone."""
        if isinstance(excinfo.value, Punishes):
            return f"the {self.part} '{self.kind}' breaks a promise:\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Name the test."""
        return "cmengine", None, self.name
