-- What people told the program, and what it answered and did. The words stand in feedback_words, where they
-- can be erased; the client is null where somebody did not want to be named.

create table feedback (
  seq      integer primary key,
  id       text not null unique,
  kind     text not null check (kind in ('feedback', 'complaint')),
  client   text references clients (client),
  event    integer references events (seq), -- the entry of theirs that it is about, where it is about one
  names    text,          -- the member of staff that a complaint is about, where it names one
  goes_to  text,          -- who looks after it: never the one it names
  told_at  text not null,
  noted_by text not null,
  check (names is null or kind = 'complaint'),
  check (event is null or client is not null),
  check (goes_to is null or names is null or goes_to <> names)
) strict;

create index feedback_by_client on feedback (client);

create trigger feedback_of_their_own before insert on feedback when
  new.event is not null and (select client from events where seq = new.event) is not new.client
begin select raise(abort, 'this entry is about somebody else'); end;

create table answers (
  seq         integer primary key,
  feedback    integer not null references feedback (seq),
  changed     integer not null check (changed in (0, 1)), -- whether something was done because of it
  answered_at text not null,
  answered_by text not null
) strict;
create index answers_by_feedback on answers (feedback);

create trigger answers_by_somebody_else before insert on answers when
  (select names from feedback where seq = new.feedback) = new.answered_by
begin select raise(abort, 'a complaint is answered by somebody other than the one it names'); end;

-- What was said (answer = 0), and what was answered and done (answer = answers.seq). It can be erased, by
-- deleting its row.
create table feedback_words (
  feedback integer not null references feedback (seq),
  answer   integer not null,
  said     text not null,
  did      text not null default '',
  seal     text not null, -- that the row is as it was written
  primary key (feedback, answer)
) strict, without rowid;

-- What somebody said is theirs: nobody writes it anew.
create trigger feedback_words_stand before update on feedback_words
begin select raise(abort, 'what somebody said stands as they said it'); end;

-- It was answered when the first answer came, and led to a change where any of them did something.
create view feedback_list as
  select f.*, a.answered_at, a.answered_by,
         coalesce((select max(b.changed) from answers b where b.feedback = f.seq), 0) as changed
  from feedback f left join answers a
    on a.seq = (select min(b.seq) from answers b where b.feedback = f.seq);
