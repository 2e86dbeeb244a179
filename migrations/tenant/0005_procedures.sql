-- How people find a procedure: what they say of it in one tap, and the forms that were given
-- up, by the question where they stopped. Counts alone: no person, no request.
create table experience (
  month           date not null, -- its first day
  procedure_slug  text not null,
  what            text not null check (what in ('rated', 'given_up')),
  detail          text not null, -- good, fair, poor; or the question
  label           text not null default '', -- the question's words
  count           integer not null check (count > 0),
  primary key (month, procedure_slug, what, detail)
);
grant select, insert, update on experience to :role;
