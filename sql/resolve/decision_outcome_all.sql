-- Both kinds in one table: the caller binds the companies' and the people's rows together as decision_outcome.
-- in: decision_outcome
-- out: decision_outcome
SELECT * FROM decision_outcome
