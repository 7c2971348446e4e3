"""cmengine draw"""

from pathlib import Path
from typing import Any

import click

from cmengine.cli.desk import Desk, examples, json_option, pass_desk
from cmengine.cli.odds import bowl_data, say_bowl
from cmengine.cli.show import count, day, document, note, say, table, wrapped
from cmengine.errors import CMError, Mistake

FILE = click.Path(path_type=Path, readable=False)
MOST_BYTES = 64 * 1024 * 1024  # of published draws: some hundred thousand


@click.group("draw")
def draw_command() -> None:
    """Replay a draw from the bowl, and let anybody check it."""


@draw_command.command(
    "show",
    epilog=examples(
        "cmengine draw show 17.1     (the number stands in: cmengine awards)",
        "cmengine draw show s1-000042     (all draws of an event)",
    ),
)
@click.argument("which", metavar="AWARD|EVENT")
@json_option
@pass_desk
def show(desk: Desk, which: str, as_json: bool) -> None:
    """Replay a draw in front of whoever asks: the bowl, the number thrown, the slip it falls on."""
    from cmengine.draws import replay_draw

    with desk.open() as program:
        found = replay_draw(program, which)
    if as_json:
        document({"draws": [_drawn(one) for one in found]})
        return
    for n, one in enumerate(found):
        say("" if n else f"{found[0].rule.title}, {day(found[0].row.on)}")
        _say(one, bowl=n == 0 or one.slips != found[n - 1].slips)
    words = "Not the day, not what else was drawn or is in stock, and not how often somebody asks has a say."
    say()
    say(wrapped("  ", words))
    say(wrapped("  ", _for_all(found[0].turn)))


def _drawn(one: Any) -> dict[str, Any]:
    row, thrown = one.row, one.thrown
    return {
        "award": row.id,
        "client": row.client,
        "event": row.event,
        "rule": row.rule,
        "digest": row.digest,
        "reward": row.reward,
        "draw": one.draw,
        "draws": one.draws,
        "bowl": bowl_data(one.slips),
        "commitment": one.turn.commitment,
        "committed_at": one.turn.committed_at,
        "retired_at": one.turn.retired_at,
        "throw": thrown and thrown.n,
        "number": thrown and str(thrown.number),
        "slip": thrown and thrown.place + 1,
        "label": row.label,
        "cents": row.cents,
        "item": row.item,
        "owed": row.item is not None and one.handed is None,
        "handed_at": one.handed and one.handed[0],
        "handed": one.handed and one.handed[1],
        "agrees": one.agrees,
    }


def _say(one: Any, *, bowl: bool) -> None:
    row, turn, thrown = one.row, one.turn, one.thrown
    if bowl:
        say_bowl(one.slips, "  ")
    say(f"Award {row.id}, draw {one.draw} of {one.draws}")
    say("  It hangs on these, and on nothing else:")
    table(
        [
            ("the secret", f"promised on {turn.committed_at[:10]} as {turn.commitment[:16]}..."),
            ("the event", row.event),
            ("the rule", f"{row.rule}, reward {row.reward + 1}, draw {one.draw} of {one.draws}"),
        ],
        indent="    ",
    )
    if thrown is None:
        say("  The plugin that drew has a way of its own, so the number thrown is not known here.")
    else:
        say(f"  The number thrown: {thrown.number:,}".replace(",", " "))
        say(
            f"  Counted round and round the {one.count} slips, it falls on slip {thrown.place + 1}."
        )
    say(f"  On the slip: {row.label}")
    for line in _things(one):
        say(line)
    if not one.agrees:
        say("  Look: this is not what the ledger has; run: cmengine verify")


def _things(one: Any) -> list[str]:
    row = one.row
    if row.item is None:
        return []
    if one.handed is None:
        return [
            f"  Owed in writing: '{row.item}' waits to be handed over. It does not run out, also where"
            " there is none in stock."
        ]
    at, thing = one.handed
    instead = "" if thing == row.item else f" '{thing}' was taken instead of '{row.item}'."
    return [f"  Handed over on {at[:10]}.{instead}"]


def _for_all(turn: Any) -> str:
    if turn.retired_at is None:
        return (
            "The secret is shut, so that nobody can know a draw before it is made. Once it is retired"
            " (cmengine draw retire), anybody can check this draw without trusting us."
        )
    return (
        f"The secret was opened on {turn.retired_at[:10]}: anybody can check this draw without"
        " trusting us, from what cmengine draw publish writes."
    )


@draw_command.command(
    "secrets", epilog=examples("cmengine draw secrets", "cmengine draw secrets --json")
)
@json_option
@pass_desk
def secrets(desk: Desk, as_json: bool) -> None:
    """List what the program promised to draw with, and when; hang it up, so that others can hold you to it."""
    from cmengine.turns import turns_of

    with desk.open() as program:
        turns = turns_of(program.ledger)
    if as_json:
        document({"secrets": [_turn(turn) for turn in turns]})
        return
    for turn in turns:
        opened = f"opened on {turn.retired_at[:10]}" if turn.retired_at else "in force"
        say(f"{turn.commitment}   promised on {turn.committed_at[:10]}, {opened}")


