-- Whose money it is: what was agreed, what was put in, and what each voucher was charged to.

-- What program.toml said of funds and limits, each time it had changed when something was issued.
create table terms (
  seq      integer primary key,
  body     text not null check (length(body) > 1),
  noted_at text not null,
  noted_by text not null
) strict;

-- How much each fund holds by those terms.
create table pledges (
  terms integer not null references terms (seq),
  fund  text not null check (length(fund) > 0),
  cents integer not null check (cents >= 0),
  primary key (terms, fund)
) strict, without rowid;

-- Money that was put into a fund later, beside what program.toml says.
create table fundings (
  seq      integer primary key,
  fund     text not null check (length(fund) > 0),
  cents    integer not null check (cents > 0),
  added_at text not null,
  added_by text not null
) strict;
create index fundings_by_fund on fundings (fund, cents);

-- What a voucher is for, and who pays it: so much of an award, from a fund ('': no fund is named).
-- The charges of a voucher are written before the voucher, which closes them.
create table charges (
  seq        integer primary key,
  voucher    text not null references vouchers (id) deferrable initially deferred,
  occurrence integer not null,
  n          integer not null,
  fund       text not null,
  cents      integer not null check (cents > 0),
  on_day     text not null check (on_day is date(on_day)),
  terms      integer not null references terms (seq),
  foreign key (occurrence, n) references awards (occurrence, n),
  unique (voucher, occurrence, n, fund)
) strict;
create index charges_by_award on charges (occurrence, n, cents);
create index charges_by_fund on charges (fund, on_day, cents);

create trigger charges_before_voucher before insert on charges when
  exists (select 1 from vouchers v where v.id = new.voucher)
begin select raise(abort, 'this voucher has been charged'); end;

-- A voucher is charged exactly, for awards of the same client, none beyond its worth.
create trigger vouchers_charged before insert on vouchers when
  new.cents <> (select coalesce(sum(c.cents), 0) from charges c where c.voucher = new.id)
  or exists (select 1 from charges c
             join occurrences o on o.seq = c.occurrence
             join awards a on a.occurrence = c.occurrence and a.n = c.n
             where c.voucher = new.id
             and (o.client <> new.client
                  or a.cents < (select sum(d.cents) from charges d
                                where d.occurrence = c.occurrence and d.n = c.n)))
begin select raise(abort, 'not charged to what was earned'); end;

-- Nothing is issued beyond what a fund holds, nothing from a fund that is not there, and nothing beside the
-- funds where there are any.
create trigger vouchers_within_funds before insert on vouchers when
  exists (select 1 from (select distinct fund, terms from charges where voucher = new.id) c
          where case when c.fund = ''
            then exists (select 1 from pledges p where p.terms = c.terms)
            else (select sum(d.cents) from charges d where d.fund = c.fund)
                 > coalesce((select p.cents + coalesce((select sum(f.cents) from fundings f where f.fund = c.fund), 0)
                             from pledges p where p.terms = c.terms and p.fund = c.fund), 0)
            end)
begin select raise(abort, 'more than the fund holds'); end;
