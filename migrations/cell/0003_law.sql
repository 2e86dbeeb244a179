-- What a commune shows to everyone changed: whoever listens drops what they keep of it.
-- The tables of each commune call it (migrations/tenant), whose schema is the message. A
-- commune's role may send any message itself: the worst of it is a page read anew.
create function cell.public_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('parvis_public', tg_table_schema);
  return null;
end $$;
