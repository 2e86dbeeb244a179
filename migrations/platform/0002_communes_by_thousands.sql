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
