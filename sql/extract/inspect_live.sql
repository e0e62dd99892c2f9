-- What became of the live records of one object: absent where nothing holds them any more, deleted where the CRM says
-- so. A merged record lives on in another one, and a directory id that a redirect replaces is not gone. present counts
-- all rows that are there now, deleted ones too: a file that holds only those is not empty.
-- Beside the header's tables: before and after, the object's records as name and state (live, deleted, merged or
-- missing).
-- in: raw_redirect
SELECT count(*) FILTER (b.state = 'live') AS known,
    count(*) FILTER (b.state = 'live' AND coalesce(a.state, 'missing') = 'missing' AND r.old_id IS NULL) AS absent,
    count(*) FILTER (b.state = 'live' AND a.state = 'deleted') AS deleted,
    (SELECT count(*) FROM after WHERE state <> 'missing') AS present
FROM before b
LEFT JOIN after a ON a.name = b.name
LEFT JOIN raw_redirect r ON r.old_id = b.name
