"""Give the journal to an auditor: pseudonymous rows, and a script that checks them without cmengine.

Of a table of which every column can be shown, the export has the rows in their canonical form, in which
keyed tokens stand for clients and for whatever was typed; of every other table it has the rows' hashes.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib.resources import files
from pathlib import Path

from attrs import Factory, define, frozen

from cmengine.chain import Chain, Table, entries, journaled_tables
from cmengine.durable import sync
from cmengine.errors import CMError, Mistake
from cmengine.journal import MARK, Anchor, Entry, Sealer
from cmengine.ledger import Ledger, open_ledger
from cmengine.program import Program
from cmengine.unfinished import unfinished

SHOWN = {
    "seq", "id", "client", "rule", "digest", "body", "round", "ordinal", "on_day", "slot",
    "reason", "occurrence", "n", "reward", "label", "cents", "item", "event", "after_event",
    "turn", "correction", "voucher", "code_hash", "purchase", "brand", "serial", "expires",
    "sealed", "pieces", "units", "card", "goods", "instead_of", "expected", "counted", "apart",
    "witness", "fund", "named", "after_restore", "last_card",
}  # fmt: skip
"""Columns that an auditor is shown, beside those that say when and by whom; some as tokens. A table with
any other column is not shown."""

READ_ME = """\
What was earned, issued and redeemed, for somebody who trusts nobody.

    python check.py {name} [ANCHOR]

check.py needs Python 3.11 or later and nothing else; read it first, it is short. ANCHOR is what was printed
on an earlier day by `cmengine journal head`, and kept where those who run the program cannot reach it.

entries.jsonl   each change, in order: [number, form, when, who, what, which rows, digest, hash]
rows/*.jsonl    the rows that each entry wrote, in the same order; export.json names the columns
rows/*.hashes   of rows that say more about a person than an auditor needs: 32 bytes each, SHA-256

The same token of 32 letters is the same client, the same reason or the same voucher code; only the program,
with its key, can say which. There are no names, codes or notes in here. Days and kinds of reward are: treat
it as health information all the same.
"""


@frozen(kw_only=True)
class Exported:
    """What an export holds: entries, rows, and the anchor it ends with."""

    entries: int
    rows: int
    anchor: Anchor


@define(eq=False, repr=False)
class _Written:
    """The rows of a table in the order in which they were written."""

    table: Table
    _kept: dict[bytes, tuple[str, bytes]] = Factory(dict)
    _left: Iterator[tuple[str, bytes]] = Factory(lambda self: self._each(), takes_self=True)

    @property
    def shown(self) -> bool:
        """Say whether an auditor is shown the rows."""
        return all(one in SHOWN or one.endswith(("_at", "_by")) for one in self.table.columns)

    def row(self, mark: bytes) -> tuple[str, bytes]:
        """Give the row with a mark: its canonical form, and the hash of that."""
        while mark not in self._kept:
            line, hash = next(self._left)
            self._kept[hash[:MARK]] = line, hash
        return self._kept.pop(mark)

    def _each(self) -> Iterator[tuple[str, bytes]]:
        for _, lines, hashes in self.table.read(1 << 62):
            yield from zip(lines, hashes, strict=True)


def export_journal(program: Program, file: Path) -> Exported:
    """Write an export into a new file that only its owner can read. Raises CMError."""
    if file.exists():
        raise CMError(Mistake(str(file), "is already there", "name a new file"))
    sealer = Sealer(program.keys.journal)
    try:
        with unfinished(file.resolve().parent) as folder:
            copy, made = folder / "copy.db", folder / "export.zip"
            program.ledger.copy(copy)
            with closing(open_ledger(copy)) as ledger:
                exported = _write(ledger, sealer, made, file.name)
            sync(made)
            made.rename(file)
            sync(file.resolve().parent)
    except OSError as error:
        with suppress(OSError):
            file.unlink(missing_ok=True)
        what = f"cannot be written ({error.strerror})"
        raise CMError(
            Mistake(str(file), what, "nothing was exported; name another file")
        ) from error
    return exported


def _write(ledger: Ledger, sealer: Sealer, file: Path, name: str) -> Exported:
    walk = Chain(ledger, sealer)
    wrong = next(walk.problems(), None)
    if wrong is not None or walk.head is None:
        what = f"is not as the journal says ({wrong}), so there is nothing to show an auditor"
        raise CMError(Mistake(str(ledger.path), what, "see all of it with: cmengine verify"))
    tables = {one: _Written(Table(ledger, one, sealer)) for one in journaled_tables()}
    anchor = Anchor(walk.head.seq, walk.head.hash)
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    with os.fdopen(handle, "w+b") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("READ-ME.txt", READ_ME.format(name=name))
        out.writestr("check.py", (files("cmengine") / "auditor.py").read_text(encoding="utf-8"))
        counts = _write_rows(out, ledger, tables, file.parent)
        about = {
            one: {"columns": w.table.columns, "shown": w.shown, "rows": counts[one]}
            for one, w in tables.items()
        }
        out.writestr("export.json", json.dumps({"anchor": str(anchor), "tables": about}, indent=1))
    return Exported(entries=walk.entries, rows=walk.rows, anchor=anchor)


def _write_rows(
    out: zipfile.ZipFile, ledger: Ledger, tables: dict[str, _Written], folder: Path
) -> dict[str, int]:
    """Write the entries, and the rows of every table; a zip takes its files one after the other."""
    counts = dict.fromkeys(tables, 0)
    parts = {name: (folder / name).open("wb") for name in tables}
    try:
        with out.open("entries.jsonl", "w", force_zip64=True) as listed:
            for entry in entries(ledger):
                listed.write(_entry_line(entry))
                at = 0
                for name, count, _, _ in entry.read_parts():
                    for n in range(at, at + count):
                        line, hash = tables[name].row(entry.marks[MARK * n : MARK * (n + 1)])
                        parts[name].write(line.encode() + b"\n" if tables[name].shown else hash)
                    at += count
                    counts[name] += count
    finally:
        for part in parts.values():
            part.close()
    for name, written in tables.items():
        out.write(folder / name, f"rows/{name}.{'jsonl' if written.shown else 'hashes'}")
    return counts


def _entry_line(entry: Entry) -> bytes:
    return json.dumps([*entry[:6], entry.digest.hex(), entry.hash.hex()]).encode() + b"\n"
