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
-- The town writes its own procedures: a draft of each, whole at every revision, and versions
-- that take effect on a day to come. procedure.next_version_id is in force from next_from on,
-- and version_id until then; a planned version that is taken back says when.
alter table procedure
  add column next_version_id uuid references procedure_version (id),
  add column next_from timestamptz,
  add check (num_nonnulls(next_version_id, next_from) <> 1);
alter table procedure_version
  add column effective_at timestamptz,
  add column restores integer, -- the number of the version whose content it is anew
  add column withdrawn_at timestamptz;
grant update (withdrawn_at) on procedure_version to :role;

create table procedure_draft (
  procedure_id  uuid primary key references procedure (id) on delete cascade,
  base_id       uuid references procedure_version (id), -- what it was begun from
  edit          integer not null, -- grows with each change: whoever saves says which one was read
  revision      integer not null, -- the one that is shown: those after it can be done again
  created_at    timestamptz not null,
  created_by    text not null
);
create table procedure_revision (
  procedure_id  uuid not null references procedure_draft (procedure_id) on delete cascade,
  number        integer not null,
  edit          integer not null, -- that of the draft when it was saved
  definition    jsonb not null,
  saved_at      timestamptz not null,
  saved_by      text not null,
  primary key (procedure_id, number)
);
grant select, insert, update, delete on procedure_draft, procedure_revision to :role;
