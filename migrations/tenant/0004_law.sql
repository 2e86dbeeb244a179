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

-- Letters. What leaves on paper waits here until somebody has printed and posted it, and,
-- where a time runs from it, until the day on which it came is known.
create table letter (
  id          uuid primary key,
  request_id  uuid not null references request (id) on delete cascade,
  kind        text not null check (kind ~ '^[a-z_]{1,40}$'),
  about       uuid, -- the decision, the notice, the receipt… that it brings
  recipient   text not null default '', -- lines; '': the applicant, as known until it is posted
  subject     text not null,
  body        text not null,
  awaited     boolean not null, -- a time runs from the day on which it comes
  created_by  text not null,
  created_at  timestamptz not null,
  printed_at  timestamptz,
  posted_on   date,
  arrived_on  date
);
create index letter_request on letter (request_id);
create index letter_waiting on letter (created_at, id) where arrived_on is null and (posted_on is null or awaited);
grant select, insert, update on letter to :role;

-- What was to leave by post when this came: decisions and notices whose arrival nobody has noted.
insert into letter (id, request_id, kind, about, subject, body, awaited, created_by, created_at)
  select gen_random_uuid(), d.request_id, 'decision', d.id, d.subject, d.letter, true, d.signatory, d.created_at
    from decision d where d.notified_on is null and not d.implicit and d.delivery = 'post'
  union all
  select gen_random_uuid(), n.request_id, 'documents', n.id, n.subject, n.letter, true, n.created_by, n.created_at
    from document_request n join request r on r.id = n.request_id
    where n.delivery = 'post' and n.arrived_on is null and n.letter <> '' and r.closed_on is null;

-- Documents that the town hall issued (package documents): their content as text, byte for
-- byte what sha256 is of, and the code by which anybody verifies them. The PDF is made
-- from the content when asked for. Proof: it can be added to, and be said to hold no longer.
create table issued_document (
  code        text primary key,
  kind        text not null check (kind ~ '^[a-z_]{1,40}$'),
  request_id  uuid not null references request (id) on delete cascade,
  source_id   uuid not null,     -- the receipt, decision, notice… that it was made from
  content     text not null,
  sha256      bytea not null,
  issued_at   timestamptz not null,
  issued_on   date not null,
  issued_by   text not null default '',  -- the agent's name; empty: the person themselves
  revoked_on  date,
  revoked_why text not null default '',
  unique (request_id, source_id, kind)
);
grant select, insert, update (revoked_on, revoked_why) on issued_document to :role;

-- Why a silence refused: asked for by the person within the time for appeal, to be answered
-- within a month (CRPA L.232-4).
create table reasons_request (
  id            uuid primary key,
  request_id    uuid not null references request (id) on delete cascade,
  decision_id   uuid not null,
  asked_on      date not null,
  due_on        date not null,
  asked_by      text not null,
  answered_on   date,
  reasons       text not null default '',
  subject       text not null default '',
  letter        text not null default '',
  signatory     text not null default '',
  delivery      text not null default '',
  notified_on   date,            -- null: not answered, or posted and not known to have come
  appeal_last_day date,
  unique (request_id, decision_id)
);
create index reasons_request_due on reasons_request (due_on) where answered_on is null;
grant select, insert, update on reasons_request to :role;

-- What every page shows is kept by the program until these tables change.
create trigger public_changed after insert or update or delete or truncate on setting for each statement execute function cell.public_changed();
create trigger public_changed after insert or update or delete or truncate on service for each statement execute function cell.public_changed();
create trigger public_changed after insert or update or delete or truncate on procedure for each statement execute function cell.public_changed();

-- Receipts that could not leave whole at once, for a mention was missing or because a
-- free letter had to be sorted first: what is awaited, and until when (CRPA R.112-11-2).
-- A row goes once its receipt is issued, which is then the proof.
create table receipt_due (
  request_id   uuid not null references request (id) on delete cascade,
  id           uuid not null,
  about        text not null check (about in ('request', 'document', 'message')),
  label        text not null default '', -- the document's name
  reason       text not null check (reason in ('mentions', 'later')),
  received_at  timestamptz not null,
  received_on  date not null,
  due_on       date not null,
  near_on      date, -- when the agents were alerted that it is near, and past
  late_on      date,
  primary key (request_id, id)
);
grant select, insert, update, delete on receipt_due to :role;

