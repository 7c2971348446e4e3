"""Every command that writes, and what must be true of it after a stop; every other one only reads.

A new command belongs into one of the two tables: a test compares them with the commands there are.
"""

from attrs import frozen


@frozen
class Writes:
    """A command that writes.

    `words` may hold {files}, {code} and {new}. `commits` is how many transactions it takes; with one, all
    of it is there after a stop, or nothing. `again` says what the same command does when it has been done
    already: "goes on" (it ends well, and adds nothing that is there), "refuses" (in words), "adds" (it
    writes the same down once more, which changes nothing for the client), or "either" (it refuses where the
    new file is there, and adds where that was still to get its name).
    """

    name: str
    words: tuple[str, ...]
    again: str
    commits: int = 1
    typed: str = ""
    own_folder: bool = False  # it makes a program instead of working in one
    plugin: bool = False  # it is done where the stranger's plugin is installed
    line_by_line: bool = False  # it answers each transaction with a line
    later: bool = False  # it is done again an hour later: what was begun is somebody's until then
    may_add: tuple[str, ...] = ()  # tables to which doing it again may add a row or two
    erases: bool = False  # words of people go, as they asked
    called: str = ""  # a name of its own where a command is tried in several ways

    @property
    def id(self) -> str:
        """Name it in a test's report."""
        return self.called or self.name


DAY = ("--on", "2026-03-30")
LINES = "".join(f"c{n} visit --on 2026-03-2{n} --id line-{n}\n" for n in (1, 2, 3))

WRITES = [
    Writes(
        "init",
        ("init", "{new}", "--starter", "drop-in"),
        "refuses",
        commits=2,
        own_folder=True,
    ),
    Writes("rules publish", ("rules", "publish"), "goes on"),
    Writes("client add", ("client", "add", "c9", "--name", "Cloud"), "refuses"),
    Writes("client set", ("client", "set", "c2", "language=es", "quiet=21:00-08:00"), "goes on"),
    Writes("client strata", ("client", "strata", "c1", "age=25-34"), "goes on"),
    Writes("client import", ("client", "import", "{files}/clients.csv"), "goes on"),
    Writes(
        "goal choose",
        ("goal", "choose", "c2", "fewer-drinks", "--words", "My number", "--set", "goal.target=5"),
        "refuses",
    ),
    Writes("goal accept", ("goal", "accept", "c1", "drop-in", *DAY), "refuses"),
    Writes("goal set", ("goal", "set", "c1", "fewer-drinks", "goal.target=5", *DAY), "adds"),
    Writes("goal set-aside", ("goal", "set-aside", "c1", "drop-in", *DAY), "refuses"),
    Writes("goal import", ("goal", "import", "{files}/choices.csv", "--add-clients"), "goes on"),
    Writes("log", ("log", "c1", "visit", *DAY, "--id", "mine"), "goes on"),
    Writes(
        "log",
        ("log", "c1", "drinks", "2", *DAY, "--id", "mine", "--note", "Felt fine"),
        "goes on",
        called="log with a note",
    ),
    Writes(
        "log",
        ("log", "--stdin"),
        "goes on",
        commits=3,
        typed=LINES,
        line_by_line=True,
        called="log --stdin",
    ),
    Writes("correct", ("correct", "past-c1-3", "--reason", "It was somebody else"), "refuses"),
    Writes("import", ("import", "{files}/events.csv"), "goes on"),
    Writes(
        "import",
        ("import", "{files}/some-bad.csv", "--skip-bad", "{files}/aside.csv"),
        "refuses",
        called="import --skip-bad",
    ),
    Writes("voucher issue", ("voucher", "issue", "c1"), "refuses"),
    Writes(
        "voucher issue",
        ("voucher", "issue", "c1", "--item", "bus pass"),
        "refuses",
        called="voucher issue --item",
    ),
    Writes(
        "voucher redeem",
        ("voucher", "redeem"),
        "refuses",
        typed="{code}\n",
        may_add=("tries", "journal"),  # the code was used by then
    ),
    Writes(
        "voucher replace", ("voucher", "replace", "{voucher}", "--reason", "Lost the slip"), "adds"
    ),
    Writes("voucher print", ("voucher", "print", "--to", "{new}.pdf"), "refuses", typed="{code}\n"),
    Writes("stock add", ("stock", "add", "{files}/cards.csv"), "refuses"),
    Writes(
        "stock count",
        ("stock", "count", "4", "--item", "radio", "--witness", "ben"),
        "adds",
    ),
    Writes("fund add", ("fund", "add", "gifts", "20.00"), "adds"),
    Writes("feedback add", ("feedback", "add", "c1"), "adds", typed="The chairs are hard\n"),
    Writes("feedback answer", ("feedback", "answer", "0TPR", "--said", "Thank you"), "adds"),
    Writes("draw retire", ("draw", "retire"), "adds"),
    Writes("fhir import", ("fhir", "import", "{files}/bundle.json"), "goes on"),
    Writes(
        "fhir export",
        ("fhir", "export", "{new}.json", "--to", "them", "--purpose", "care", "--consent", "1"),
        "either",
    ),
    Writes(
        "export data",
        ("export", "data", "{new}.zip", "--to", "them", "--purpose", "care", "--consent", "1"),
        "either",
    ),
    Writes("redcap import", ("redcap", "import", "{files}/records.csv"), "goes on"),
    Writes(
        "redcap export",
        ("redcap", "export", "{new}.zip", "--to", "them", "--purpose", "care", "--consent", "1"),
        "either",
    ),
    Writes("export client", ("export", "client", "c1", "{new}"), "either"),
    Writes("backup", ("backup", "{new}.zip"), "either"),
    Writes("restore", ("restore", "{files}/backup.zip", "{new}"), "refuses", own_folder=True),
    Writes("retry", ("retry",), "goes on", plugin=True),
    Writes(
        "outbox send",
        ("outbox", "send"),
        "goes on",
        commits=4,
        later=True,
        may_add=(
            "claims",
            "deliveries",
            "journal",
        ),  # sent at least once, each time under the same id
    ),
    Writes("outbox retry", ("outbox", "retry", "--all"), "goes on"),
    Writes("consent give", ("consent", "give", "c1", "--purpose", "information"), "adds"),
    Writes("consent withdraw", ("consent", "withdraw", "c1", "--channel", "outbox"), "goes on"),
    Writes("consent stop", ("consent", "stop", "c1"), "goes on"),
    Writes("outbox write", ("outbox", "write", "c1", "hello", "--channel", "outbox"), "adds"),
    Writes(
        "information offer", ("information", "offer", "c1", "naloxone", "--answer", "yes"), "adds"
    ),
    Writes("information say", ("information", "say", "c2", "tolerance"), "adds"),
    Writes("strength add", ("strength", "add", "c1", "I cook for my brother"), "adds"),
    Writes("strength remove", ("strength", "remove", "c2", "1"), "refuses", erases=True),
    Writes("client forget", ("client", "forget", "c3", "--yes"), "adds", erases=True),
]

