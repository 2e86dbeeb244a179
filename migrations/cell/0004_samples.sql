-- How many rows are sampled when a table is analysed: thirty times three hundred instead of a hundred times. Reading the texts of
-- thirty thousand requests took a core for a second, and whoever submitted meanwhile waited; communes' states, services and days
-- are told apart with a third of it. Postgres's own cleaner, too, goes by what stands on the database.
do $$ begin
  execute format('alter database %I set default_statistics_target = 30', current_database());
end $$;
