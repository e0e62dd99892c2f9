-- What filling in or correcting CRM fields would bring, the most first.
-- in: field_gain
SELECT object, field, records, "empty", empty_unmatched, filled_in, corrected, alone
FROM field_gain
WHERE filled_in + corrected > 0
ORDER BY filled_in + corrected DESC, object, field
