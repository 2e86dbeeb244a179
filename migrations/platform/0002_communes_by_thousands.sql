-- What came with communes by the thousand. Additive: the program runs before and after it.

-- A hub's sessions end when they are not used, know whether a second factor was
-- given, and keep the identity provider's own token, sealed, to learn when that
-- session is over (a password changed elsewhere).
alter table platform.hub_session add column seen_at timestamptz;
alter table platform.hub_session add column provider bytea;
alter table platform.hub_session add column aal smallint not null default 1;

-- What a hub asks of its own administrators.
alter table platform.hub add column require_totp boolean not null default false;

-- A cell is one database of communes. Its address holds a password, so it is sealed
-- with the deployment's key; the first cell's stands in the environment. Above the
-- soft limit a cell gets a new commune only where no other has room, above the hard
-- one never; one that is draining gets none.
create table platform.cell (
  name        text primary key check (name ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  address     bytea,
  soft_limit  integer not null default 2500 check (soft_limit >= 0),
  hard_limit  integer not null default 5000 check (hard_limit >= soft_limit),
  spares      integer not null default 50 check (spares between 0 and 500),
  draining    boolean not null default false,
  created_at  timestamptz not null default now()
);
insert into platform.cell (name) values ('cell-1');
alter table platform.tenant add foreign key (cell) references platform.cell (name);
-- Inhabitants, by which the load of a cell is judged; null: as many as a commune has on average.
alter table platform.tenant add column population integer;
create index tenant_cell on platform.tenant (cell);
-- Writes are held back for a moment while the commune's data goes from one cell to another.
alter table platform.tenant add column moving boolean not null default false;

-- A commune's own host names (tenants/domains). Several communes may ask for one;
-- the one that proves it alone has it. main is what the commune wishes;
-- tenant.main_host is what is in force now, none while the name does not lead here.
create table platform.domain (
  tenant_id      bigint not null references platform.tenant (id) on delete cascade,
  host           text not null check (host ~ '^[a-z0-9-]+([.][a-z0-9-]+)+$' and length(host) <= 253),
  state          text not null check (state in ('pending', 'verified', 'active', 'failed')),
  main           boolean not null default false,
  -- What the last look at the DNS found: a code, names or addresses of machines, and for
  -- how many seconds the answer is kept on the way.
  problem        text not null default '',
  seen           text[] not null default '{}',
  wait           integer not null default 0,
  problem_since  timestamptz,
  -- What the commune's administrators were told last: of the DNS, and of how many days
  -- the certificate still has.
  warned         text not null default '',
  warned_days    integer not null default 0,
  created_at     timestamptz not null,
  checked_at     timestamptz,
  check_at       timestamptz,
  primary key (tenant_id, host)
);
create unique index domain_host on platform.domain (host) where state in ('verified', 'active');
create unique index domain_main on platform.domain (tenant_id) where main;
create index domain_due on platform.domain (check_at);
alter table platform.tenant add column main_host text;
alter table platform.tenant add foreign key (id, main_host) references platform.domain (tenant_id, host) on delete set null (main_host);

-- What certmagic keeps, for every instance: accounts, certificates, keys, the answers to
-- challenges. The values are sealed with the deployment's key; of a certificate, its
-- name and its times stand beside.
create table platform.certificate_blob (
  key          text collate "C" primary key,
  value        bytea not null,
  size         integer not null,
  modified_at  timestamptz not null,
  host         text,
  not_before   timestamptz,
  not_after    timestamptz
);
create index certificate_blob_host on platform.certificate_blob (host) where host is not null;
create index certificate_blob_end on platform.certificate_blob (not_after) where host is not null;
-- Who works at what: a lease that its holder prolongs, so that a dead one's is taken over.
create table platform.certificate_lock (
  name    text primary key,
  holder  uuid not null,
  ends_at timestamptz not null
);
-- The attempts at a host's certificate since the last that succeeded.
create table platform.certificate_try (
  host      text primary key,
  tried_at  timestamptz not null,
  failures  integer not null default 0,
  problem   text not null default ''
);

-- What an administrator of a hub may do: the responsable manages the others and opens
-- communes, the gestionnaire keeps what is shared, the observateur reads counts. Apart
-- from that, some may look after a commune's settings, services and catalogue.
alter table platform.hub_admin add column role text not null default 'responsable' check (role in ('responsable', 'gestionnaire', 'observateur'));
alter table platform.hub_admin add column delegate boolean not null default false;

-- What a hub provides to its communes, unless they say otherwise.
alter table platform.hub add column shared jsonb not null default '{}';

-- How each commune is, written by a job of its own every quarter of an hour: counts
-- alone, no person.
create table platform.tenant_health (
  tenant_id      bigint primary key references platform.tenant (id) on delete cascade,
  version        integer not null,
  mail_failures  integer not null,
  agents         integer not null,
  last_activity  timestamptz,
  open           integer not null default 0,
  due_soon       integer not null default 0,
  late           integer not null default 0,
  received       integer not null default 0,
  last_received  date,
  refreshed_at   timestamptz not null
);
create index tenant_of_hub on platform.tenant (hub_id, slug);
create index request_projection_received on platform.request_projection (received_on desc, tenant_id desc, number desc);

-- What is done to a whole commune (opened, exported, moved, erased…), step by step: the
-- account of it, by which an interrupted one is resumed or undone. No personal data but
-- the names of who asked. tenant_id is no foreign key, for it outlives the commune.
create table platform.operation (
  id               uuid primary key,
  kind             text not null check (kind in ('create', 'export', 'import', 'move', 'suspend', 'resume', 'delete', 'cleanup')),
  state            text not null check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  step             text not null default '',
  done             integer not null default 0,
  total            integer not null default 0,
  attempts         integer not null default 0,
  error            text not null default '',
  tenant_id        bigint not null default 0,
  hub_id           bigint not null default 0,
  insee            text not null,
  name             text not null,
  data             jsonb not null default '{}',
  asked_kind       text not null,
  asked_id         text not null,
  asked_name       text not null,
  confirmed_kind   text not null default '',
  confirmed_id     text not null default '',
  confirmed_name   text not null default '',
  confirmed_at     timestamptz,
  not_before       timestamptz,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  ended_at         timestamptz
);
-- One thing at a time is done to a commune; what an export reads, nothing changes.
create unique index operation_one on platform.operation (insee) where state in ('waiting', 'running') and kind not in ('export', 'cleanup');
create index operation_open on platform.operation (created_at) where state in ('waiting', 'running');
create index operation_tenant on platform.operation (tenant_id, created_at desc);
create index operation_hub on platform.operation (hub_id, created_at desc);

-- All that is left of an erased commune: what was erased, signed.
create table platform.erasure (
  id          uuid primary key,
  insee       text not null,
  name        text not null,
  hub_id      bigint not null default 0,
  erased_at   timestamptz not null,
  document    text not null
);
create index erasure_hub on platform.erasure (hub_id, erased_at desc);
-- How the State's directory (« annuaire de l’administration », a file that the operator
-- downloads) says that each town hall is reached: the address that proves who speaks for
-- it, and what its portal begins with. email '': the directory gives none.
create table platform.official_address (
  insee           text primary key check (insee ~ '^[0-9][0-9AB][0-9]{3}$'),
  email           text not null default '',
  phone           text not null default '',
  postal_address  text not null default '',
  source          text not null,
  updated_at      timestamptz not null
);

