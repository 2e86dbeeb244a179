-- One commune's own tables. The runner sets search_path to the tenant's schema
-- first; nothing here names a schema, so that a schema can be renamed or moved.
-- Keys are uuid (v7, made by the program): no sequence, so fewer catalogue rows.

create table setting (
  id          smallint primary key check (id = 1),
  data        jsonb not null,
  version     integer not null,
  updated_at  timestamptz not null
);

create table service (
  id              uuid primary key,
  name            text not null unique,
  postal_address  text not null default '',
  email           text not null default '',
  phone           text not null default '',
  position        integer not null default 0
);

create table agent (
  id            uuid primary key,
  subject       text not null unique,
  email         text not null unique,
  given_name    text not null,
  family_name   text not null,
  title         text not null default '',
  role          text not null check (role in ('front', 'instructor', 'admin')),
  active        boolean not null default true,
  digest        boolean not null default true,
  created_at    timestamptz not null
);

create table agent_service (
  agent_id    uuid not null references agent (id) on delete cascade,
  service_id  uuid not null references service (id) on delete cascade,
  primary key (agent_id, service_id)
);

create table citizen (
  id              uuid primary key,
  subject         text not null unique,
  email           text not null,
  given_name      text not null default '',
  family_name     text not null default '',
  phone           text not null default '',
  postal_address  text not null default '',
  created_at      timestamptz not null,
  last_seen_at    timestamptz not null
);

create table session (
  token_hash    bytea primary key,
  agent_id      uuid references agent (id) on delete cascade,
  citizen_id    uuid references citizen (id) on delete cascade,
  -- Kratos' own session token, kept so that settings (password, TOTP) can be
  -- changed and so that signing out ends both; encrypted by the program.
  provider      bytea not null,
  aal           smallint not null default 1,
  created_at    timestamptz not null,
  seen_at       timestamptz not null,
  expires_at    timestamptz not null,
  check (num_nonnulls(agent_id, citizen_id) = 1)
);
create index session_expires on session (expires_at);

create table api_token (
  id          uuid primary key,
  token_hash  bytea not null unique,
  agent_id    uuid not null references agent (id) on delete cascade,
  name        text not null,
  created_at  timestamptz not null,
  revoked_at  timestamptz
);

-- A procedure and its published versions. A version is only ever inserted: the
-- tenant's role may not update or delete it.
create table procedure (
  id          uuid primary key,
  slug        text not null unique,
  model       text not null,
  service_id  uuid references service (id),
  version_id  uuid,
  open        boolean not null default false,
  position    integer not null default 0,
  updated_at  timestamptz not null
);

create table procedure_version (
  id            uuid primary key,
  procedure_id  uuid not null references procedure (id),
  number        integer not null,
  definition    jsonb not null,
  checksum      text not null,
  created_at    timestamptz not null,
  created_by    text not null,
  unique (procedure_id, number)
);
alter table procedure add foreign key (version_id) references procedure_version (id);

create table draft (
  id            uuid primary key,
  token_hash    bytea not null unique,
  version_id    uuid not null references procedure_version (id),
  citizen_id    uuid references citizen (id) on delete set null,
  answers       jsonb not null default '{}',
  applicant     jsonb not null default '{}',
  step          text not null default '',
  updated_at    timestamptz not null,
  expires_at    timestamptz not null
);
create index draft_citizen on draft (citizen_id) where citizen_id is not null;
create index draft_expires on draft (expires_at);

create table request_counter (
  year  smallint primary key,
  last  integer not null
);

