-- What a cell keeps for placing and moving communes. Additive.

-- Receipts and letters are kept compressed. lz4 takes a fraction of the time of
-- Postgres's own method, which stays where the server was built without it.
do $$ begin
  execute format('alter database %I set default_toast_compression = lz4', current_database());
exception when invalid_parameter_value or undefined_object or insufficient_privilege then null;
end $$;
