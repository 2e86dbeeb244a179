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
