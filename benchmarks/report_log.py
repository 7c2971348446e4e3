"""Report on a whole ledger as `cmengine report` does, and say how long it took.

python -m report_log FOLDER       (in this folder; make_log and import_log make the ledger)

Half of what was earned is handed over first, unless it was: to each client a voucher a month, from two funds
that have some left.
"""

import sys
from datetime import date
from pathlib import Path

from make_log import BY, NOW, open_again
from measure import tell, timed

from cmengine.page import page
from cmengine.period import Period
from cmengine.program import Program
from cmengine.report_sections import heading, sections
from cmengine.reporting import report
from cmengine.transparency import public_page

FUNDS = '[[fund]]\nname = "grant"\namount = "2000000.00"\npays_for = ["drop-in"]\n[[fund]]\nname = "gifts"\namount = "900000.00"\nafter = "grant"\n'
EARNED = """
select o.client, substr(o.on_day, 1, 7) as month, a.occurrence, a.n, a.cents, e.occurred_at, o.on_day
from occurrences o join awards a on a.occurrence = o.seq join events e on e.seq = o.event
where a.cents > 0 and o.seq % 2 = 0
order by o.client, month, o.on_day, o.seq
"""
TERMS = '{"budget_year": [1, 1], "funds": [], "limits": []}'
CHARGES = ("seq", "voucher", "occurrence", "n", "fund", "cents", "on_day", "terms")
VOUCHERS = ("seq", "id", "client", "cents", "item", "occurrence", "n", "code_hash", "issued_at", "issued_by")  # fmt: skip


def hand_over(program: Program) -> None:
    """Write a voucher for each client and month; it is in hand at the last of its events."""
    ledger = program.ledger
    with ledger.writing():
        ledger.insert("terms", body=TERMS, noted_at=NOW.isoformat(), noted_by=BY)
        charges: list[object] = []
        vouchers: list[object] = []
        before: tuple[str, str] | None = None
        for number, row in enumerate(ledger.tuples(EARNED), start=1):
            client, month, occurrence, n, cents, at, day = row
            if (client, month) != before:
                before = client, month
                place = len(vouchers) // len(VOUCHERS) + 1
                code = f"{place:064x}"
                vouchers += [place, f"{client}-{month}", client, 0, None, None, None, code, "", BY]
            charges += [number, f"{client}-{month}", occurrence, n, "", cents, day, 1]
            vouchers[-7] += cents
            vouchers[-2] = at
        rows = [("charges", CHARGES, "", charges), ("vouchers", VOUCHERS, "", vouchers)]
        ledger.append(rows)


def main(folder: Path) -> None:
    """Write both pages of it."""
    settings = folder / "program.toml"
    if FUNDS not in settings.read_text():
        program = open_again(folder)
        hand_over(program)
        program.close()
        settings.write_text(settings.read_text() + FUNDS)
    for name in ("report", "public"):
        with timed() as took:
            program = open_again(folder)
            period = Period(date(2024, 1, 1), date(2026, 12, 31))
            if name == "report":
                told = report(program, period)
                text = page(heading(told), sections(told))
            else:
                text = public_page(program, period)
            program.close()
        tell(took, what=name, bytes=len(text))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
