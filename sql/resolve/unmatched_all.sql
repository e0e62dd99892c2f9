-- Both kinds in one table: the caller binds the companies' and the people's rows together as unmatched.
-- in: unmatched
-- out: unmatched
SELECT * FROM unmatched
