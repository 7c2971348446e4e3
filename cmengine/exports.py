"""Every table that can be exported, with the SQL that reads it. Pure: this describes, and `exporting` does.

In the SQL stand for: ?1 the clients to leave out, ?2 the only client (or null), ?3 and ?4 the first and
last day, ?5 the kinds of event with a fixed list of values, ?6 the funds of `program.toml`, ?7 the names
under which a complaint may be about whoever is at the desk.
"""

from collections.abc import Sequence

from cmengine.tabled import Column, Table

_FUND = "json_extract(f.value, '$.name')"
_NOT_WORDS = "e.is_number or e.kind in (select value from json_each(?5))"


def _day(moment: str) -> str:
    """Give the SQL for the date that a moment was written down with."""
    return f"substr({moment}, 1, 10)"


def _personal(table: str, about: str) -> str:
    """Give the SQL for what `personal` holds about something of the client of a row."""
    return f"(select p.text from personal p where p.client = {table}.client and p.about = {about})"


def _event(number: str) -> str:
    """Give the SQL for the id of an event, by its place in the order of logging."""
    return f"(select e.id from events e where e.seq = {number})"


def _in_fund(table: str) -> str:
    """Give the SQL for the sum of what a table has of a fund of `program.toml`, in cents."""
    return f"coalesce((select sum(x.cents) from {table} x where x.fund = {_FUND}), 0)"


def _answers(column: str) -> str:
    """Give the SQL for a column of all that was answered to feedback, oldest first."""
    return (
        f"(select group_concat(w.{column}, char(10)) from (select {column} from feedback_words"
        f" where feedback = f.seq and answer > 0 and {column} <> '' order by answer) w)"
    )


