-- How many rows of a directory list say the same as another row but for ids and addresses of pages: entities that are
-- listed twice. Rows with four values or more say enough to be told apart; of the others equals are ordinary.
-- Beside the header's tables: listed, one row per entity with content and filled, the number of its values.
-- in: raw_company, raw_member
SELECT coalesce(sum(n) FILTER (filled >= 4), 0)::BIGINT AS telling,
    coalesce(sum(n - 1) FILTER (filled >= 4), 0)::BIGINT AS telling_again,
    coalesce(sum(n), 0)::BIGINT AS listed,
    coalesce(sum(n - 1), 0)::BIGINT AS listed_again
FROM (SELECT filled, count(*) AS n FROM listed GROUP BY content, filled)
