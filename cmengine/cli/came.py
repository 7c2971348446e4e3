"""What was taken in from another system, as lines or as data."""

from typing import Any

from cmengine.cli.show import count, document, money, note, say


def say_came(came: Any, as_json: bool) -> None:
    """Say what came in, and what was passed over."""
    if as_json:
        document(
            {
                "events": came.events,
                "duplicates": came.duplicates,
                "choices": came.choices,
                "set_aside": came.set_aside,
                "clients": came.clients,
                "awards": came.awards,
                "cents": came.cents,
                "passed": dict(came.passed),
                "look_elsewhere": came.look_elsewhere,
            }
        )
        return
    say(f"{count(came.events, 'event')} logged, {came.duplicates} known already.")
    say(f"{count(came.choices, 'goal')} chosen, {came.set_aside} put away.")
    if came.clients:
        say(f"{count(len(came.clients), 'client')} enrolled.")
    say(f"{count(came.awards, 'award')}, {money(came.cents)} in all.")
    if came.look_elsewhere:
        note(
            "Vouchers do not come with them: before handing over, look whether something was handed over elsewhere"
            f" ({count(len(came.look_elsewhere), 'client')} with nothing handed over here)."
            " Draws are drawn anew here."
        )
    for what, number in came.passed.most_common(10):
        note(f"Passed over: {what} ({number}).")