CLIENTS = Table(
    name="clients",
    means="Everybody who is enrolled, by a code, and their money: earned less issued is waiting.",
    columns=(
        Column("client", "text", "the client's code", "c.client"),
        Column("enrolled_on", "day", "when they were enrolled", _day("c.added_at")),
        Column("earned_cents", "cents", "all that they have earned", "b.earned_cents"),
        Column("issued_cents", "cents", "what was handed over of it", "b.issued_cents"),
        Column("waiting_cents", "cents", "what is still to be handed over", "b.waiting_cents"),
        Column(
            "name",
            "text",
            "what they like to be called",
            _personal("c", "'name'"),
            words=True,
        ),
    ),
    source="clients c join balances b on b.client = c.client",
    whose="c.client",
    order="c.client",
)
RULES = Table(
    name="rules",
    means="Every version of every rule that was published.",
    columns=(
        Column("digest", "text", "names the version of the rule", "r.digest"),
        Column("rule", "text", "the rule", "r.rule"),
        Column("title", "text", "what clients see on the menu", "json_extract(r.body, '$.title')"),
        Column(
            "published_on",
            "day",
            "when this version could first be chosen",
            f"(select {_day('min(p.published_at)')} from publications p where p.digest = r.digest)",
        ),
    ),
    source="rules r",
    order="(select min(p.seq) from publications p where p.digest = r.digest), r.digest",
)
CHOICES = Table(
    name="choices",
    means="What clients chose, changed, set aside and chose again. Of a client and rule, the last row stands.",
    columns=(
        Column("choice", "text", "names the choice", "c.id"),
        Column("client", "text", "who chose", "c.client", to="clients"),
        Column("rule", "text", "the rule that was chosen", "c.rule"),
        Column("digest", "text", "the version of it that is kept", "c.digest", to="rules"),
        Column("on_day", "day", "from which day on", "c.on_day"),
        Column("stands", "yes", "false where the goal was set aside", "c.stands"),
        Column("settings", "text", "what they set themselves, as JSON", "c.settings", words=True),
        Column(
            "words",
            "text",
            "what they want, in their own words",
            _personal("c", "'words:' || c.id"),
            words=True,
        ),
        Column("made_at", "moment", "when it was written down", "c.made_at"),
        Column("made_by", "text", "by whom", "c.made_by"),
    ),
    source="choices c",
    whose="c.client",
    day="c.on_day",
    order="c.seq",
)
EVENTS = Table(
    name="events",
    means="What happened, as it was logged. A mistake stays, and is marked.",
    columns=(
        Column("event", "text", "names the event", "e.id"),
        Column("client", "text", "whose event it is", "e.client", to="clients"),
        Column("kind", "text", "what happened, by its name in kinds.toml", "e.kind"),
        Column(
            "value",
            "text",
            "its value, as it was logged; a client's own words are left out unless they are asked for",
            f"case when {_NOT_WORDS} then e.value end",
        ),
        Column(
            "number",
            "number",
            "the value, where it is a number",
            "case when e.is_number then e.value end",
        ),
        Column("occurred_at", "moment", "when it happened", "e.occurred_at"),
        Column("on_day", "day", "the program's day of that", "e.on_day"),
        Column("evidence", "text", "self, staff, document, device or test", "e.evidence"),
        Column(
            "corrected",
            "yes",
            "true where it was a mistake; what it earned stays",
            "exists (select 1 from corrections k where k.event = e.seq)",
        ),
        Column(
            "earned_cents",
            "cents",
            "what it earned",
            "coalesce((select sum(a.cents) from occurrences o join awards a on a.occurrence = o.seq"
            " where o.event = e.seq), 0)",
        ),
        Column(
            "words",
            "text",
            "the value, where it is in the client's own words",
            f"case when not ({_NOT_WORDS}) then e.value end",
            words=True,
        ),
        Column(
            "note",
            "text",
            "a note that staff made",
            _personal("e", "'note:' || e.id"),
            words=True,
        ),
        Column("logged_at", "moment", "when it was logged", "e.logged_at"),
        Column("logged_by", "text", "by whom", "e.logged_by"),
    ),
    source="events e",
    whose="e.client",
    day="e.on_day",
    order="e.seq",
)
OCCURRENCES = Table(
    name="occurrences",
    means="What an event came to under a rule: it happened, for the n-th time.",
    columns=(
        Column("occurrence", "whole", "names the occurrence", "o.seq"),
        Column(
            "event",
            "text",
            "the event that it comes from",
            _event("o.event"),
            to="events",
        ),
        Column("client", "text", "whose it is", "o.client", to="clients"),
        Column("rule", "text", "the rule", "o.rule"),
        Column("digest", "text", "the version of it", "o.digest", to="rules"),
        Column("ordinal", "whole", "for the how-manieth time", "o.ordinal"),
        Column("on_day", "day", "on which day", "o.on_day"),
        Column("slot", "whole", "the slot of the rule's calendar, where it has one", "o.slot"),
        Column(
            "counts",
            "yes",
            "false where the event was a mistake; the awards stay",
            "not exists (select 1 from released r where r.occurrence = o.seq)",
        ),
    ),
    source="occurrences o",
    whose="o.client",
    day="o.on_day",
    order="o.seq",
)
AWARDS = Table(
    name="awards",
    means="What was earned: money, things and kind words.",
    columns=(
        Column("award", "text", "names the award", "a.occurrence || '.' || a.n"),
        Column(
            "occurrence", "whole", "the occurrence that earned it", "a.occurrence", to="occurrences"
        ),
        Column("client", "text", "who has earned it", "o.client", to="clients"),
        Column("rule", "text", "under which rule", "o.rule"),
        Column("on_day", "day", "for which day", "o.on_day"),
        Column("label", "text", "what it is called", "a.label"),
        Column("cents", "cents", "what it is worth in money", "a.cents"),
        Column("item", "text", "the thing, where it is one", "a.item"),
    ),
    source="awards a join occurrences o on o.seq = a.occurrence",
    whose="o.client",
    day="o.on_day",
    order="a.occurrence, a.n",
)
VOUCHERS = Table(
    name="vouchers",
    means="What was handed over, and what has come back. Codes are in no export.",
    columns=(
        Column("voucher", "text", "names the voucher", "v.id"),
        Column("client", "text", "who was handed it", "v.client", to="clients"),
        Column("cents", "cents", "what it is worth in money", "v.cents"),
        Column("item", "text", "the thing, where it is one", "v.item"),
        Column("issued_at", "moment", "when it was handed over", "v.issued_at"),
        Column("issued_by", "text", "by whom", "v.issued_by"),
        Column("redeemed_cents", "cents", "what was redeemed of it", "v.redeemed_cents"),
        Column("redeemed_at", "moment", "when, for the last time", "v.redeemed_at"),
        Column("state", "text", "open, redeemed, or handed over as a gift card", "v.state"),
    ),
    source="voucher_list v",
    whose="v.client",
    day=_day("v.issued_at"),
    order="v.seq",
)
CHARGES = Table(
    name="charges",
    means="What each voucher was charged to: which award, from which fund.",
    columns=(
        Column("charge", "whole", "names the charge", "g.seq"),
        Column("voucher", "text", "the voucher", "g.voucher", to="vouchers"),
        Column("client", "text", "who was handed it", "o.client", to="clients"),
        Column(
            "award", "text", "the award that it pays", "g.occurrence || '.' || g.n", to="awards"
        ),
        Column("fund", "text", "the fund; empty where no fund is named", "g.fund"),
        Column("cents", "cents", "how much", "g.cents"),
        Column("on_day", "day", "on which day", "g.on_day"),
    ),
    source="charges g join occurrences o on o.seq = g.occurrence",
    whose="o.client",
    day="g.on_day",
    order="g.seq",
)
FUNDS = Table(
    name="funds",
    means="The funds of program.toml, in its order: what each held, what was issued, what is left.",
    columns=(
        Column("fund", "text", "the fund", _FUND),
        Column(
            "amount_cents",
            "cents",
            "what it holds by program.toml, with what was put in later",
            f"json_extract(f.value, '$.cents') + {_in_fund('fundings')}",
        ),
        Column(
            "issued_cents",
            "cents",
            "what was issued from it",
            _in_fund("charges"),
        ),
    ),
    source="json_each(?6) f",
    order="f.key",
)
STOCK = Table(
    name="stock",
    means="What was bought to be handed out, by purchase, and what is on the shelf. Codes and serials are in no export.",
    columns=(
        Column("lot", "text", "names what was bought together", "s.lot"),
        Column("name", "text", "the brand of a gift card, or the thing", "s.name"),
        Column("card", "yes", "true for gift cards", "s.card"),
        Column("each_cents", "cents", "what one of them is worth or cost", "s.each_cents"),
        Column("bought", "whole", "how many were bought", "s.bought"),
        Column("handed_out", "whole", "how many were handed out", "s.handed_out"),
        Column("missing", "whole", "how many a count did not find", "s.missing"),
        Column("on_hand", "whole", "how many are there", "s.bought - s.handed_out - s.missing"),
        Column("expires", "day", "when they expire", "s.expires"),
        Column("bought_on", "day", "when they were added", _day("s.added_at")),
    ),
    source="(select 'cards-' || min(c.seq) as lot, c.brand as name, 1 as card, c.cents as each_cents,"
    " count(*) as bought, count(c.voucher) as handed_out, -sum(c.difference) as missing, c.expires,"
    " p.added_at, c.purchase, 0 as n from card_list c join purchases p on p.seq = c.purchase"
    " group by c.purchase, c.brand, c.cents, c.expires"
    " union all select 'goods-' || g.seq, g.item, 0, g.cents, g.units, g.handed, -g.difference, null,"
    " p.added_at, g.purchase, g.seq from goods_list g join purchases p on p.seq = g.purchase) s",
    order="s.purchase, s.n, s.lot",
)
FEEDBACK = Table(
    name="feedback",
    means="That somebody told the program something, and whether it was answered. The words are in a client's"
    " own record alone; a complaint about whoever is at the desk is left out.",
    columns=(
        Column("feedback", "text", "names it", "f.id"),
        Column("kind", "text", "feedback or complaint", "f.kind"),
        Column(
            "client",
            "text",
            "who told it; empty where they did not want to be named",
            "f.client",
            to="clients",
        ),
        Column("told_on", "day", "when it was told", _day("f.told_at")),
        Column("answered_on", "day", "when it was first answered", _day("f.answered_at")),
        Column("changed", "yes", "whether something was done because of it", "f.changed"),
        Column(
            "event",
            "text",
            "the entry that it is about",
            _event("f.event"),
            to="events",
            own=True,
        ),
        Column(
            "words",
            "text",
            "what they said",
            "(select w.said from feedback_words w where w.feedback = f.seq and w.answer = 0)",
            words=True,
            own=True,
        ),
        Column(
            "answers",
            "text",
            "what was answered, a paragraph each",
            _answers("said"),
            words=True,
            own=True,
        ),
        Column(
            "done", "text", "what was done because of it", _answers("did"), words=True, own=True
        ),
    ),
    source="(select * from feedback_list where names is null"
    " or names not in (select value from json_each(?7))) f",
    whose="f.client",
    day=_day("f.told_at"),
    order="f.seq",
)
REFUSALS = Table(
    name="refusals",
    means="Each time the program said no, or not yet, at the desk. What was earned stands.",
    columns=(
        Column("refusal", "whole", "names it", "n.seq"),
        Column(
            "client",
            "text",
            "who was told; empty where nobody knows whose code it was",
            "n.client",
            to="clients",
        ),
        Column("reason", "text", "why, from the published list", "n.reason"),
        Column(
            "what",
            "text",
            "the limit, the fund, the rule or the thing that stood in the way",
            "n.what",
        ),
        Column("cents", "cents", "how much waits because of it", "n.cents"),
        Column("on_day", "day", "on which day", "n.on_day"),
        Column("made_at", "moment", "when", "n.made_at"),
        Column("made_by", "text", "by whom", "n.made_by"),
    ),
    source="refusals n",
    whose="n.client",
    day="n.on_day",
    order="n.seq",
)
CONSENTS = Table(
    name="consents",
    means="What clients allow, and no longer allow. Of a client, channel and purpose, the last row stands.",
    columns=(
        Column("consent", "text", "names it", "k.id"),
        Column("client", "text", "who allows it", "k.client", to="clients"),
        Column("purpose", "text", "what is allowed", "k.purpose"),
        Column(
            "channel",
            "text",
            "on which channel, or about which topic; empty where none is meant, or all",
            "k.channel",
        ),
        Column("given", "yes", "false where it is not allowed (any more)", "k.given"),
        Column("how", "text", "spoken, written or message", "k.how"),
        Column("noted_at", "moment", "when it was written down", "k.noted_at"),
        Column("noted_by", "text", "by whom", "k.noted_by"),
    ),
    source="consents k",
    whose="k.client",
    day=_day("k.noted_at"),
    order="k.seq",
)
MESSAGES = Table(
    name="messages",
    means="That a message was written to somebody, and whether it has gone. What it says is in no export.",
    columns=(
        Column("message", "text", "names it", "m.id"),
        Column("client", "text", "to whom", "m.client", to="clients"),
        Column(
            "event",
            "text",
            "the event that it is about",
            _event("m.event"),
            to="events",
        ),
        Column("channel", "text", "by which channel", "m.channel"),
        Column("template", "text", "what sort of message it is", "m.template"),
        Column("made_at", "moment", "when it was written", "m.made_at"),
        Column("came", "text", "sent, or not needed any more; empty where it waits", "m.came"),
    ),
    source="message_list m",
    whose="m.client",
    day=_day("m.made_at"),
    order="m.seq",
)
TABLES = {
    one.name: one
    for one in (
        CLIENTS, RULES, CHOICES, EVENTS, OCCURRENCES, AWARDS, VOUCHERS, CHARGES, FUNDS, STOCK, FEEDBACK,
        REFUSALS, CONSENTS, MESSAGES,
    )
}  # fmt: skip
"""Every table, by its name, in the order in which they are written."""