def _turn(turn: Any) -> dict[str, Any]:
    return {
        "commitment": turn.commitment,
        "committed_at": turn.committed_at,
        "committed_by": turn.committed_by,
        "retired_at": turn.retired_at,
        "retired_by": turn.retired_by,
        "secret": turn.secret.hex() if turn.secret else None,
    }


@draw_command.command("retire", epilog=examples("cmengine draw retire"))
@json_option
@pass_desk
def retire_secret(desk: Desk, as_json: bool) -> None:
    """Open the present draw secret, so that all draws made with it can be checked, and promise the next.

    This cannot be undone. What is logged from now on is drawn with the next secret; what was logged
    before stays with the one it was logged under.
    """
    from cmengine.turns import retire

    with desk.open() as program:
        done = retire(program)
    if as_json:
        document({"retired": _turn(done.turn), "commitment": done.next})
        return
    say(f"Opened: the secret promised on {done.turn.committed_at[:10]}.")
    say("  All draws made with it can be checked now: cmengine draw publish draws.json")
    say("From now on draws are made with the next secret, promised today as")
    say(f"  {done.next}")
    say("Hang this up or hand it out, so that others can hold you to it.")


@draw_command.command(
    "publish",
    epilog=examples(
        "cmengine draw publish draws.json",
        "cmengine draw publish draws.json --script check_draws.py     (with a small program that checks it)",
        "cmengine draw publish     (on standard output)",
    ),
)
@click.argument("file", required=False, type=FILE)
@click.option("--script", type=FILE, help="Also write a small program that checks such a file.")
@json_option
@pass_desk
def publish(desk: Desk, file: Path | None, script: Path | None, as_json: bool) -> None:
    """Write the draws that a stranger can check to FILE: opened secrets, bowls and draws, nobody's name or code."""
    import json

    from cmengine.drawbook import LEFT_OUT, published
    from cmengine.newfile import write_new

    if file is None and as_json:
        raise click.UsageError("without FILE, the document itself is printed; leave --json out")
    with desk.open() as program:
        book = published(program)
    text = json.dumps(book.document, indent=1) + "\n"
    new = [] if file is None else [(file, text)]
    if script is not None:
        from importlib.resources import files

        new.append((script, (files("cmengine") / "check_draws.py").read_text(encoding="utf-8")))
    write_new(*new)
    if file is None:
        click.echo(text, nl=False)
    if as_json:
        document(
            {
                "file": str(file),
                "draws": len(book.document["draws"]),
                "secrets": len(book.document["secrets"]),
                "left_out": book.left_out,
            }
        )
        return
    if file is not None:
        say(
            f"Written to {file}: {count(len(book.document['draws']), 'time')} that something was drawn."
        )
        say(f"  Anybody can check it, anywhere: cmengine draw verify {file}")
    for why, times in book.left_out.items():
        note(f"Note: left out: {count(times, 'time')}, {LEFT_OUT[why]}")


@draw_command.command(
    "verify",
    epilog=examples(
        "cmengine draw verify draws.json",
        "cmengine draw verify draws.json --commitment 3fa9...     (the hash that hung on the wall)",
    ),
)
@click.argument("file", type=FILE)
@click.option(
    "--commitment",
    "known",
    multiple=True,
    metavar="HASH",
    help="A hash you were given before the draws; it must be in the file.",
)
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, known: tuple[str, ...], as_json: bool) -> None:
    """Check a FILE of published draws. Needs no program, and believes nothing but the file and --commitment."""
    import json

    from cmengine.check_draws import WRONG, check
    from cmengine.toml import cannot_read, no_file

    todo = "take one that cmengine draw publish has written"
    try:
        if not file.is_file():
            raise no_file(file)
        if file.stat().st_size > MOST_BYTES:
            raise CMError(Mistake(str(file), f"is larger than {MOST_BYTES:,} bytes", todo))
        book = json.loads(file.read_text(encoding="utf-8"))
        problems = check(book, list(known))
    except OSError as error:
        raise cannot_read(file, error) from error
    except WRONG as error:
        raise CMError(Mistake(str(file), "is not a file of draws", todo)) from error
    promised = [(one["commitment"], one["committed_at"]) for one in book["secrets"]]
    if as_json:
        document(
            {
                "ok": not problems,
                "problems": problems,
                "draws": len(book["draws"]),
                "commitments": [{"commitment": one, "committed_at": at} for one, at in promised],
            }
        )
    else:
        for problem in problems:
            note(f"Error: {problem}")
        if not problems:
            say(
                f"Something was drawn {count(len(book['draws']), 'time')}. Every slip is the one it had to be."
            )
        say("What was promised before the draws; compare it with what you were given then:")
        for one, at in promised:
            say(f"  {one}   on {at[:10]}")
    if problems:
        ctx.exit(1)
