-- Rows that change at every submission or sending find room beside themselves, so that
-- their indexes need not change too. Nothing of the program hangs on it.
alter table request_counter set (fillfactor = 20);
alter table request set (fillfactor = 90);
alter table notification set (fillfactor = 85);