PERSONAL = Table(
    name="personal",
    means="Everything that was typed about them or as them, whatever it is: names, notes, words, wishes, strengths.",
    columns=(
        Column(
            "about",
            "text",
            "what it is about: name, set: what they set, strength: what they are proud of, stratum: what they"
            " want to be counted by, words: why they chose, note: and correction: of an event, and so on",
            "t.about",
            words=True,
        ),
        Column("client", "text", "whom it concerns", "t.client", to="clients"),
        Column("text", "text", "as it was typed", "t.text", words=True),
    ),
    source="personal t",
    whose="t.client",
    order="t.client, t.about",
)
"""What only the clients themselves are given: every row that `personal` holds of them."""

# Every parameter is named, so that each statement takes all of them.
_EVERY = "?1 is ?1 and ?2 is ?2 and ?3 is ?3 and ?4 is ?4 and ?5 is ?5 and ?6 is ?6 and ?7 is ?7"


def columns_of(table: Table, *, words: bool, own: bool = False) -> tuple[Column, ...]:
    """Give the columns of a table, with or without what may hold a person's words; `own` in a client's own
    record.
    """
    return tuple(
        column
        for column in table.columns
        if (words or not column.words) and (own or not column.own)
    )


def where(table: Table) -> str:
    """Write which rows of a table are meant, with the parameters of this module."""
    parts = [_EVERY]
    if table.whose:
        parts.append(
            f"({table.whose} is null or {table.whose} not in (select value from json_each(?1)))"
        )
        parts.append(f"(?2 is null or {table.whose} = ?2)")
    if table.day:
        parts.append(f"(?3 is null or {table.day} >= ?3) and (?4 is null or {table.day} <= ?4)")
    return " and ".join(parts)


def select(table: Table, columns: Sequence[Column]) -> str:
    """Write the statement that reads some columns of a table."""
    read = ", ".join(f"{column.sql} as {column.name}" for column in columns)
    return f"select {read} from {table.source} where {where(table)} order by {table.order}"
