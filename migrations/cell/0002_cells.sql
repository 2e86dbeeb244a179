-- What a cell keeps for placing and moving communes. Additive.

-- Receipts and letters are kept compressed. lz4 takes a fraction of the time of
-- Postgres's own method, which stays where the server was built without it.
do $$ begin
  execute format('alter database %I set default_toast_compression = lz4', current_database());
exception when invalid_parameter_value or undefined_object or insufficient_privilege then null;
end $$;

-- A commune's role keeps nothing outside its schema, where no deletion would find it:
-- neither tables nor functions that last as long as a connection.
do $$ begin
  execute format('revoke temporary on database %I from public', current_database());
end $$;

-- Schemas made ahead, with their role and catalogue, given out by renaming. The stock
-- says what they were made from: one of another stock is thrown away.
create table cell.spare (
  schema_name  text primary key check (schema_name ~ '^spare_[0-9a-f]{32}$'),
  stock        text not null,
  created_at   timestamptz not null default now()
);
create index spare_stock on cell.spare (stock, created_at);
