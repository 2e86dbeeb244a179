-- Where a request stands in the workflow that its procedure's version describes: one row a request, from its submission
-- on. What was done at each step stands in the table event. The step, its transitions and its actions are known by
-- their names in the definition.
create table request_step (
  request_id  uuid primary key references request (id) on delete cascade,
  step        text not null,
  visit       integer not null,              -- grows with each step that is entered
  acted       boolean not null default false, -- what the step does by itself is done
  entered_at  timestamptz not null,
  wakes_at    timestamptz,                   -- it goes on by itself then
  paid_on     date                           -- of a step that waits for a payment: an agent noted it
);
grant select, insert, update, delete on request_step to :role;

-- An opinion that was asked of another service, or of somebody outside the town hall, and what it says.
create table opinion (
  id          uuid primary key,
  request_id  uuid not null references request (id) on delete cascade,
  service_id  uuid references service (id),
  outside     text not null default '', -- an e-mail address
  step        text not null,
  question    text not null,
  asked_at    timestamptz not null,
  asked_by    text not null,
  due_on      date,
  given_at    timestamptz,
  given_by    text not null default '',
  sense       text not null default '' check (sense in ('', 'favourable', 'reserved', 'unfavourable')),
  body        text not null default ''
);
create index opinion_request on opinion (request_id);
create index opinion_waiting on opinion (service_id) where given_at is null;
grant select, insert, update, delete on opinion to :role;

-- What is told to another program when a step is entered: once for each entry and action.
create table webhook_call (
  id          uuid primary key,
  request_id  uuid not null references request (id) on delete cascade,
  visit       integer not null,
  action      text not null,
  step        text not null,
  url         text not null,
  state       text not null default 'queued' check (state in ('queued', 'delivered', 'failed')),
  attempts    integer not null default 0,
  detail      text not null default '',
  created_at  timestamptz not null,
  ended_at    timestamptz,
  unique (request_id, visit, action)
);
grant select, insert, update, delete on webhook_call to :role;

-- What of its model, or of its hub's version of it, a procedure was last brought to: what is said there since comes to
-- the commune as changes. None: its version 1, as it was installed. A draft's revision has its own until it is published.
alter table procedure
  add column base jsonb,
  add column base_checksum text;
alter table procedure_revision add column base jsonb;

-- What the commune's hub proposes in the place of a model, by the model's name.
alter table catalogue_part drop constraint catalogue_part_kind_check;
alter table catalogue_part add constraint catalogue_part_kind_check check (kind in ('table', 'preview', 'block', 'model'));
