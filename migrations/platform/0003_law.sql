-- Whoever carries an operation out keeps its row locked; an advisory lock any role of the
-- database could take, and keep.
create table platform.operation_hold (
  id uuid primary key
);

-- Into the platform's own database nobody comes but its owner (and whom they let in:
-- « grant connect on database … to … », for a monitor that has no rights of a superuser).
-- Where communes live in it too, their cell says who may (migrations/cell).
do $$ begin
  if to_regnamespace('cell') is null then
    execute format('revoke connect on database %I from public', current_database());
  end if;
end $$;

-- When the pages were last known to be served, and for how long they were not.
create table platform.heartbeat (
  id       smallint primary key check (id = 1),
  beat_at  timestamptz not null
);
create table platform.outage (
  id       uuid primary key default gen_random_uuid(),
  from_at  timestamptz not null,
  to_at    timestamptz not null check (to_at > from_at)
);

-- The next day on which a commune's deadlines need a look in the morning: until then it is
-- left alone. No row, or none known: look. Whatever happens to a request brings the day
-- near again; stirred counts these, so that a look that began before does not put it off.
create table platform.tenant_due (
  tenant_id  bigint primary key references platform.tenant (id) on delete cascade,
  next_on    date,
  stirred    bigint not null default 0
);

-- An EPCI can open the portal of its own services (waste, water…): a tenant of that kind is
-- known by its SIREN in place of an INSEE code, and lives by the calendar of its seat. Its
-- hub is another thing. Open one once every process runs this version.
alter table platform.tenant add column kind text not null default 'commune' check (kind in ('commune', 'epci'));
alter table platform.tenant add column seat text check (seat ~ '^[0-9][0-9AB][0-9]{3}$');
alter table platform.tenant drop constraint tenant_insee_check;
alter table platform.tenant add constraint tenant_insee_check check (
  kind = 'commune' and insee ~ '^[0-9][0-9AB][0-9]{3}$' or kind = 'epci' and insee ~ '^[0-9]{9}$' and insee = siren and seat is not null);
