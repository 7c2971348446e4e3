"""Every kind that ships keeps its promises. Tested as a stranger's would be: with `cmengine.testing` alone."""

import importlib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from cmengine_messages import Outbox

from cmengine.testing import check_goal, check_notifier, check_reward

CHECKS = {
    "register_goals": check_goal,
    "register_rewards": check_reward,
    "register_notifiers": check_notifier,
}
KINDS = [
    pytest.param(check, cls, id=f"{hook.removeprefix('register_')}-{cls.kind}")
    for entry in sorted(entry_points(group="cmengine"), key=lambda one: one.name)
    if entry.dist is not None and entry.dist.name == "cmengine"
    for module in [importlib.import_module(entry.module)]
    for hook, check in CHECKS.items()
    if hasattr(module, hook)
    for cls in getattr(module, hook)()
]


def test_there_are_kinds_to_check() -> None:
    assert len(KINDS) >= 17


@pytest.mark.parametrize(("check", "cls"), KINDS)
def test_a_kind_that_ships_keeps_every_promise(check: Any, cls: type[Any]) -> None:
    check(cls)


def test_what_the_outbox_sends_arrives(tmp_path: Path) -> None:
    where = tmp_path / "outbox.txt"
    check_notifier(
        Outbox(where=where),
        arrived=lambda: where.read_text().splitlines() if where.exists() else [],
    )
