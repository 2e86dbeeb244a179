-- A hub's own version of a model, that its communes inherit in the model's place. Every version is kept;
-- the last one is what the hub proposes. base: the library's model that it was last brought to.
create table platform.hub_model (
  hub_id      bigint not null references platform.hub (id),
  slug        text not null,
  number      integer not null check (number > 0),
  title       text not null,
  definition  jsonb not null,
  checksum    text not null,
  base        jsonb,
  source      text not null default '', -- the commune that it was taken from; '': a file, or the library
  created_at  timestamptz not null,
  created_by  text not null,
  primary key (hub_id, slug, number)
);

-- How a hub's model stands in each commune to which it was proposed, and what is still to be done there:
-- wanted is the work, taken until not_before by whoever does it. The commune's own role does it, in its own schema.
create table platform.hub_model_commune (
  hub_id      bigint not null references platform.hub (id),
  slug        text not null,
  tenant_id   bigint not null references platform.tenant (id) on delete cascade,
  wanted      text not null default '' check (wanted in ('', 'propose', 'draft')),
  asked_at    timestamptz not null,
  asked_by    text not null,
  not_before  timestamptz not null,
  attempts    integer not null default 0,
  error       text not null default '', -- the fault's code
  number      integer not null default 0, -- the version that the commune has; 0: none yet
  state       text not null default '' check (state in ('', 'absent', 'current', 'waiting', 'conflicts')),
  waiting     integer not null default 0,
  conflicts   integer not null default 0,
  drafted     boolean not null default false, -- the commune has a draft of it
  checked_at  timestamptz,
  primary key (hub_id, slug, tenant_id)
);
create index hub_model_wanted on platform.hub_model_commune (not_before) where wanted <> '';
create index hub_model_tenant on platform.hub_model_commune (tenant_id);
