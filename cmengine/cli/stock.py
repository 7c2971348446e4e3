"""cmengine stock"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.show import count as number
from cmengine.cli.show import document, money, note, say, table

if TYPE_CHECKING:
    from cmengine.vendor import EmptyCard


@click.group("stock")
def stock_command() -> None:
    """Gift cards, bus passes, prizes: what is on hand, and whether it adds up."""


@stock_command.command(
    "add",
    epilog=examples(
        "cmengine stock add cards-from-vendor.csv", "cmengine stock add shelf.csv --again"
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--again", is_flag=True, help="Add a file of things once more: more of the same.")
@json_option
@pass_desk
def add(desk: Desk, file: Path, again: bool, as_json: bool) -> None:
    """Add FILE to the stock, all of it or nothing.

    For gift cards, CSV with the columns serial, code, value, brand and expires; for things, item, count and
    value (of each). Codes are encrypted; no message shows one.
    """
    from cmengine.stocking import add_stock

    with desk.open() as program:
        added = add_stock(program, file, again=again)
    if as_json:
        document({"cards": added.cards, "units": added.units, "cents": added.cents})
        return
    pieces = [number(added.cards, "gift card")] if added.cards else [number(added.units, "thing")]
    say(f"Added: {pieces[0]}, worth {money(added.cents)}")
    if added.cards:
        say("  The codes are in the ledger, encrypted. Take the file off this machine now.")


@stock_command.command(
    "list",
    epilog=examples(
        "cmengine stock list",
        "cmengine stock list --empty     (to take up with the vendor)",
        "cmengine stock list --json",
    ),
)
@click.option("--empty", is_flag=True, help="The cards that did not work at the shop instead.")
@json_option
@pass_desk
def list_stock(desk: Desk, empty: bool, as_json: bool) -> None:
    """List what is on hand, what is running low, and which cards expire soon. No code is shown."""
    from attrs import asdict

    from cmengine.stock import shelves
    from cmengine.vendor import empty_cards

    with desk.open() as program:
        found = shelves(program)
        bad = empty_cards(program.ledger) if empty else []
    if as_json:
        document(
            {
                "stock": [
                    {
                        "brand": one.brand,
                        "item": one.item,
                        "cents": one.cents,
                        "on_hand": one.on_hand,
                        "total_cents": one.total,
                        "low": one.low,
                        "expired": one.expired,
                        "expire_soon": one.soon,
                        "first_expires": one.first_expires,
                        "to_count": one.to_count,
                    }
                    for one in found
                ],
                "empty": [asdict(one) for one in bad],
            }
        )
        return
    if empty:
        _show_empty(bad)
        return
    if not found:
        say("Nothing is in the stock. Add some with: cmengine stock add FILE")
        return
    rows = []
    for one in found:
        marks = ["low"] if one.low else []
        marks += ["to be counted before one is handed out"] if one.to_count else []
        marks += [f"{one.soon} to be used by {one.first_expires} or soon after"] if one.soon else []
        marks += [f"{one.expired} expired: not handed out"] if one.expired else []
        rows.append(
            (
                one.item or str(one.brand),
                money(one.cents),
                str(one.on_hand),
                money(one.total),
                "; ".join(marks),
            )
        )
    table(rows, ("what", "each", "on hand", "worth", ""))


def _show_empty(cards: Sequence["EmptyCard"]) -> None:
    if not cards:
        say("Every card that was handed over has worked, as far as anybody said.")
        return
    rows = [
        (
            one.brand,
            money(one.cents),
            one.serial,
            str(one.added),
            str(one.reported),
            money(one.made_good_cents),
            f"to be used by {one.expires}" if one.expires else "",
        )
        for one in cards
    ]
    table(rows, ("brand", "worth", "serial", "came", "reported", "made good", ""))
    say()
    total = sum(one.cents for one in cards)
    say(f"{number(len(cards), 'card')}, {money(total)}: take it up with the vendor.")


@stock_command.command(
    "count",
    epilog=examples(
        "cmengine stock count 38 --item 'bus pass' --witness ben     (who types it counts)",
        "cmengine stock count 11 --card Grocer --witness ben --missing G-0017",
    ),
)
@click.argument("counted", metavar="NUMBER", type=click.IntRange(0, 10_000_000))
@click.option("--item", metavar="NAME", help="The thing that was counted.")
@click.option("--card", "brand", metavar="BRAND", help="The brand whose cards were counted.")
@click.option("--witness", metavar="NAME", required=True, help="Who looked on: somebody else.")
@click.option("--missing", metavar="SERIAL", multiple=True, help="A card that is not there.")
@click.option(
    "--found", metavar="SERIAL", multiple=True, help="A missing card that is there again."
)
@json_option
@pass_desk
def count(
    desk: Desk,
    counted: int,
    item: str | None,
    brand: str | None,
    witness: str,
    missing: tuple[str, ...],
    found: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write down that NUMBER are on hand, as two people counted them.

    Who counts (--by) has not handed out of it since the last count. A difference is written down and is
    the program's; no client ever has less for it.
    """
    from cmengine.counting import count_cards, count_items

    if (item is None) == (brand is None):
        raise click.UsageError("say what was counted: --item NAME or --card BRAND")
    if item is not None and (missing or found):
        raise click.UsageError("--missing and --found name cards, by their serials")
    with desk.open() as program:
        if brand is None:
            done = count_items(program, str(item), counted, witness)
        else:
            done = count_cards(program, brand, counted, witness, missing=missing, found=found)
    if as_json:
        document(
            {
                "what": done.what,
                "expected": done.expected,
                "counted": done.counted,
                "difference": done.counted - done.expected,
                "difference_cents": done.cents,
                "apart": done.apart,
            }
        )
        return
    say(f"{done.what}: {done.counted} counted, {done.expected} expected")
    if done.cents or done.counted != done.expected:
        word = (
            "are missing; that is the program's cost, and no client's"
            if done.cents < 0
            else "more than expected"
        )
        say(f"  {money(abs(done.cents))} {word}")
    if not done.apart:
        say("  Who counted had handed out of it, too. It is written down.")


