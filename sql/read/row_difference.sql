-- How many rows only one of two versions of a table has.
-- Beside the header's tables: original and replayed, the two versions.
-- in: run
SELECT (SELECT count(*) FROM (FROM original EXCEPT ALL FROM replayed)), (SELECT count(*) FROM (FROM replayed EXCEPT ALL FROM original))