-- Taking back what was granted (CRPA L.242-1 ff.): which decision takes back which, and why;
-- before it, the letter that invites the person to observe (L.121-1, L.122-1).
alter table decision add column revokes uuid, add column ground text not null default '';
create table hearing (
  id            uuid primary key,
  request_id    uuid not null references request (id) on delete cascade,
  decision_id   uuid not null, -- that may be taken back
  act           text not null check (act in ('withdrawal', 'repeal')),
  ground        text not null,
  reasons       text not null,
  subject       text not null,
  letter        text not null,
  delivery      text not null check (delivery in ('email', 'counter', 'post')),
  made_on       date not null,
  notified_on   date,
  limit_on      date not null,
  observations  text not null default '',
  observed_on   date,
  created_by    text not null,
  created_at    timestamptz not null
);
create index hearing_request on hearing (request_id);
grant select, insert, update on hearing to :role;

-- Where the applicant lives, seen from the court (CJA R.421-7), as an agent said; null: as
-- the postal address says.
alter table request add column residence text check (residence in ('near', 'overseas', 'abroad'));

-- Who may sign decisions in the mayor's stead (délégation de signature: CGCT L.2122-18,
-- L.2122-19), by which order, for what and until when. No scope: for everything.
create table delegation (
  id          uuid primary key,
  agent_id    uuid not null references agent (id) on delete cascade,
  reference   text not null,
  dated_on    date not null,
  from_on     date not null,
  ends_on     date, -- its last day
  services    uuid[] not null default '{}',
  procedures  text[] not null default '{}', -- slugs
  created_by  text not null,
  created_at  timestamptz not null
);
grant select, insert, update on delegation to :role;

-- Outages of the service: entered by an agent, or found by the program itself. Who had to
-- send something by a day that one covered may still do so afterwards.
create table incident (
  id            uuid primary key,
  from_at       timestamptz not null,
  to_at         timestamptz not null check (to_at > from_at),
  from_on       date not null, -- in the commune
  until_on      date not null,
  what          text not null,
  actor_kind    text not null,
  actor_id      text not null,
  actor_name    text not null,
  at            timestamptz not null,
  withdrawn_at  timestamptz,   -- it was none
  withdrawn_by  text not null default ''
);
grant select, insert, update on incident to :role;

-- Who sends a significant number in a day (CRPA L.112-11, last paragraph but one). A request keeps the
-- network that it came from, as a keyed hash that says nothing by itself, for a month.
alter table request add column source bytea;
-- The register: a source that was noticed, warned, and blocked for a time by an agent. What
-- was done, by whom and why stands in the table event, under the source in hexadecimal.
create table sending_source (
  source          bytea primary key, -- keyed hash of an e-mail address, an account or a network
  kind            text not null check (kind in ('email', 'account', 'network')),
  label           text not null default '', -- the address; of a network nothing
  day             date not null, -- of the latest count
  count           integer not null,
  identical       integer not null, -- of them, those that say the same
  content         bytea, -- hash of what they say
  noticed_at      timestamptz not null,
  warned_at       timestamptz,
  exempt_on       date, -- the day on which an agent found all its sendings abusive
  blocked_until   timestamptz,
  blocked_reason  text not null default '',
  blocked_by      text not null default ''
);
grant select, insert, update, delete on sending_source to :role;

-- A request that goes to the administration competent for it, or came from another one (CRPA
-- L.114-2): what is known of the other side (in words: no key of its tables), and what went
-- along. out: within the deployment; outside: by e-mail or post; in: it came.
create table transmission (
  id              uuid primary key,
  request_id      uuid not null references request (id) on delete cascade,
  way             text not null check (way in ('out', 'outside', 'in')),
  state           text not null check (state in ('pending', 'sending', 'arrived', 'recalled', 'failed')),
  party           jsonb not null,                -- the other side: code, name, addresses
  number          text not null default '',      -- the request's, there
  procedure_slug  text not null default '',      -- asked for there
  reason          text not null default '',
  received_on     date,                          -- by the other side
  content         jsonb not null default '{}',   -- who had it before; the answers in words; what was sent
  problem         text not null default '',      -- why it waits, or failed: a code
  created_by      text not null,
  created_at      timestamptz not null,
  claimed_at      timestamptz,                   -- a worker brings it since then
  ended_at        timestamptz
);
create index transmission_request on transmission (request_id, created_at);
-- One at a time is on its way.
create unique index transmission_going on transmission (request_id) where state in ('pending', 'sending');
grant select, insert, update on transmission to :role;
