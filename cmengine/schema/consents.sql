-- What a client allows, and no longer allows: to be written to, by which channel, what for; what may be told
-- about them. Of one client, channel and purpose the row that was written last stands.

create table consents (
  seq      integer primary key,
  id       text not null unique,
  client   text not null references clients (client),
  channel  text not null, -- '' where no channel is meant: a purpose like equity; the topic of information, '' for all
  purpose  text not null check (length(purpose) > 0),
  given    integer not null check (given in (0, 1)),
  how      text not null check (how in ('spoken', 'written', 'message')),
  noted_at text not null,
  noted_by text not null
) strict;
create index consents_by_client on consents (client, channel, purpose, seq);

-- What somebody answered when they were asked whether they would like to hear about something, and when it was told.
create table offers (
  seq      integer primary key,
  client   text not null references clients (client),
  topic    text not null check (length(topic) > 0),
  came     text not null check (came in ('yes', 'no', 'told')),
  noted_at text not null,
  noted_by text not null
) strict;
create index offers_by_client on offers (client, topic, seq);

-- Somebody asked that what is personal about them be erased. It was; this stays.
create table forgotten (
  seq      integer primary key,
  client   text not null references clients (client),
  noted_at text not null,
  noted_by text not null
) strict;
create index forgotten_by_client on forgotten (client);

-- What stands now.
create view consent_list as
  select c.* from consents c
  where c.seq = (select max(d.seq) from consents d
                 where d.client = c.client and d.channel = c.channel and d.purpose = c.purpose);
