-- Who did what, and when: a row for each transaction that appended rows anywhere else, chained to the
-- one before. `parts` says how many rows of which table; journal.py says how each column is worked out.

create table journal (
  seq        integer primary key,
  v          integer not null check (v >= 1),
  written_at text not null,
  written_by text not null,
  what       text not null,
  parts      text not null check (length(parts) > 1),
  digest     blob not null check (length(digest) = 32),
  marks      blob not null,
  hash       blob not null check (length(hash) = 32),
  seal       blob not null check (length(seal) = 32)
) strict;

-- A backup that was made, verified and given its name; `entry` and `hash` are the journal's head in it.
create table backups (
  seq     integer primary key,
  file    text not null,
  entry   integer not null,
  hash    text not null check (length(hash) = 64),
  made_at text not null,
  made_by text not null
) strict;

-- The ledger was put back from a backup, which ended with this entry; what was written after it is lost.
create table restores (
  seq         integer primary key,
  file        text not null,
  entry       integer not null,
  hash        text not null check (length(hash) = 64),
  restored_at text not null,
  restored_by text not null
) strict;
