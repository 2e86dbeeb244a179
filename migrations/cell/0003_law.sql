-- What a commune shows to everyone changed: whoever listens drops what they keep of it.
-- The tables of each commune call it (migrations/tenant), whose schema is the message. A
-- commune's role may send any message itself: the worst of it is a page read anew.
create function cell.public_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('parvis_public', tg_table_schema);
  return null;
end $$;

-- Only the communes of a cell come into its database: their roles are members of one that
-- may, and may nothing else. The roles of the other cells of the server stay outside. The
-- role's name is kept, for databases are renamed and copied; cell.shut() may be called again.
create table cell.door (
  one        boolean primary key default true check (one),
  role_name  text not null
);
insert into cell.door (role_name) values ('door_' || replace(gen_random_uuid()::text, '-', ''));

create function cell.shut() returns void language plpgsql as $$
declare
  door text := (select role_name from cell.door);
  member text;
begin
  begin
    execute format('create role %I nologin nosuperuser nocreatedb nocreaterole noreplication', door);
  exception when duplicate_object or unique_violation then null;
  end;
  for member in
    select r.rolname from pg_catalog.pg_roles r where r.rolname in (select schema_name from cell.tenant_version union all select schema_name from cell.spare)
      and not exists (select 1 from pg_catalog.pg_auth_members m join pg_catalog.pg_roles d on d.oid = m.roleid where m.member = r.oid and d.rolname = door)
  loop
    execute format('alter role %I inherit', member);
    execute format('grant %I to %I', door, member);
  end loop;
  execute format('grant connect on database %I to %I', current_database(), door);
  execute format('revoke connect on database %I from public', current_database());
end $$;
revoke all on function cell.shut() from public;
select cell.shut();

-- Lets a role in, or no longer.
create function cell.admit(role_name text, comes boolean) returns void language plpgsql as $$
begin
  if comes then
    execute format('alter role %I inherit', admit.role_name);
    execute format('grant %I to %I', (select d.role_name from cell.door d), admit.role_name);
  else
    execute format('revoke %I from %I', (select d.role_name from cell.door d), admit.role_name);
  end if;
end $$;
revoke all on function cell.admit(text, boolean) from public;
