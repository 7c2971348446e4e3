"""The schema of the ledger, one numbered step each. Facts only grow; state is a view."""

from sqlite_utils import Database, Migrations

from cmengine.sqlite import sqlite3

migrations = Migrations("cmengine")

LEDGER = """
create table program (
  name  text primary key,
  value text not null
) strict, without rowid;

create table rules (
  digest text primary key check (length(digest) = 64),
  rule   text not null,
  body   text not null check (length(body) > 1)
) strict, without rowid;

-- Which version of a rule could be chosen from when on; an older one may come back.
create table publications (
  seq          integer primary key,
  digest       text not null references rules (digest),
  published_at text not null,
  published_by text not null
) strict;

create table clients (
  client   text primary key check (length(client) between 1 and 64),
  added_at text not null,
  added_by text not null
) strict, without rowid;

-- Everything that somebody typed about a person stands here and can be erased.
create table personal (
  client text not null references clients (client),
  about  text not null,
  text   text not null,
  primary key (client, about)
) strict, without rowid;

-- A client's timeline under a rule: chosen, changed, set aside (stands = 0), chosen again.
-- after_event is the last event logged before the row was made; turn counts choices and corrections.
create table choices (
  seq         integer primary key,
  id          text not null unique,
  client      text not null references clients (client),
  rule        text not null,
  digest      text not null references rules (digest),
  settings    text not null check (length(settings) > 1),
  on_day      text not null check (on_day is date(on_day)),
  stands      integer not null check (stands in (0, 1)),
  after_event integer not null check (after_event >= 0),
  turn        integer not null unique,
  made_at     text not null,
  made_by     text not null
) strict;
create index choices_by_client on choices (client, rule, seq);

create table events (
  seq         integer primary key,
  id          text not null unique check (length(id) between 1 and 200),
  client      text not null references clients (client),
  kind        text not null,
  occurred_at text not null,
  on_day      text not null check (on_day is date(on_day)),
  value       text,
  is_number   integer not null check (is_number in (0, 1)),
  evidence    text not null check (evidence in ('self', 'staff', 'document', 'device', 'test')),
  logged_at   text not null,
  logged_by   text not null
) strict;
create index events_by_client on events (client, seq);

-- An event that was a mistake: marked, never removed. What it earned stands.
create table corrections (
  seq          integer primary key,
  event        integer not null unique references events (seq),
  after_event  integer not null check (after_event >= 0),
  turn         integer not null unique,
  corrected_at text not null,
  corrected_by text not null
) strict;

-- round counts the corrections before it: after one, a rung that a mistake had used is free again.
create table occurrences (
  seq     integer primary key,
  event   integer not null references events (seq),
  client  text not null references clients (client),
  rule    text not null,
  digest  text not null references rules (digest),
  round   integer not null check (round >= 0),
  ordinal integer not null check (ordinal >= 1),
  on_day  text not null,
  slot    integer check (slot >= 1),
  reason  text not null,
  unique (event, rule),
  unique (client, rule, round, ordinal)
) strict;
create index occurrences_by_day on occurrences (client, rule, on_day);
create unique index occurrences_by_slot on occurrences (client, rule, round, slot) where slot is not null;

-- An occurrence that no longer counts, because of a correction. Its awards stand.
create table released (
  occurrence integer primary key references occurrences (seq),
  correction integer not null references corrections (seq)
) strict;

create table awards (
  occurrence integer not null references occurrences (seq),
  n          integer not null check (n >= 1),
  reward     integer not null check (reward >= 0),
  label      text not null,
  cents      integer not null check (cents >= 0),
  item       text,
  primary key (occurrence, n)
) strict, without rowid;

-- The one cache: what each goal remembers, how often it was met, what that earned, and its latest day.
-- Written with the event in one transaction; `cmengine verify` compares it with a replay.
create table memories (
  client text not null references clients (client),
  rule   text not null,
  memory text not null,
  times  integer not null check (times >= 0),
  cents  integer not null check (cents >= 0),
  round  integer not null check (round >= 0),
  latest text,
  primary key (client, rule)
) strict, without rowid;

create table vouchers (
  seq        integer primary key,
  id         text not null unique,
  client     text not null references clients (client),
  cents      integer not null check (cents >= 0),
  item       text,
  occurrence integer,
  n          integer,
  code_hash  text not null unique check (length(code_hash) = 64),
  issued_at  text not null,
  issued_by  text not null,
  foreign key (occurrence, n) references awards (occurrence, n),
  unique (occurrence, n),
  check ((cents > 0) = (item is null)),
  check ((item is null) = (occurrence is null))
) strict;
create index vouchers_by_client on vouchers (client, cents);

create table redemptions (
  seq         integer primary key,
  voucher     text not null references vouchers (id),
  cents       integer not null check (cents >= 0),
  redeemed_at text not null,
  redeemed_by text not null
) strict;
create index redemptions_by_voucher on redemptions (voucher);

create table messages (
  seq     integer primary key,
  id      text not null unique,
  client  text not null references clients (client),
  event   integer not null references events (seq),
  digest  text not null references rules (digest),
  notify  integer not null check (notify >= 0),
  channel text not null,
  text    text not null,
  made_at text not null
) strict;

create table deliveries (
  seq      integer primary key,
  message  integer not null references messages (seq),
  sent     integer not null check (sent in (0, 1)),
  problem  text,
  tried_at text not null
) strict;
create unique index deliveries_sent on deliveries (message) where sent = 1;
create index deliveries_by_message on deliveries (message);

-- An award's number, as people type it: which occurrence, and which award of it.
create view award_list as
  select o.seq || '.' || a.n as id, o.client, o.rule, o.digest, o.ordinal, o.on_day as "on", o.slot, o.reason,
         exists (select 1 from corrections c where c.event = e.seq) as corrected,
         e.id as event, e.seq as event_seq, o.seq as occurrence, a.n, a.reward, a.label, a.cents, a.item
  from awards a join occurrences o on o.seq = a.occurrence join events e on e.seq = o.event;

create view voucher_list as
  select v.*, coalesce((select sum(r.cents) from redemptions r where r.voucher = v.id), 0) as redeemed_cents,
         exists (select 1 from redemptions r where r.voucher = v.id) as redeemed,
         (select max(r.redeemed_at) from redemptions r where r.voucher = v.id) as redeemed_at
  from vouchers v;

create view message_list as
  select m.*, exists (select 1 from deliveries d where d.message = m.seq and d.sent = 1) as sent,
         (select count(*) from deliveries d where d.message = m.seq) as tries,
         (select d.problem from deliveries d where d.message = m.seq order by d.seq desc limit 1) as problem
  from messages m;

-- A client's money: earned - issued = waiting.
create view balances as
  select client, earned_cents, issued_cents, earned_cents - issued_cents as waiting_cents
  from (select c.client,
               coalesce((select sum(a.cents) from occurrences o join awards a on a.occurrence = o.seq
                         where o.client = c.client), 0) as earned_cents,
               coalesce((select sum(v.cents) from vouchers v where v.client = c.client), 0) as issued_cents
        from clients c);

-- More than was earned cannot be issued, and no voucher can be redeemed beyond its worth, or twice.
create trigger vouchers_within_earned before insert on vouchers when new.cents >
    (select coalesce(sum(m.cents), 0) from memories m where m.client = new.client)
  - (select coalesce(sum(v.cents), 0) from vouchers v where v.client = new.client)
begin select raise(abort, 'more than is waiting'); end;

create trigger redemptions_within_voucher before insert on redemptions when
  exists (select 1 from redemptions r where r.voucher = new.voucher
          and (select cents from vouchers where id = new.voucher) <=
              (select sum(cents) from redemptions where voucher = new.voucher))
  or coalesce((select sum(cents) from redemptions where voucher = new.voucher), 0) + new.cents >
     (select cents from vouchers where id = new.voucher)
begin select raise(abort, 'more than the voucher holds'); end;
"""

FACTS = (
    "program",
    "rules",
    "publications",
    "clients",
    "choices",
    "events",
    "corrections",
    "occurrences",
    "released",
    "awards",
    "vouchers",
    "redemptions",
    "messages",
    "deliveries",
)


@migrations()
def m0001_ledger(db: Database) -> None:
    """Make the tables, views and triggers of the ledger."""
    _run(db, LEDGER)
    for table in FACTS:
        for verb in ("update", "delete"):
            db.execute(
                f"create trigger {table}_no_{verb} before {verb} on {table} "
                "begin select raise(abort, 'the ledger only grows'); end"
            )


def _run(db: Database, script: str) -> None:
    """Run statements one by one: executescript would end the transaction that we are in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


STEPS = 1
"""How many steps there are; kept as the file's `user_version`, so that a command that finds it needs
neither sqlite-utils nor a look at the schema."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a ledger to the newest schema. Call it inside `begin immediate`."""
    migrations.apply(Database(connection, execute_plugins=False))
    connection.execute(f"pragma user_version = {STEPS}")
