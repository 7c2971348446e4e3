-- What happened, what was chosen, and what was earned.

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

-- Everything that somebody typed about a person stands here and can be erased. `seal` says, with the program's
-- key, that the row is as it was written.
create table personal (
  client text not null references clients (client),
  about  text not null,
  text   text not null,
  seal   text not null,
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
-- The day first: what happens at one time is then written side by side, however many clients there are.
create index occurrences_by_day on occurrences (on_day, client, rule);
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

-- An award's number, as people type it: which occurrence, and which award of it.
create view award_list as
  select o.seq || '.' || a.n as id, o.client, o.rule, o.digest, o.ordinal, o.on_day as "on", o.slot, o.reason,
         exists (select 1 from corrections c where c.event = e.seq) as corrected,
         e.id as event, e.seq as event_seq, o.seq as occurrence, a.n, a.reward, a.label, a.cents, a.item
  from awards a join occurrences o on o.seq = a.occurrence join events e on e.seq = o.event;
