-- Directory ids that were replaced, followed to the end of their chain. UNION without ALL keeps each pair once, so a
-- circle ends by itself; all ids that lead into one stand for its smallest, so they still compare as one entity.
-- in: raw_redirect
-- out: redirected
WITH RECURSIVE step AS (
    SELECT old_id, new_id FROM raw_redirect WHERE new_id IS NOT NULL AND new_id <> old_id
),
reach AS (
    SELECT old_id, new_id FROM step
    UNION
    SELECT r.old_id, s.new_id FROM reach r JOIN step s ON s.old_id = r.new_id
),
circle AS (
    SELECT old_id AS id FROM reach WHERE old_id = new_id
),
final AS (
    SELECT new_id AS id FROM step WHERE new_id NOT IN (SELECT old_id FROM step)
    UNION
    SELECT id FROM circle
)
SELECT r.old_id, min(r.new_id) AS new_id
FROM reach r
JOIN final f ON f.id = r.new_id
GROUP BY r.old_id
