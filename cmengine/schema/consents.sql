-- What a client allows, and no longer allows: to be written to, by which channel, what for; what may be told
-- about them. Of one client, channel and purpose the row that was written last stands.

create table consents (
  seq      integer primary key,
  id       text not null unique,
  client   text not null references clients (client),
  channel  text not null, -- '' where no channel is meant: a purpose like equity
  purpose  text not null check (length(purpose) > 0),
  given    integer not null check (given in (0, 1)),
  how      text not null check (how in ('spoken', 'written', 'message')),
  noted_at text not null,
  noted_by text not null
) strict;
create index consents_by_client on consents (client, channel, purpose, seq);

-- What stands now.
create view consent_list as
  select c.* from consents c
  where c.seq = (select max(d.seq) from consents d
                 where d.client = c.client and d.channel = c.channel and d.purpose = c.purpose);
