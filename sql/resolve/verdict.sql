-- What decisions come to. The highest seq per record and target counts; an undo without entity takes back all that was
-- decided about the record before it. Decisions about a record that was merged or converted go on to hold for where
-- it went, but yield to what was decided about that record itself.
-- in: raw_decision, redirected, standing
-- out: verdict
WITH said AS (
    SELECT
        coalesce(s.end_object, d.object) AS object,
        coalesce(s.end_crm_id, d.crm_id) AS crm_id,
        s.end_crm_id IS NULL AS is_own,
        d.seq,
        d.verdict,
        CASE WHEN d.verdict <> 'none' THEN coalesce(r.new_id, d.entity_id) END AS entity_id
    FROM raw_decision d
    JOIN standing s ON s.object = d.object AND s.crm_id = d.crm_id
    LEFT JOIN redirected r ON r.old_id = d.entity_id
    WHERE d.verdict IN ('none', 'undo') OR (d.verdict IN ('is', 'is_not') AND d.entity_id IS NOT NULL)
),
placed AS (
    SELECT object, crm_id, verdict, entity_id, seq,
        row_number() OVER (PARTITION BY object, crm_id ORDER BY is_own, seq) AS place
    FROM said
),
cleared AS (
    SELECT object, crm_id, max(place) AS place
    FROM placed
    WHERE verdict = 'undo' AND entity_id IS NULL
    GROUP BY object, crm_id
),
last_word AS (
    SELECT object, crm_id, entity_id, max(place) AS place, arg_max(verdict, place) AS verdict, arg_max(seq, place) AS seq
    FROM placed
    GROUP BY object, crm_id, entity_id
),
valid AS (
    SELECT w.*
    FROM last_word w
    LEFT JOIN cleared c ON c.object = w.object AND c.crm_id = w.crm_id
    WHERE w.verdict <> 'undo' AND w.place > coalesce(c.place, 0)
)
SELECT object, crm_id,
    arg_max(verdict, place) FILTER (verdict IN ('is', 'none')) AS verdict,
    -- arg_max skips a null argument: without the first test "none" would let an older "is" through.
    CASE WHEN arg_max(verdict, place) FILTER (verdict IN ('is', 'none')) = 'is'
        THEN arg_max(entity_id, place) FILTER (verdict = 'is') END AS entity_id,
    arg_max(seq, place) FILTER (verdict IN ('is', 'none')) AS seq,
    coalesce(list(entity_id ORDER BY entity_id) FILTER (verdict = 'is_not'), []) AS vetoed
FROM valid
GROUP BY object, crm_id