create table request (
  id                uuid primary key,
  number            text not null unique,
  procedure_id      uuid not null references procedure (id),
  version_id        uuid not null references procedure_version (id),
  procedure_slug    text not null,
  title             text not null,
  kind              text not null check (kind in ('request', 'declaration', 'report', 'information')),
  channel           text not null check (channel in ('web', 'api', 'counter', 'phone', 'post', 'email')),
  state             text not null,
  service_id        uuid references service (id),
  agent_id          uuid references agent (id),
  citizen_id        uuid references citizen (id) on delete set null,
  given_name        text not null default '',
  family_name       text not null default '',
  email             text not null default '',
  phone             text not null default '',
  postal_address    text not null default '',
  sms_wanted        boolean not null default false,
  on_behalf_of      text not null default '',
  -- A company's SIREN or SIRET, an association's RNA (R.112-9-1).
  organisation      text not null default '',
  organisation_id   text not null default '',
  -- May be answered by e-mail (L.112-14): always where it came by one.
  email_agreed      boolean not null default false,
  regular           boolean not null default true,
  answers           jsonb not null,
  tracking_hash     bytea not null,
  idempotency_key   text unique,
  payload_hash      bytea not null,
  received_at       timestamptz not null,
  received_on       date not null,
  -- By whichever administration had it first (L.114-2): a rejection runs from it.
  first_received_on date not null check (first_received_on <= received_on),
  silence_effect    text not null check (silence_effect in ('acceptance', 'rejection', 'declaration', 'none')),
  silence_months    smallint not null default 0,
  silence_last_day  date,
  due_on            date,
  waiting           boolean not null default false,
  decided_on        date,
  closed_on         date,
  closed_at         timestamptz,
  version           bigint not null default 1,
  search            text not null default ''
);
-- The agents' list: open requests by legal due date (those without one last),
-- whole, by service, by service and state, by agent; closed ones, latest first.
create index request_open on request (coalesce(due_on, 'infinity'::date), id) where closed_on is null;
create index request_open_service on request (service_id, coalesce(due_on, 'infinity'::date), id) where closed_on is null;
create index request_open_state on request (service_id, state, coalesce(due_on, 'infinity'::date), id) where closed_on is null;
create index request_open_waiting on request (coalesce(due_on, 'infinity'::date), id) where closed_on is null and waiting;
create index request_open_agent on request (agent_id, coalesce(due_on, 'infinity'::date), id) where closed_on is null;
create index request_closed on request (closed_on desc, id desc) where closed_on is not null;
create index request_closed_state on request (service_id, state, closed_on desc, id desc) where closed_on is not null;
create index request_search on request using gin (to_tsvector('simple'::regconfig, search));
create index request_citizen on request (citizen_id, received_at desc) where citizen_id is not null;
create index request_received on request (received_on);
create index request_silence on request (silence_last_day) where closed_on is null and silence_last_day is not null;

create table message (
  id           uuid primary key,
  request_id   uuid not null references request (id) on delete cascade,
  incoming     boolean not null,
  author_id    text not null,
  author_name  text not null,
  body         text not null,
  created_at   timestamptz not null,
  read_at      timestamptz
);
create index message_request on message (request_id, created_at);
create index message_unread on message (request_id) where read_at is null;

create table note (
  id           uuid primary key,
  request_id   uuid not null references request (id) on delete cascade,
  agent_id     uuid not null references agent (id),
  author_name  text not null,
  body         text not null,
  created_at   timestamptz not null
);
create index note_request on note (request_id, created_at);

-- A notice of missing documents (L.114-5): what is asked, why, until when.
create table document_request (
  id            uuid primary key,
  request_id    uuid not null references request (id) on delete cascade,
  notified_on   date not null,
  limit_on      date not null,
  completed_on  date,
  text          text not null default '',
  created_by    text not null,
  created_at    timestamptz not null
);
create index document_request_request on document_request (request_id, notified_on);

create table document_request_item (
  id                   uuid primary key,
  document_request_id  uuid not null references document_request (id) on delete cascade,
  label                text not null,
  legal_basis          text not null,
  indispensable        boolean not null default true,
  position             integer not null
);
create index document_request_item_request on document_request_item (document_request_id, position);

create table document (
  id           uuid primary key,
  draft_id     uuid references draft (id) on delete set null,
  request_id   uuid references request (id) on delete cascade,
  item_id      uuid references document_request_item (id),
  field        text not null default '',
  name         text not null,
  media_type   text not null,
  size         bigint not null,
  sha256       bytea not null,
  blob_key     text not null unique,
  incoming     boolean not null,
  created_by   text not null,
  created_at   timestamptz not null
);
create index document_request_id on document (request_id, created_at) where request_id is not null;
create index document_draft on document (draft_id) where draft_id is not null;

