-- What communes by the thousand added to one commune. Additive: the program runs before and after it.

-- The decision reaches the person on paper, unless they expressly agreed to an e-mail
-- before: when they did. Null: they did not, or they went back on it.
alter table request add column decision_email_at timestamptz;

-- How a notice of missing documents left, and the day on which one that was posted
-- reached the person, as an agent noted it; its letter as it was sent, and the one that
-- says that all has come. '': before this was kept.
alter table document_request
  add column delivery text not null default '' check (delivery in ('', 'email', 'counter', 'post')),
  add column arrived_on date,
  add column subject text not null default '',
  add column letter text not null default '',
  add column complete_letter text not null default '';

-- The tracking code of a request that came with an archive from another deployment,
-- sealed under this commune's key: its own are derived and stored nowhere.
alter table request add column tracking_sealed bytea;
-- The pictures made of the commune's logo, under the logo's hash: rows that are added and
-- dropped, never changed. The settings name the hash that is in use; the others are what
-- an administrator tries, or what pages and mails of the last days still show.
create table brand_image (
  hash        text not null,
  name        text not null,
  width       smallint not null,
  height      smallint not null,
  body        bytea not null,
  created_at  timestamptz not null,
  primary key (hash, name)
);
alter table brand_image alter column body set storage external; -- compressed already
grant select, insert, delete on brand_image to :role;


-- What the commune's hub provides unless the commune says otherwise: a copy, brought by
-- a job, for the commune's role reads nothing outside its own schema.
alter table setting add column shared jsonb;
-- Ways in. How a session was opened, how well its owner is known (law of levels:
-- 2 account, 3 FranceConnect), and after how many seconds without use it ends.
alter table session add column way text not null default 'password' check (way in ('password', 'franceconnect', 'proconnect'));
alter table session add column level smallint not null default 2;
alter table session add column idle integer;

-- Whom FranceConnect knows as which citizen, by a pairwise subject, and the name that
-- it vouches for. Never found by an e-mail address.
create table citizen_identity (
  subject      text primary key,
  citizen_id   uuid not null references citizen (id) on delete cascade,
  given_name   text not null,
  family_name  text not null,
  usage_name   text not null default '',
  linked_at    timestamptz not null,
  seen_at      timestamptz not null
);
create index citizen_identity_citizen on citizen_identity (citizen_id);

-- Whom ProConnect knows as which agent: one each.
create table agent_identity (
  subject    text primary key,
  agent_id   uuid not null unique references agent (id) on delete cascade,
  siret      text not null,
  linked_at  timestamptz not null
);

-- The level of identity that the commune asks for; null: what the definition proposes.
alter table procedure add column identity smallint check (identity between 0 and 4);
-- The level that the applicant reached on the web; null: not by the web, or before this.
alter table request add column identity_level smallint;

grant select, insert, update, delete on citizen_identity, agent_identity to :role;


-- Help that the hub asked to give: for whom of the hub, why and how long, and what an
-- administrator of the commune answered. It opens nothing until it is granted.
create table support_access (
  id           uuid primary key,
  admin_id     uuid not null, -- an administrator of the hub, in the platform's database
  admin_name   text not null,
  admin_email  text not null,
  hub_name     text not null,
  reason       text not null,
  hours        smallint not null check (hours between 1 and 8),
  state        text not null check (state in ('asked', 'granted', 'refused', 'ended')),
  asked_at     timestamptz not null,
  answered_at  timestamptz,
  answered_by  text not null default '',
  expires_at   timestamptz,
  ended_at     timestamptz
);
create unique index support_access_running on support_access (admin_id) where state in ('asked', 'granted');

-- An administrator of the hub inside the commune's pages: by a support access that was
-- granted, or to look after settings where that is delegated. The way in opens once.
create table hub_visit (
  id            uuid primary key,
  admin_id      uuid not null,
  admin_name    text not null,
  support_id    uuid references support_access (id),
  entry_hash    bytea unique,
  session_hash  bytea unique,
  entered_by    timestamptz not null, -- the way in closes
  seen_at       timestamptz not null,
  expires_at    timestamptz not null
);
grant select, insert, update on support_access to :role;
grant select, insert, update, delete on hub_visit to :role;
