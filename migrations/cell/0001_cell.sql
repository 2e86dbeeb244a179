-- What every cell holds beside its tenants' schemas: which version each is at.
-- One row a tenant, claimed with SKIP LOCKED and updated in the transaction of
-- the DDL, so that an interrupted run resumes where it stopped.
create schema cell;

create table cell.tenant_version (
  schema_name  text primary key,
  version      integer not null,
  checksum     text not null,
  error        text not null default '',
  failed_at    timestamptz,
  updated_at   timestamptz not null default now()
);
create index tenant_version_behind on cell.tenant_version (version, schema_name);

-- A tenant's role reaches its own schema and nothing beside it.
revoke all on schema public from public;