REPLACE = Writes(
    "restore",
    ("restore", "{files}/backup.zip", "{river}", "--replace"),
    "goes on",
    called="restore --replace",
)
"""Two folders change places: a test of its own says what may be there after a stop."""

# What these write is no ledger: a new folder of a demo or of a plugin, or how a plugin was judged.
BESIDE = {"demo", "plugins new", "plugins check"}

READS = {
    "rules check", "rules diff", "rules history", "rules list", "rules show", "rules simulate",
    "rules solve-bowl", "client list", "client show", "client card", "goal list", "events", "awards", "explain",
    "voucher list", "outbox list", "verify", "stock list", "stock reconcile", "fund list", "limits list",
    "limits profiles", "limits show", "draw show", "draw secrets", "draw publish", "draw verify",
    "export accounting", "report", "journal head", "journal list", "journal export", "doctor", "disclosures",
    "refusals", "status",
    "consent list", "consent channels", "information list", "strength list",
    "feedback list",
}  # fmt: skip

# What each of these writes to files that are named on the command line: the docs list it.
FILES = {
    "rules simulate": ("--plot",),
    "client card": ("--html", "--pdf"),
    "import": ("--skip-bad",),
    "draw publish": ("FILE", "--script"),
    "voucher issue": ("--print",),
    "voucher replace": ("--print",),
    "voucher print": ("--to",),
    "report": ("--html", "--public"),
    "export accounting": ("FILE",),
    "export data": ("FILE",),
    "export client": ("FILE",),
    "fhir export": ("FILE",),
    "redcap export": ("FILE",),
    "journal export": ("FILE",),
    "backup": ("FILE|DIR",),
}
# What each of these makes is a folder.
FOLDERS = {
    "init": ("DIR",),
    "restore": ("DIR",),
    "plugins new": ("--folder",),
    "demo": ("DIR",),
}
# What each of these only reads.
READ_FILES = {
    "rules check": ("FILE",),
    "rules publish": ("FILE",),
    "client import": ("FILE",),
    "goal import": ("FILE",),
    "import": ("FILE",),
    "draw verify": ("FILE",),
    "stock add": ("FILE",),
    "fhir import": ("FILE", "--codes"),
    "fhir export": ("--codes",),
    "redcap import": ("FILE", "--mapping", "--dictionary"),
    "restore": ("BACKUP",),
}