-- A receipt, kept as it was sent: its text, its mentions, its hash (L.112-11).
create table receipt (
  id           uuid primary key,
  request_id   uuid not null references request (id) on delete cascade,
  kind         text not null check (kind in ('registration', 'receipt')),
  regime       text not null check (regime in ('paper', 'electronic')),
  mentions     jsonb not null,
  subject      text not null,
  text         text not null,
  html         text not null,
  sha256       bytea not null,
  complete     boolean not null,
  issued_at    timestamptz not null,
  issued_on    date not null
);
create index receipt_request on receipt (request_id, issued_at);

create table decision (
  id           uuid primary key,
  request_id   uuid not null references request (id) on delete cascade,
  outcome      text not null,
  implicit     boolean not null default false,
  reasons      text not null default '',
  subject      text not null default '',
  letter       text not null,
  signatory    text not null,
  delivery     text not null default '' check (delivery in ('', 'email', 'counter', 'post')),
  decided_on   date not null,
  notified_on  date,
  appeal_last_day date,
  created_at   timestamptz not null
);
create index decision_request on decision (request_id, created_at);
create index decision_unnotified on decision (decided_on) where notified_on is null and not implicit;

-- What is to be sent, written in the transaction that asks for it; the job holds
-- only its key. A sent one keeps its state, and its text until the request is purged.
create table notification (
  id           uuid primary key,
  request_id   uuid references request (id) on delete cascade,
  channel      text not null check (channel in ('email', 'sms')),
  template     text not null,
  recipient    text not null,
  subject      text not null default '',
  text         text not null,
  html         text not null default '',
  state        text not null check (state in ('queued', 'sent', 'delivered', 'bounced', 'failed')),
  attempts     integer not null default 0,
  detail       text not null default '',
  created_at   timestamptz not null,
  claimed_at   timestamptz, -- a worker is sending it since then
  sent_at      timestamptz
);
create index notification_request on notification (request_id, created_at) where request_id is not null;
create index notification_recent on notification (recipient, sent_at) where sent_at is not null;
create index notification_state on notification (state, created_at) where state in ('queued', 'bounced', 'failed');

-- The audit trail and the requests' history: append-only for the tenant's role.
create table event (
  id            uuid primary key,
  at            timestamptz not null,
  actor_kind    text not null,
  actor_id      text not null,
  actor_name    text not null,
  subject_kind  text not null,
  subject_id    text not null,
  kind          text not null,
  data          jsonb not null default '{}'
);
create index event_subject on event (subject_id, at);

-- Which deadline alerts were given, so that each is given once.
create table deadline_alert (
  request_id  uuid not null references request (id) on delete cascade,
  kind        text not null check (kind in ('j20', 'j10', 'j5', 'late', 'limit', 'unnotified')),
  on_day      date not null,
  primary key (request_id, kind)
);

-- Facts without persons, made anew each night, from which statistics are read.
create table statistic_fact (
  month           date not null,
  procedure_slug  text not null,
  channel         text not null,
  received        integer not null,
  closed          integer not null,
  -- Of the closed ones: those answered by somebody, those that had a due date, and
  -- those answered by it. A silence is no answer, and a withdrawal counts nowhere.
  answered        integer not null,
  due             integer not null,
  in_time         integer not null,
  silent          integer not null,
  -- Days from reception to the answer: their sum, and how many took how long.
  days            integer not null,
  within_5        integer not null,
  within_15       integer not null,
  within_30       integer not null,
  within_60       integer not null,
  refreshed_on    date not null,
  primary key (month, procedure_slug, channel)
);

-- The tenant's role has DML alone. What is history or proof can be added to,
-- never changed: events, published versions, receipts, notes.
grant select, insert, update, delete on
  setting, service, agent, agent_service, citizen, session, api_token, procedure, draft,
  document, document_request, document_request_item, notification, deadline_alert, statistic_fact
  to :role;
grant select, insert, update on request, request_counter, message, decision to :role;
grant select, insert on event, procedure_version, receipt, note to :role;
