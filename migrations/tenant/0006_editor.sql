-- What the town's procedures share: reference tables (streets, schools, rates), blocks of questions, and files that are
-- looked at before they replace a table. What was read of a row is kept by its version, which each change renews.
create table catalogue_part (
  kind        text not null check (kind in ('table', 'preview', 'block')),
  name        text not null,
  title       text not null,
  version     uuid not null,
  content     jsonb not null,
  size        integer not null check (size >= 0), -- rows, or questions
  changed_at  timestamptz not null,
  changed_by  text not null, -- the actor's name
  primary key (kind, name)
);
grant select, insert, update, delete on catalogue_part to :role;

-- A decision that waits for who signs it, prepared by somebody who may not: nothing of it has
-- left. One a request; who prepared it and who signed stands in the table event.
create table prepared_decision (
  request_id      uuid primary key references request (id) on delete cascade,
  id              uuid not null,
  outcome         text not null,
  granted         text not null default '', -- of a partial agreement: what is granted
  reasons         text not null default '',
  subject         text not null,
  letter          text not null,
  delivery        text not null,
  signatory       text not null,            -- a delegation, or 'town': the mayor
  signatory_name  text not null,
  prepared_by_id  uuid not null,
  prepared_by     text not null,
  prepared_at     timestamptz not null,
  prepared_on     date not null,
  returned_at     timestamptz,
  returned_by     text not null default '',
  returned_why    text not null default ''
);
grant select, insert, update, delete on prepared_decision to :role;
