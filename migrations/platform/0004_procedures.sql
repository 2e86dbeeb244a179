-- Additive: the program runs before and after it.

-- The public holidays of places whose own the law leaves unsettled (Saint-Martin, the
-- Pacific…), as the commune gave them, one a line: "28/05 Abolition de l’esclavage".
alter table platform.tenant add column local_holidays text not null default '';
