-- Both kinds in one table: the caller binds the companies' and the people's answers together as mapping.
-- in: mapping
-- out: mapping
SELECT * FROM mapping
