"""For plugin authors: `pytest --cmengine-plugin NAME` holds every kind of a plugin to its promises.

    pytest --cmengine-plugin my-plugin

Each promise of each goal, reward and notifier becomes a test of its own; one that is broken tells the story.
"""

from collections.abc import Iterator
from typing import Any

import pytest

_TRIED = pytest.StashKey[dict[tuple[str, str], Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names a plugin."""
    group = parser.getgroup("cmengine")
    group.addoption(
        "--cmengine-plugin",
        action="append",
        default=[],
        metavar="NAME",
        help="hold every kind of this cmengine plugin to its promises (may be given again)",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each promise of each kind of the named plugins."""
    for name in config.getoption("--cmengine-plugin"):
        items.extend(_items(session, name))


def _items(session: pytest.Session, name: str) -> Iterator[pytest.Item]:
    from cmengine.contract import PROMISES
    from cmengine.errors import CMError
    from cmengine.examine import parts_of, subject_of
    from cmengine.plugins import load_plugins
    from cmengine.trial import plugin_named

    registry = load_plugins()
    try:
        parts = parts_of(plugin_named(registry, name))
        subjects = [subject_of(part, registry.kinds[part][kind]) for part, kind in parts]
    except CMError as error:
        known = any(one.name == name for one in registry.plugins)
        todo = "" if known else "; if it is yours, install it first: pip install -e ."
        raise pytest.UsageError(f"it cannot be examined: {error}{todo}") from error
    session.config.stash.setdefault(_TRIED, {})
    for subject in subjects:
        for promise, (does, _) in PROMISES[subject.part].items():
            if promise != "arrives":  # only a test of the plugin's own knows where things arrive
                yield KeepsPromise.from_parent(
                    session,
                    name=f"{name}: the {subject.part} {subject.kind} {does}",
                    subject=subject,
                    promise=promise,
                )


class Broken(AssertionError):
    """A promise is broken; the message is the story."""


class KeepsPromise(pytest.Item):
    """Looks at one promise of one kind. A kind is examined once, for all its promises."""

    def __init__(self, *, subject: Any, promise: str, **more: Any) -> None:
        super().__init__(**more)
        self.subject, self.promise = subject, promise

    def runtest(self) -> None:
        """See what was found."""
        from cmengine.examine import examine, promise_of

        done = self.config.stash[_TRIED]
        key = (self.subject.part, self.subject.kind)
        if key not in done:
            done[key] = examine(self.subject)
        tried = done[key]
        told = [
            f"{one.promise}\n  {one.story}" + (f"\n\n{one.scenario}" if one.scenario else "")
            for one in tried.findings
            if promise_of(one) == self.promise
        ]
        if tried.untried and self.promise == "answers":
            told.append(f"it could not be tried: {tried.untried}")
        if told:
            raise Broken("\n\n".join(told))
        if tried.untried or self.promise in tried.unchecked:
            pytest.skip("it cannot be looked at before the rest is mended")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the story alone."""
        if isinstance(excinfo.value, Broken):
            return (
                f"the {self.subject.part} '{self.subject.kind}' breaks a promise:\n{excinfo.value}"
            )
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Name the test."""
        return "cmengine", None, self.name
