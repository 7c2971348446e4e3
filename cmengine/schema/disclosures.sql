-- What was given to others about whom, for which purpose and under which consent: everybody concerned may ask.

create table disclosures (
  seq       integer primary key,
  id        text not null unique,
  what      text not null,
  recipient text not null check (length(recipient) > 0),
  purpose   text not null check (length(purpose) > 0),
  consent   text not null check (length(consent) > 0),
  made_at   text not null,
  made_by   text not null
) strict;

create table disclosed (
  disclosure integer not null references disclosures (seq),
  client     text not null references clients (client),
  primary key (disclosure, client)
) strict, without rowid;
create index disclosed_by_client on disclosed (client);
