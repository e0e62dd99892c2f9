-- What normalize counted and counts no longer.
-- in: was_data_quality, is_data_quality
SELECT object FROM was_data_quality ANTI JOIN is_data_quality USING (object, field, "check")