@stock_command.command(
    "reconcile", epilog=examples("cmengine stock reconcile", "cmengine stock reconcile --json")
)
@json_option
@pass_desk
def reconcile_stock(desk: Desk, as_json: bool) -> None:
    """Add it up: issued, made good, on hand and missing are what was bought, to the cent and the serial."""
    from attrs import asdict

    from cmengine.reconcile import reconcile

    with desk.open() as program:
        done = reconcile(program)
    sums = {
        f"{part}_cents": sum(getattr(line, f"{part}_cents") for line in done.lines)
        for part in ("bought", "issued", "made_good", "on_hand", "expired", "missing")
    }
    if as_json:
        document(
            {
                "ok": done.ok,
                "problems": done.problems,
                **sums,
                "lines": [asdict(line) for line in done.lines],
            }
        )
    else:
        parts = ("bought", "issued", "made_good", "on_hand", "missing")
        rows = [
            (
                line.what,
                *(f"{getattr(line, part)}" for part in parts),
                *(money(getattr(line, f"{part}_cents")) for part in parts),
            )
            for line in done.lines
        ]
        if rows:
            shown = [
                (
                    row[0],
                    *(
                        f"{pieces} = {worth}"
                        for pieces, worth in zip(row[1:6], row[6:], strict=True)
                    ),
                )
                for row in rows
            ]
            table(shown, ("what", "bought", "issued", "made good", "on hand", "missing"))
            say()
        say(
            f"{money(sums['issued_cents'])} issued + {money(sums['made_good_cents'])} made good"
            f" + {money(sums['on_hand_cents'])} on hand + {money(sums['missing_cents'])} missing"
            f" = {money(sums['bought_cents'])} bought"
            if done.ok
            else "It does not add up:"
        )
        if sums["expired_cents"]:
            say(
                f"Of what is on hand, {money(sums['expired_cents'])} expired and is not handed out."
            )
        for problem in done.problems:
            note(f"  {problem}")
    if not done.ok:
        raise click.exceptions.Exit(1)
