-- The platform's own schema: who the tenants are and where they live, their
-- hubs, and a projection of their requests that holds no personal data.
create schema platform;

create table platform.hub (
  id          bigint generated always as identity primary key,
  slug        text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  siren       text not null unique check (siren ~ '^[0-9]{9}$'),
  name        text not null,
  colour      text not null check (colour ~ '^#[0-9a-f]{6}$'),
  -- The shared desk and the pooled data protection officer: what a commune says of
  -- itself until it says better.
  phone       text not null default '',
  dpo_name    text not null default '',
  dpo_email   text not null default '',
  created_at  timestamptz not null
);

-- placement(tenant, cell, schema, state, epoch) of scale.md stands here: the
-- program caches it and checks the epoch.
create table platform.tenant (
  id           bigint generated always as identity primary key,
  hub_id       bigint references platform.hub (id),
  slug         text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  insee        text not null unique check (insee ~ '^[0-9][0-9AB][0-9]{3}$'),
  siren        text not null,
  name         text not null,
  colour       text not null check (colour ~ '^#[0-9a-f]{6}$'),
  -- A town with a Protestant temple keeps Good Friday (C. trav. L.3134-13).
  temple       boolean not null default false,
  cell         text not null,
  schema_name  text not null unique check (schema_name ~ '^t_[0-9]+$'),
  state        text not null check (state in ('opening', 'live', 'suspended')),
  epoch        integer not null default 1,
  created_at   timestamptz not null
);
create index tenant_hub on platform.tenant (hub_id, name);

create table platform.hub_admin (
  id           uuid primary key,
  hub_id       bigint not null references platform.hub (id),
  subject      text not null,
  email        text not null,
  given_name   text not null,
  family_name  text not null,
  active       boolean not null default true,
  created_at   timestamptz not null,
  unique (hub_id, subject)
);

create table platform.hub_session (
  token_hash  bytea primary key,
  admin_id    uuid not null references platform.hub_admin (id) on delete cascade,
  created_at  timestamptz not null,
  expires_at  timestamptz not null
);

-- What a hub may see of its tenants' requests: counts can be made of it, no
-- person can be found in it.
create table platform.request_projection (
  tenant_id    bigint not null references platform.tenant (id) on delete cascade,
  number       text not null,
  procedure    text not null,
  channel      text not null,
  state        text not null,
  received_on  date not null,
  due_on       date,
  closed_on    date,
  version      bigint not null,
  primary key (tenant_id, number)
);
create index request_projection_open on platform.request_projection (tenant_id, due_on) where closed_on is null;

-- What was done on the platform, with who and when; append-only.
create table platform.event (
  id          uuid primary key,
  at          timestamptz not null,
  actor_kind  text not null,
  actor_id    text not null,
  actor_name  text not null,
  tenant_id   bigint,
  kind        text not null,
  data        jsonb not null default '{}'
);
create index event_at on platform.event (at desc);
