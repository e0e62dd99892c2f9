-- What became of each decision. Three steps, each over what the one before left: an undo takes back earlier words about
-- the same record, and of the rest the latest word on an entity, then the latest answer (is or none) of the record
-- counts; redirects say which ids are one entity today; and where merges and conversions brought several records
-- together, the surviving record's own words come before the others', the later before the earlier. Who changes his
-- mind about a record knows it; whatever else is not applied as it was said is a conflict, so that nothing is lost.
-- in: raw_decision, redirected, standing, dir_company, dir_member
-- out: decision_outcome
-- values: $kind TEXT
WITH said AS (
    SELECT d.seq, d.object, d.crm_id, d.verdict,
        CASE WHEN d.verdict <> 'none' THEN d.entity_id END AS entity_id,
        CASE WHEN d.verdict <> 'none' THEN coalesce(r.new_id, d.entity_id) END AS target,
        s.crm_id IS NOT NULL AS is_known,
        coalesce(s.end_object, d.object) AS now_object,
        coalesce(s.end_crm_id, d.crm_id) AS now_crm_id,
        s.end_crm_id IS NULL AS is_own
    FROM raw_decision d
    LEFT JOIN standing s ON s.object = d.object AND s.crm_id = d.crm_id
    LEFT JOIN redirected r ON r.old_id = d.entity_id
    WHERE (d.object = 'Account') = ($kind = 'company')
        AND (d.verdict IN ('none', 'undo') OR (d.verdict IN ('is', 'is_not') AND d.entity_id IS NOT NULL))
),
-- The first undo after a word takes it back. One that names the entity by an id that was neither said of it nor is
-- today's was meant for another entity, which is the same only since.
withdrawn AS (
    SELECT w.seq, min(u.seq) AS by_seq,
        arg_min(u.entity_id IS NULL OR u.entity_id IN (w.entity_id, w.target), u.seq) AS is_meant
    FROM said w
    JOIN said u ON u.object = w.object AND u.crm_id = w.crm_id AND u.verdict = 'undo' AND u.seq > w.seq
        AND (u.entity_id IS NULL OR u.target = w.target)
    WHERE w.verdict <> 'undo'
    GROUP BY w.seq
),
-- Within a record: the latest word on an entity. Under two ids it may be a word that nobody meant to change.
about AS (
    SELECT *,
        max(seq) OVER (PARTITION BY object, crm_id, entity_id) AS last_of_id,
        max(seq) OVER (PARTITION BY object, crm_id, target) AS last_of_target,
        arg_max(verdict, seq) OVER (PARTITION BY object, crm_id, target) AS last_verdict
    FROM said
    ANTI JOIN withdrawn USING (seq)
    WHERE verdict <> 'undo'
),
meant AS (
    SELECT *,
        CASE
            WHEN seq < last_of_id THEN 'replaced'
            WHEN verdict <> last_verdict THEN 'overruled_after_redirect'
        END AS lost,
        CASE WHEN seq < last_of_id THEN last_of_id WHEN verdict <> last_verdict THEN last_of_target END AS lost_to
    FROM about
),
-- Within a record: the latest answer.
answer AS (
    SELECT object, crm_id, max(seq) AS seq
    FROM meant
    WHERE lost IS NULL AND verdict IN ('is', 'none')
    GROUP BY object, crm_id
),
word AS (
    SELECT m.* EXCLUDE (lost, lost_to, last_of_id, last_of_target, last_verdict),
        CASE WHEN m.lost IS NULL AND m.verdict IN ('is', 'none') AND m.seq < a.seq THEN 'replaced' ELSE m.lost END AS lost,
        CASE WHEN m.lost IS NULL AND m.verdict IN ('is', 'none') AND m.seq < a.seq THEN a.seq ELSE m.lost_to END AS lost_to
    FROM meant m
    LEFT JOIN answer a ON a.object = m.object AND a.crm_id = m.crm_id
),
-- Among the records that became one.
placed AS (
    SELECT *, row_number() OVER (PARTITION BY now_object, now_crm_id ORDER BY is_own, seq) AS place
    FROM word
    WHERE lost IS NULL AND is_known
),
heard AS (
    SELECT *,
        arg_max(verdict, place) OVER (PARTITION BY now_object, now_crm_id, target) AS last_verdict,
        arg_max(seq, place) OVER (PARTITION BY now_object, now_crm_id, target) AS last_seq
    FROM placed
),
prevailing AS (
    SELECT now_object, now_crm_id, max(place) AS place
    FROM heard
    WHERE verdict = last_verdict AND verdict IN ('is', 'none')
    GROUP BY now_object, now_crm_id
),
joined AS (
    SELECT h.seq,
        CASE
            WHEN h.verdict <> h.last_verdict THEN h.last_seq
            WHEN h.verdict IN ('is', 'none') AND h.target IS DISTINCT FROM p.target THEN p.seq
        END AS lost_to
    FROM heard h
    LEFT JOIN prevailing w ON w.now_object = h.now_object AND w.now_crm_id = h.now_crm_id
    LEFT JOIN placed p ON p.now_object = w.now_object AND p.now_crm_id = w.now_crm_id AND p.place = w.place
),
directory AS ( -- of it, what is said of
    SELECT d.entity_id FROM dir_company d SEMI JOIN said s ON s.target = d.entity_id WHERE $kind = 'company'
    UNION
    SELECT d.entity_id FROM dir_member d SEMI JOIN said s ON s.target = d.entity_id WHERE $kind = 'person'
),
outcome AS (
    SELECT s.*,
        CASE
            WHEN s.verdict = 'undo' AND s.seq IN (SELECT by_seq FROM withdrawn) THEN 'applied'
            WHEN s.verdict = 'undo' AND NOT s.is_known THEN 'unknown_record'
            WHEN s.verdict = 'undo' THEN 'nothing_to_undo'
            WHEN w.by_seq IS NOT NULL THEN CASE WHEN w.is_meant THEN 'withdrawn' ELSE 'overruled_after_redirect' END
            WHEN o.lost IS NOT NULL THEN o.lost
            WHEN NOT s.is_known THEN 'unknown_record'
            WHEN j.lost_to IS NOT NULL THEN 'overruled_after_merge'
            WHEN e.standing IS DISTINCT FROM 'live' THEN 'record_left_out'
            WHEN s.verdict = 'is' AND s.target NOT IN (SELECT entity_id FROM directory) THEN 'entity_not_in_directory'
            ELSE 'applied'
        END AS outcome,
        coalesce(w.by_seq, o.lost_to, j.lost_to) AS by_seq
    FROM said s
    LEFT JOIN withdrawn w ON w.seq = s.seq
    LEFT JOIN word o ON o.seq = s.seq
    LEFT JOIN joined j ON j.seq = s.seq
    LEFT JOIN standing e ON e.object = s.now_object AND e.crm_id = s.now_crm_id
)
SELECT seq, object, crm_id, verdict, entity_id, outcome,
    outcome NOT IN ('applied', 'replaced', 'withdrawn') AS is_conflict,
    CASE WHEN is_known THEN now_object END AS now_object,
    CASE WHEN is_known THEN now_crm_id END AS now_crm_id,
    target AS now_entity_id, by_seq
FROM outcome
