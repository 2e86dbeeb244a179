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
