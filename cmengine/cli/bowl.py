"""cmengine rules solve-bowl"""

from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk, rule_ids
from cmengine.cli.odds import exactly
from cmengine.cli.show import document, money, say, table
from cmengine.errors import CMError, Mistake

NEAR = 1  # how far, in cents, an answer may lie from the mean that was asked for


def read_worths(ctx: click.Context, param: click.Parameter, texts: tuple[str, ...]) -> list[int]:
    """Read the worths of slips, each once."""
    from cmengine.money import cents

    try:
        worths = [cents(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if len(set(worths)) != len(worths):
        raise click.BadParameter("name each worth once")
    return worths


def read_mean(ctx: click.Context, param: click.Parameter, text: str | None) -> Any:
    """Read the mean of a draw, in cents; it may have parts of a cent."""
    from fractions import Fraction
    from re import ASCII, fullmatch

    if text is None:
        return None
    if not fullmatch(r"\d{1,7}(\.\d{1,6})?", text, ASCII):
        raise click.BadParameter(f"'{text:.30}' is not an amount like 2.00 or 2.218")
    return Fraction(text) * 100


@click.command(
    "solve-bowl",
    epilog=examples(
        "cmengine rules solve-bowl --tier 0 --tier 1.00 --tier 20.00 --tier 100.00 --mean 2.00",
        "cmengine rules solve-bowl --tier 0 --tier 1 --tier 20 --tier 100 --mean 2.218 --wins 0.5",
        "cmengine rules solve-bowl group-bowl --draws 16",
    ),
)
@click.argument("which", metavar="[ID|FILE]", required=False, shell_complete=rule_ids)
@click.option("--rule", "rule_id", metavar="ID", help="Which rule of a FILE that has several.")
@click.option(
    "--tier",
    "worths",
    metavar="WORTH",
    multiple=True,
    callback=read_worths,
    help="What a slip is worth; one --tier for each worth, 0 for kind words.",
)
@click.option(
    "--mean", metavar="AMOUNT", callback=read_mean, help="What a draw is to be worth on average."
)
@click.option(
    "--slips",
    type=click.IntRange(1, 100_000),
    default=500,
    show_default=True,
    help="How many slips there are in all.",
)
@click.option(
    "--wins",
    type=click.FloatRange(0, 1, min_open=True),
    help="The share of slips that are worth money (default: as many as can be).",
)
@click.option(
    "--draws", type=click.IntRange(1, 1_000_000), help="Also say what so many draws come to."
)
@json_option
@pass_desk
def solve_bowl(
    desk: Desk,
    which: str | None,
    rule_id: str | None,
    worths: list[int],
    mean: Any,
    slips: int,
    wins: float | None,
    draws: int | None,
    as_json: bool,
) -> None:
    """Find how many slips of each worth to put in a bowl, or say what a bowl in a rule is worth.

    Of the bowls that fit, it takes one with few large slips. Slips go back after each draw.
    """
    from fractions import Fraction

    from cmengine import bowl as bowls

    if which is not None and (worths or mean is not None):
        raise click.UsageError("give a rule, or --tier and --mean, not both")
    if which is not None:
        bowl = _bowl_of(desk, which, rule_id)
    elif not worths or mean is None:
        raise click.UsageError("give --tier for each worth and --mean, or a rule with a bowl")
    else:
        share = None if wins is None else Fraction(str(wins))
        found = bowls.solve_bowl(worths, mean, slips, share)
        if found is None or abs(found.mean - mean) > NEAR:
            least, most = money(min(worths)), money(max(worths))
            raise CMError(
                Mistake(
                    "solve-bowl",
                    f"no bowl of {slips} slips, each worth there at least once, has this mean",
                    f"choose a mean well between {least} and {most}, more slips, or another --wins",
                )
            )
        bowl = found
    together = bowl.after(draws) if draws else None
    if as_json:
        document(
            {
                "slips": [{"count": n, "cents": cents} for n, cents in bowl.slips],
                "count": bowl.count,
                "mean_cents": round(float(bowl.mean), 6),
                "spread_cents": round(bowl.spread, 6),
                "wins": round(float(bowl.wins), 6),
                "draws": together
                and {
                    "count": draws,
                    "mean_cents": round(together[0], 2),
                    "spread_cents": round(together[1], 2),
                },
            }
        )
        return
    say(f"A bowl of {bowl.count} slips")
    rows = [(str(n), money(cents), f"{n / bowl.count:.4f}") for n, cents in bowl.slips]
    table(rows, ("slips", "worth", "chance"), "  ")
    say(
        f"A draw is worth {exactly(bowl.mean)} on average, with a spread of {bowl.spread / 100:.3f}."
    )
    say(f"A slip is worth money with a chance of {float(bowl.wins):.4g}.")
    if mean is not None and bowl.mean != mean:
        say(f"No such bowl is worth exactly {exactly(mean)} on average; this one comes nearest.")
    if together:
        say(
            f"{draws} draws are worth {money(round(together[0]))} on average, with a spread of "
            f"{money(round(together[1]))}."
        )


def _bowl_of(desk: Desk, which: str, rule_id: str | None) -> Any:
    from datetime import date

    from cmengine import Occurrence, Odds
    from cmengine.bowl import Bowl, bowl_of
    from cmengine.cli.simulate import the_rule

    rule = the_rule(desk, which, rule_id)[0]
    first = Occurrence(rule=rule.id, on=date.min, value=None, ordinal=1, slot=1, reason="")
    for reward in rule.rewards:
        if isinstance(reward, Odds):
            slips = bowl_of(reward.odds(first)[1]).slips
            if slips:
                return Bowl(tuple(sorted(slips, key=lambda slip: slip[1])))
    raise CMError(Mistake(f"rule '{rule.id}'", "it draws from no bowl", "name another rule"))
