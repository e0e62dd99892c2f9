-- Decisions that are not applied as they were said, counted by why: they stop nothing, but an administrator should see
-- them. crmlink decisions --conflicts lists them.
-- in: decision_outcome
-- out: resolve_notice
SELECT CASE outcome
        WHEN 'entity_not_in_directory' THEN 'decided_entity_not_in_directory'
        WHEN 'unknown_record' THEN 'decision_on_unknown_record'
        WHEN 'record_left_out' THEN 'decision_on_record_left_out'
        WHEN 'overruled_after_merge' THEN 'decision_overruled_after_merge'
        WHEN 'overruled_after_redirect' THEN 'decision_overruled_after_redirect'
        WHEN 'nothing_to_undo' THEN 'decision_with_nothing_to_undo'
    END AS notice,
    count(*) AS records
FROM decision_outcome
WHERE is_conflict
GROUP BY outcome
ORDER BY notice
