"""cmengine limits"""

from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import count, document, money, say, table


@click.group("limits")
def limits_command() -> None:
    """See what funders let be issued, and copy a ready profile."""


@limits_command.command(
    "list", epilog=examples("cmengine limits list", "cmengine limits list --json")
)
@json_option
@pass_desk
def list_limits(desk: Desk, as_json: bool) -> None:
    """List the limits of program.toml, and where each is written."""
    with desk.open() as program:
        limits = program.settings.limit
    if as_json:
        document({"limits": [_data(one) for one in limits]})
    elif limits:
        table(
            [
                (
                    one.name,
                    "warns" if one.most is None else money(one.most),
                    one.window.replace("_", " "),
                    f"fund '{one.fund}'" if one.per == "fund" else "client",
                    one.cite,
                )
                for one in limits
            ],
            ("limit", "most", "window", "per", "written in"),
        )
    else:
        say("There is no limit in program.toml. Ready ones to copy: cmengine limits profiles")


def _data(limit: Any) -> dict[str, Any]:
    return {
        "name": limit.name,
        "per": limit.per,
        "window": limit.window,
        "most_cents": limit.most,
        "warn_cents": limit.warn_at,
        "fund": limit.fund or None,
        "cite": limit.cite,
        "starts": limit.starts and limit.starts.isoformat(),
        "ends": limit.ends and limit.ends.isoformat(),
    }


@limits_command.command(
    "profiles", epilog=examples("cmengine limits profiles", "cmengine limits show samhsa-750")
)
@json_option
def list_profiles(as_json: bool) -> None:
    """List the ready profiles: limits of funders and the law, with citations and years."""
    from cmengine.profiles import profiles

    found = profiles()
    if as_json:
        rows = [{"profile": one.name, "says": one.says, "limits": len(one.limits)} for one in found]
        document({"profiles": rows})
    else:
        table([(one.name, one.says) for one in found], ("profile", "says"))
        say(f"{count(len(found), 'profile')}. See one, to copy: cmengine limits show PROFILE")


@limits_command.command("show", epilog=examples("cmengine limits show oig-22-04 >> program.toml"))
@click.argument("profile")
@json_option
def show_profile(profile: str, as_json: bool) -> None:
    """Print PROFILE as it can be pasted at the end of program.toml.

    No profile is legal advice: ask those who know the rules where you are.
    """
    from cmengine.profiles import profile_of

    found = profile_of(profile)
    if as_json:
        document(
            {
                "profile": found.name,
                "says": found.says,
                "limits": [_data(one) for one in found.limits],
                "text": found.text,
            }
        )
    else:
        say(found.text.rstrip())