-- Somebody asks for a commune to be opened. What proves that they may: a code mailed to
-- the official address, or the word of the hub or of the operator. Names and addresses go
-- a month after the end (tenants/opening, Purge); platform.event keeps that it was done.
create table platform.opening_request (
  id           uuid primary key,
  insee        text not null check (insee ~ '^[0-9][0-9AB][0-9]{3}$'),
  holder       bytea not null,     -- hash of the token in the applicant's browser
  proof        text not null check (proof in ('code', 'hub', 'operator')),
  hub_id       bigint references platform.hub (id) on delete set null,
  state        text not null default 'asked' check (state in ('asked', 'approved', 'opened', 'refused', 'overtaken')),
  given_name   text not null,
  family_name  text not null,
  position     text not null,
  email        text not null,
  plan         text not null,
  terms        text not null,      -- the version of the conditions that was accepted
  code_hash    bytea,
  code_until   timestamptz,
  tries        smallint not null default 0,
  created_at   timestamptz not null,
  decided_at   timestamptz,
  reason       text not null default '',
  worked_at    timestamptz,        -- when somebody began to open the commune
  told_at      timestamptz,        -- when the mail that this state calls for went out
  tenant_id    bigint references platform.tenant (id) on delete set null
);
-- One request of a browser for a commune at a time, one opening of a commune at a time.
create unique index opening_request_holder on platform.opening_request (holder, insee) where state in ('asked', 'approved');
create unique index opening_request_approved on platform.opening_request (insee) where state = 'approved';
create index opening_request_hub on platform.opening_request (hub_id, created_at);
create index opening_request_state on platform.opening_request (state, created_at);

-- Codes that were mailed, counted for a day by commune and by address (its keyed hash).
create table platform.opening_code (
  insee    text not null,
  address  bytea not null,
  sent_at  timestamptz not null
);
create index opening_code_sent on platform.opening_code (sent_at);

-- What a commune chose. Until it is confirmed, a trial runs (tenants/subscription).
create table platform.subscription (
  tenant_id      bigint primary key references platform.tenant (id) on delete cascade,
  plan           text not null,
  started_on     date not null,
  trial_ends_on  date not null,
  confirmed_on   date
);
