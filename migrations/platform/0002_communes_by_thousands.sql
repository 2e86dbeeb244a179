-- What came with communes by the thousand. Additive: the program runs before and after it.

-- A hub's sessions end when they are not used, know whether a second factor was
-- given, and keep the identity provider's own token, sealed, to learn when that
-- session is over (a password changed elsewhere).
alter table platform.hub_session add column seen_at timestamptz;
alter table platform.hub_session add column provider bytea;
alter table platform.hub_session add column aal smallint not null default 1;

-- What a hub asks of its own administrators.
alter table platform.hub add column require_totp boolean not null default false;
