"""The four hooks. Each is called once when plugins are indexed, with nothing, and gives classes.

    from cmengine import hookimpl

    @hookimpl
    def register_rewards() -> list[type[Reward]]:
        return [StampCard]

The fields of an attrs class are its options in a rule file; its `kind` is the name a rule uses.
"""

from typing import Any

import click
import pluggy

from cmengine.model import Goal, Notifier, Reward

hookspec = pluggy.HookspecMarker("cmengine")


@hookspec
def register_goals() -> list[type[Goal[Any]]]:  # type: ignore[empty-body]
    """Give the kinds of goal this plugin adds.

    def register_goals():
        return [AnyOf]
    """


@hookspec
def register_rewards() -> list[type[Reward]]:  # type: ignore[empty-body]
    """Give the kinds of reward this plugin adds.

    def register_rewards():
        return [FixedVoucher, EscalatingVoucher]
    """


@hookspec
def register_notifiers() -> list[type[Notifier]]:  # type: ignore[empty-body]
    """Give the kinds of notifier this plugin adds.

    def register_notifiers():
        return [Console]
    """


@hookspec
def register_commands(cli: click.Group) -> None:
    """Add commands to the command line.

    def register_commands(cli):
        cli.add_command(stamp_card)
    """
