-- The law, exactly. Additive: the program runs before and after it.

-- The facts that a request's dates are counted from, one row each, never changed: a wrong
-- one is corrected by another. What lies in other columns since before (the receptions of a
-- request, a notice, a notification) is a fact too, without a row until it is corrected;
-- those columns follow the facts in force (tenants/requests, facts.go).
create table request_fact (
  id          uuid primary key,
  request_id  uuid not null references request (id) on delete cascade,
  kind        text not null check (kind ~ '^[a-z_]{1,40}$'),
  on_day      date,              -- null: it did not happen, which only a correction can say
  until_on    date,              -- of what has an end: a limit, a suspension
  refers_to   uuid,              -- the notice, decision, transmission or incident that it is of
  corrects    uuid,              -- the fact that it stands in for
  reason      text not null default '',
  actor_kind  text not null,
  actor_id    text not null,
  actor_name  text not null,
  at          timestamptz not null
);
create index request_fact_request on request_fact (request_id);
grant select, insert on request_fact to :role;
