-- Words that differ between engines, as macros. Run once when a session opens.

-- Similarity of two strings between 0 and 1. Never with the engine's cutoff argument: it gives other results.
CREATE OR REPLACE TEMP MACRO similarity(a, b) AS jaro_winkler_similarity(a, b);

-- The part, of 64, that a record belongs to; md5 because the engine's own hash changes between its versions. md5_number_lower
-- says the same and takes the engine five times as long, and a remainder of numbers so large longer still.
CREATE OR REPLACE TEMP MACRO part_of(id) AS CAST((md5_number(id) >> 64) & 63 AS INTEGER);

-- Whether a text says nothing. trim looks at every letter of a text; most begin with one that is plainly no space.
CREATE OR REPLACE TEMP MACRO is_blank(t) AS CASE WHEN t >= '!' AND t < '~' THEN false ELSE coalesce(trim(t), '') = '' END;

-- Deep links that open in both user interfaces (A3).
CREATE OR REPLACE TEMP MACRO lightning_url(instance, object, id) AS
    rtrim(instance, '/') || '/lightning/r/' || object || '/' || id || '/view';
CREATE OR REPLACE TEMP MACRO classic_url(instance, id) AS rtrim(instance, '/') || '/' || id;
