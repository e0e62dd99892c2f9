-- The rows that one exchange of inputs changed.
-- in: step_change
-- out: walked
-- values: $position BIGINT, $cause TEXT
SELECT table_name, row_key, CAST($position AS BIGINT) AS position, CAST($cause AS VARCHAR) AS cause FROM step_change
