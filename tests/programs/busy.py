"""Programs in which a lot has happened, made by dice: what a report is held against."""

from datetime import timedelta
from random import Random
from typing import Any

from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.corrections import correct_event
from cmengine.engine import add_client, log_event, make_event
from cmengine.equity import keep_strata
from cmengine.errors import CMError
from cmengine.funds import add_money
from cmengine.program import Program
from cmengine.publish import publish
from cmengine.vouchers import issue_voucher, redeem_voucher

SETTINGS = """
name = "Riverside"
zone = "America/Los_Angeles"

[[fund]]
name   = "grant"
amount = "900.00"
pays_for = ["drop-in", "positive-change"]

[[fund]]
name   = "gifts"
amount = "300.00"
after  = "grant"
"""
KINDS = """
[kind.visit]
label = "Came in"

[kind.missed_visit]
label = "Did not make it in"

[kind.positive_change]
label = "Something better"
text  = true

[kind.test]
label  = "Test"
values = ["negative", "positive"]
about  = "use"

[kind.naloxone]
label = "Picked up naloxone"
about = "safer use"
"""
RULES = """
[[rule]]
id    = "not-using"
title = "A test, if I want one"
[rule.goal]
kind   = "any_of"
events = ["test"]
values = ["negative"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "3.00"

[[rule]]
id    = "drop-in"
title = "Coming in"
[rule.goal]
kind    = "any_of"
events  = ["visit"]
per_day = 1
[[rule.reward]]
kind   = "escalating_voucher"
start  = "2.50"
step   = "0.50"
cap    = "{cap}"
climbs = "each_time"
[[rule.reward]]
kind  = "item"
item  = "bus pass"

[[rule]]
id    = "positive-change"
title = "Something better than before"
[rule.goal]
kind     = "any_of"
events   = ["positive_change"]
per_week = 2
[[rule.reward]]
kind  = "fixed_voucher"
worth = "5.00"

[[rule]]
id    = "naloxone"
title = "I keep naloxone on me"
[rule.goal]
kind   = "any_of"
events = ["naloxone"]
[[rule.reward]]
kind = "praise"
says = ["Good to have it on you."]
"""
CHOSEN = ("drop-in", "positive-change", "not-using", "naloxone")
THINGS = (("visit", None), ("visit", None), ("visit", None), ("missed_visit", None), ("positive_change", "slept"), ("test", "negative"), ("test", "positive"), ("naloxone", None))  # fmt: skip


def rules(cap: str = "6.00") -> str:
    """Write the rules; another cap is another version of one of them."""
    return RULES.replace("{cap}", cap)


def live(program: Program, clock: Any, dice: Random, days: int, most: int = 30) -> None:
    """Let a program live for so many days, from where the clock stands."""
    clients: list[str] = []
    codes: list[str] = []
    # Durability is not what these are about: without it they live ten times as fast.
    program.ledger.rows("pragma synchronous = off")
    for n in range(days):
        clock.now += timedelta(days=1, minutes=dice.randrange(-300, 300))
        if len(clients) < most and dice.random() < 0.7:
            clients.append(f"c{len(clients) + 1:03}")
            add_client(program, clients[-1])
            some = [rule for rule in CHOSEN if dice.random() < 0.8]
            choose_goals(
                program,
                [
                    Wish(client=clients[-1], rule=rule, words="As I like", on=program.today())
                    for rule in some
                ],
            )
        for client in dice.sample(clients, min(len(clients), dice.randrange(8))):
            log(program, clock, dice, client)
        for client in dice.sample(clients, min(len(clients), dice.randrange(4))):
            hand_over(program, dice, client, codes)
        aside(program, dice, clients, codes)
        if n == days // 2:
            (program.folder / "rules" / "rules.toml").write_text(rules("7.50"))
            publish(program)
            add_money(program, "gifts", 150_00)


def log(program: Program, clock: Any, dice: Random, client: str) -> None:
    """Log something that happened: today, or some days ago."""
    kind, value = dice.choice(THINGS)
    ago = dice.choice([0, 0, 0, 0, 1, 3, 20])
    event, wrong = make_event(
        program, client=client, kind=kind, value=value, at=clock.now - timedelta(days=ago)
    )
    assert event is not None, wrong
    log_event(program, event)
    if dice.random() < 0.03:
        correct_event(program, event.id, "It was somebody else")


def hand_over(program: Program, dice: Random, client: str, codes: list[str]) -> None:
    """Hand over what waits, all of it or some, or a thing."""
    try:
        if dice.random() < 0.2:
            issued = issue_voucher(program, client, item="bus pass")
        else:
            issued = issue_voucher(program, client, cents=dice.choice([None, None, 250, 400]))
        codes.append(issued.code)
    except CMError:
        pass  # nothing waits, or the funds hold back


def aside(program: Program, dice: Random, clients: list[str], codes: list[str]) -> None:
    """Redeem, tell, answer, say no, agree, set aside: each now and then."""
    ledger, at, by = program.ledger, program.now().isoformat(), program.by
    if codes and dice.random() < 0.5:
        redeem_voucher(program, codes.pop(dice.randrange(len(codes))))
    if not clients:
        return
    client = dice.choice(clients)
    if dice.random() < 0.2:
        with ledger.writing("tell"):
            ledger.insert(
                "feedback",
                id=program.new_id(),
                kind=dice.choice(["feedback", "complaint"]),
                client=dice.choice([None, client]),
                told_at=at,
                noted_by=by,
            )
    told = ledger.rows(
        "select seq from feedback where seq not in (select feedback from answers) order by seq"
    )
    if told and dice.random() < 0.15:
        with ledger.writing("answer"):
            ledger.insert(
                "answers",
                feedback=told[0][0],
                changed=dice.randrange(2),
                answered_at=at,
                answered_by=by,
            )
    reason, today = dice.choice(["fund", "limit", "stock"]), program.today().isoformat()
    once = "select 1 from refusals where on_day = ? and client = ? and reason = ?"
    if dice.random() < 0.2 and ledger.one(once, today, client, reason) is None:
        with ledger.writing("say no"):
            ledger.insert(
                "refusals",
                client=client,
                reason=reason,
                what="grant",
                cents=dice.choice([0, 250]),
                on_day=today,
                made_at=at,
                made_by=by,
            )
    if dice.random() < 0.5:
        keep_strata(
            program, client, [f"age={dice.choice(['18-29', '30-49', '50+'])}", "housing=shelter"]
        )
        agree(program, client, given=dice.random() < 0.9)
    if dice.random() < 0.05:
        rules_now = ledger.timelines(client)
        standing = [rule for rule, rows in rules_now.items() if rows[-1].choice.stands]
        if standing:
            set_aside(program, client, dice.choice(standing))


def agree(program: Program, client: str, *, given: bool = True) -> None:
    """Write down that a client agrees to be counted, or no longer does."""
    with program.ledger.writing("agree"):
        program.ledger.insert(
            "consents",
            id=program.new_id(),
            client=client,
            channel="",
            purpose="equity",
            given=int(given),
            how="spoken",
            noted_at=program.now().isoformat(),
            noted_by=program.by,
        )
