-- The program's draw secrets, one after the other: what it promised to draw with, and from which event on.
-- after_event is the last event logged before the promise: later events draw with this secret.
create table draw_secrets (
  seq          integer primary key,
  commitment   text not null unique check (length(commitment) = 64),
  after_event  integer not null check (after_event >= 0),
  committed_at text not null,
  committed_by text not null
) strict;

-- A secret that was opened, for everybody to check the draws made with it. It is drawn with no more.
create table retired_secrets (
  commitment text primary key references draw_secrets (commitment),
  secret     text not null unique check (length(secret) = 64),
  retired_at text not null,
  retired_by text not null
) strict, without rowid;

-- One secret at a time: the next is promised when the one before is opened, not earlier.
create trigger draw_secrets_in_turns before insert on draw_secrets when
  exists (select 1 from draw_secrets s where not exists
          (select 1 from retired_secrets r where r.commitment = s.commitment))
  or new.after_event < (select max(after_event) from draw_secrets)
begin select raise(abort, 'the secret before it is not retired'); end;
