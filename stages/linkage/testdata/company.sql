WITH
left_side AS (
  SELECT crm_id AS a_id,
    nullif(list_distinct(list_filter(known_ids, lambda x: x <> '')), []::VARCHAR[]) AS a_known_ids,
    nullif(list_distinct(list_filter(domains, lambda x: x <> '')), []::VARCHAR[]) AS a_domains,
    nullif(name_compact, '') AS a_name_compact,
    nullif(list_distinct(list_filter(email_domains, lambda x: x <> '')), []::VARCHAR[]) AS a_email_domains,
    nullif(phone, '') AS a_phone,
    nullif(name_key, '') AS a_name_key,
    nullif(city, '') AS a_city,
    nullif(list_distinct(list_filter(alias_keys, lambda x: x <> '')), []::VARCHAR[]) AS a_alias_keys,
    nullif(rare_token, '') AS a_rare_token,
    nullif(list_distinct(list_filter(name_tokens, lambda x: x <> '')), []::VARCHAR[]) AS a_name_tokens,
    nullif(acronym, '') AS a_acronym,
    nullif(postal_code, '') AS a_postal_code,
    nullif(street, '') AS a_street,
    nullif(house_number, '') AS a_house_number,
    nullif(name_placed, '') AS a_name_placed,
    nullif(place_hint, '') AS a_place_hint,
    nullif(list_distinct(list_filter(placed_tokens, lambda x: x <> '')), []::VARCHAR[]) AS a_placed_tokens,
    nullif(region, '') AS a_region,
    nullif(country, '') AS a_country,
    nullif(headcount_band, '') AS a_headcount_band,
    nullif(legal_form, '') AS a_legal_form,
    nullif(list_distinct(list_filter(known_groups, lambda x: x <> '')), []::VARCHAR[]) AS a_known_groups,
    nullif(list_distinct(list_filter(known_parents, lambda x: x <> '')), []::VARCHAR[]) AS a_known_parents,
    nullif(list_distinct(list_filter(known_parent_groups, lambda x: x <> '')), []::VARCHAR[]) AS a_known_parent_groups
  FROM a
),
right_side AS (
  SELECT entity_id AS b_id,
    nullif(entity_id, '') AS b_entity_id,
    nullif(list_distinct(list_filter(domains, lambda x: x <> '')), []::VARCHAR[]) AS b_domains,
    nullif(name_compact, '') AS b_name_compact,
    nullif(phone, '') AS b_phone,
    nullif(name_key, '') AS b_name_key,
    nullif(city, '') AS b_city,
    nullif(list_distinct(list_filter(alias_keys, lambda x: x <> '')), []::VARCHAR[]) AS b_alias_keys,
    nullif(rare_token, '') AS b_rare_token,
    nullif(list_distinct(list_filter(name_tokens, lambda x: x <> '')), []::VARCHAR[]) AS b_name_tokens,
    nullif(acronym, '') AS b_acronym,
    nullif(postal_code, '') AS b_postal_code,
    nullif(street, '') AS b_street,
    nullif(house_number, '') AS b_house_number,
    nullif(name_placed, '') AS b_name_placed,
    nullif(place_hint, '') AS b_place_hint,
    nullif(list_distinct(list_filter(placed_tokens, lambda x: x <> '')), []::VARCHAR[]) AS b_placed_tokens,
    nullif(region, '') AS b_region,
    nullif(country, '') AS b_country,
    nullif(headcount_band, '') AS b_headcount_band,
    nullif(legal_form, '') AS b_legal_form,
    nullif(group_id, '') AS b_group_id,
    nullif(parent_id, '') AS b_parent_id
  FROM b
),
both_sides AS (SELECT * FROM pair JOIN left_side USING (a_id) JOIN right_side USING (b_id)),
leveled AS (
  SELECT *,
    -- name
    CASE
      WHEN a_name_key IS NOT NULL AND b_name_key IS NOT NULL THEN CASE
        WHEN a_name_placed = b_name_placed THEN 1
        WHEN a_name_key = b_name_key AND a_place_hint IS NOT NULL AND b_place_hint IS NOT NULL THEN 2
        WHEN a_name_key = b_name_key THEN 3
        WHEN a_name_compact = b_name_compact THEN 4
        WHEN list_has_any(a_alias_keys, b_alias_keys) THEN 5
        WHEN 1000 * len(list_intersect(a_name_tokens, b_name_tokens)) >= 1000 * (len(a_name_tokens) + len(b_name_tokens) - len(list_intersect(a_name_tokens, b_name_tokens))) THEN 6
        WHEN damerau_levenshtein(a_name_compact, b_name_compact) <= 1 THEN 7
        WHEN (len(a_name_tokens) > 0 AND len(b_name_tokens) > 0 AND 1000 * (len(list_filter(a_name_tokens, lambda x: len(list_filter(b_name_tokens, lambda y: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) + len(list_filter(b_name_tokens, lambda y: len(list_filter(a_name_tokens, lambda x: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0))) >= 1000 * (len(a_name_tokens) + len(b_name_tokens))) THEN 8
        WHEN 1000 * len(list_intersect(a_placed_tokens, b_placed_tokens)) >= 1000 * CASE WHEN len(a_placed_tokens) < len(b_placed_tokens) THEN len(a_placed_tokens) ELSE len(b_placed_tokens) END AND a_rare_token = b_rare_token THEN 9
        WHEN 1000 * len(list_intersect(a_name_tokens, b_name_tokens)) >= 1000 * CASE WHEN len(a_name_tokens) < len(b_name_tokens) THEN len(a_name_tokens) ELSE len(b_name_tokens) END AND a_rare_token = b_rare_token THEN 10
        WHEN a_acronym = b_name_compact OR a_name_compact = b_acronym THEN 11
        WHEN jaro_winkler_similarity(a_name_compact, b_name_compact) >= CAST('0.94' AS DOUBLE) THEN 12
        WHEN a_rare_token = b_rare_token AND jaro_winkler_similarity(a_name_key, b_name_key) >= CAST('0.8' AS DOUBLE) THEN 13
        WHEN list_has_any(CASE WHEN a_rare_token IS NOT NULL THEN [a_rare_token] END, b_name_tokens) OR list_has_any(a_name_tokens, CASE WHEN b_rare_token IS NOT NULL THEN [b_rare_token] END) THEN 14
        WHEN 1000 * len(list_intersect(a_name_tokens, b_name_tokens)) >= 1000 * CASE WHEN len(a_name_tokens) < len(b_name_tokens) THEN len(a_name_tokens) ELSE len(b_name_tokens) END THEN 15
        WHEN jaro_winkler_similarity(a_name_key, b_name_key) >= CAST('0.88' AS DOUBLE) THEN 16
        WHEN 1000 * len(list_intersect(a_name_tokens, b_name_tokens)) >= 500 * (len(a_name_tokens) + len(b_name_tokens) - len(list_intersect(a_name_tokens, b_name_tokens))) THEN 17
        ELSE 18 END
      ELSE 0 END AS level_1,
    -- domain
    CASE
      WHEN a_domains IS NOT NULL AND b_domains IS NOT NULL THEN CASE
        WHEN list_has_any(a_domains, b_domains) THEN 1
        WHEN list_has_any(a_email_domains, b_domains) THEN 2
        WHEN list_has_any(list_filter(list_transform(a_domains, lambda x: split_part(x, '.', 1)), lambda x: x <> ''), list_filter(list_transform(b_domains, lambda x: split_part(x, '.', 1)), lambda x: x <> '')) THEN 3
        ELSE 4 END
      WHEN a_email_domains IS NOT NULL AND b_domains IS NOT NULL THEN CASE
        WHEN list_has_any(a_email_domains, b_domains) THEN 5
        WHEN list_has_any(list_filter(list_transform(a_email_domains, lambda x: split_part(x, '.', 1)), lambda x: x <> ''), list_filter(list_transform(b_domains, lambda x: split_part(x, '.', 1)), lambda x: x <> '')) THEN 6
        ELSE 7 END
      ELSE 0 END AS level_2,
    -- address
    CASE
      WHEN a_street IS NOT NULL AND b_street IS NOT NULL AND a_house_number IS NOT NULL AND b_house_number IS NOT NULL AND a_city = b_city OR a_street IS NOT NULL AND b_street IS NOT NULL AND a_house_number IS NOT NULL AND b_house_number IS NOT NULL AND a_postal_code = b_postal_code OR a_street IS NOT NULL AND b_street IS NOT NULL AND a_house_number IS NOT NULL AND b_house_number IS NOT NULL AND damerau_levenshtein(a_postal_code, b_postal_code) <= 1 OR a_street IS NOT NULL AND b_street IS NOT NULL AND a_house_number IS NOT NULL AND b_house_number IS NOT NULL AND jaro_winkler_similarity(a_city, b_city) >= CAST('0.88' AS DOUBLE) THEN CASE
        WHEN a_street = b_street AND a_house_number = b_house_number THEN 1
        WHEN a_house_number = b_house_number AND jaro_winkler_similarity(a_street, b_street) >= CAST('0.85' AS DOUBLE) OR a_house_number = b_house_number AND ((length(a_street) >= 5 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 5 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 2
        WHEN a_street = b_street THEN 3
        WHEN jaro_winkler_similarity(a_street, b_street) >= CAST('0.9' AS DOUBLE) OR ((length(a_street) >= 6 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 6 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 4
        WHEN a_house_number = b_house_number THEN 5
        ELSE 6 END
      WHEN a_street IS NOT NULL AND b_street IS NOT NULL AND a_house_number IS NOT NULL AND b_house_number IS NOT NULL AND a_city IS NOT NULL AND b_city IS NOT NULL THEN CASE
        WHEN a_street = b_street AND a_house_number = b_house_number THEN 7
        WHEN a_house_number = b_house_number AND jaro_winkler_similarity(a_street, b_street) >= CAST('0.85' AS DOUBLE) OR a_house_number = b_house_number AND ((length(a_street) >= 5 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 5 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 8
        WHEN a_street = b_street THEN 9
        WHEN jaro_winkler_similarity(a_street, b_street) >= CAST('0.9' AS DOUBLE) OR ((length(a_street) >= 6 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 6 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 10
        ELSE 11 END
      WHEN a_street IS NOT NULL AND b_street IS NOT NULL AND a_house_number IS NOT NULL AND b_house_number IS NOT NULL THEN CASE
        WHEN a_street = b_street AND a_house_number = b_house_number THEN 12
        WHEN a_house_number = b_house_number AND jaro_winkler_similarity(a_street, b_street) >= CAST('0.85' AS DOUBLE) OR a_house_number = b_house_number AND ((length(a_street) >= 5 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 5 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 13
        WHEN a_street = b_street THEN 14
        WHEN jaro_winkler_similarity(a_street, b_street) >= CAST('0.9' AS DOUBLE) OR ((length(a_street) >= 6 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 6 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 15
        WHEN a_house_number = b_house_number THEN 16
        ELSE 17 END
      WHEN a_street IS NOT NULL AND b_street IS NOT NULL THEN CASE
        WHEN a_street = b_street THEN 18
        WHEN jaro_winkler_similarity(a_street, b_street) >= CAST('0.9' AS DOUBLE) OR ((length(a_street) >= 6 AND length(a_street) < length(b_street) AND starts_with(b_street, a_street)) OR (length(b_street) >= 6 AND length(b_street) < length(a_street) AND starts_with(a_street, b_street))) THEN 19
        ELSE 20 END
      WHEN a_house_number IS NOT NULL AND b_house_number IS NOT NULL THEN CASE
        WHEN a_house_number = b_house_number THEN 21
        ELSE 22 END
      ELSE 0 END AS level_3,
    -- area
    CASE
      WHEN a_postal_code IS NOT NULL AND b_postal_code IS NOT NULL AND a_city IS NOT NULL AND b_city IS NOT NULL THEN CASE
        WHEN a_postal_code = b_postal_code AND a_city = b_city THEN 1
        WHEN a_postal_code = b_postal_code THEN 2
        WHEN a_city = b_city AND damerau_levenshtein(a_postal_code, b_postal_code) <= 1 THEN 3
        WHEN a_city = b_city THEN 4
        WHEN damerau_levenshtein(a_postal_code, b_postal_code) <= 1 AND jaro_winkler_similarity(a_city, b_city) >= CAST('0.85' AS DOUBLE) THEN 5
        WHEN jaro_winkler_similarity(a_city, b_city) >= CAST('0.88' AS DOUBLE) OR ((length(a_city) >= 4 AND length(a_city) < length(b_city) AND starts_with(b_city, a_city)) OR (length(b_city) >= 4 AND length(b_city) < length(a_city) AND starts_with(a_city, b_city))) THEN 6
        WHEN damerau_levenshtein(a_postal_code, b_postal_code) <= 1 OR (length(b_postal_code) >= 3 AND left(a_postal_code, 3) = left(b_postal_code, 3)) THEN 7
        WHEN a_region = b_region THEN 8
        ELSE 9 END
      WHEN a_postal_code IS NOT NULL AND b_postal_code IS NOT NULL THEN CASE
        WHEN a_postal_code = b_postal_code THEN 10
        WHEN damerau_levenshtein(a_postal_code, b_postal_code) <= 1 THEN 11
        WHEN (length(b_postal_code) >= 3 AND left(a_postal_code, 3) = left(b_postal_code, 3)) THEN 12
        WHEN a_region = b_region THEN 13
        ELSE 14 END
      WHEN a_city IS NOT NULL AND b_city IS NOT NULL THEN CASE
        WHEN a_city = b_city THEN 15
        WHEN jaro_winkler_similarity(a_city, b_city) >= CAST('0.88' AS DOUBLE) OR ((length(a_city) >= 4 AND length(a_city) < length(b_city) AND starts_with(b_city, a_city)) OR (length(b_city) >= 4 AND length(b_city) < length(a_city) AND starts_with(a_city, b_city))) THEN 16
        WHEN a_region = b_region THEN 17
        WHEN a_country = b_country THEN 18
        ELSE 19 END
      WHEN a_region IS NOT NULL AND b_region IS NOT NULL THEN CASE
        WHEN a_region = b_region THEN 20
        WHEN a_country = b_country THEN 21
        ELSE 22 END
      WHEN a_country IS NOT NULL AND b_country IS NOT NULL THEN CASE
        WHEN a_country = b_country THEN 23
        ELSE 24 END
      ELSE 0 END AS level_4,
    -- phone
    CASE
      WHEN a_phone IS NOT NULL AND b_phone IS NOT NULL THEN CASE
        WHEN a_phone = b_phone THEN 1
        WHEN list_has_any(list_transform(list_filter(CASE WHEN a_phone IS NOT NULL THEN [a_phone] END, lambda x: length(x) >= 8), lambda x: right(x, 8)), list_transform(list_filter(CASE WHEN b_phone IS NOT NULL THEN [b_phone] END, lambda x: length(x) >= 8), lambda x: right(x, 8))) THEN 2
        WHEN (length(b_phone) >= 6 AND left(a_phone, 6) = left(b_phone, 6)) THEN 3
        WHEN (length(b_phone) >= 3 AND left(a_phone, 3) = left(b_phone, 3)) THEN 4
        ELSE 5 END
      ELSE 0 END AS level_5,
    -- headcount
    CASE
      WHEN a_headcount_band IS NOT NULL AND b_headcount_band IS NOT NULL THEN CASE
        WHEN a_headcount_band = b_headcount_band THEN 1
        WHEN (list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], a_headcount_band) > 0 AND list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], b_headcount_band) > 0 AND abs(list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], a_headcount_band) - list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], b_headcount_band)) <= 1) THEN 2
        WHEN (list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], a_headcount_band) > 0 AND list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], b_headcount_band) > 0 AND abs(list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], a_headcount_band) - list_position(['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001-10000', '10001+'], b_headcount_band)) <= 2) THEN 3
        ELSE 4 END
      ELSE 0 END AS level_6,
    -- legal form
    CASE
      WHEN a_legal_form IS NOT NULL AND b_legal_form IS NOT NULL THEN CASE
        WHEN a_legal_form = b_legal_form THEN 1
        ELSE 2 END
      ELSE 0 END AS level_7,
    -- contacts
    CASE
      WHEN a_known_ids IS NOT NULL AND b_entity_id IS NOT NULL THEN CASE
        WHEN list_has_any(a_known_ids, CASE WHEN b_entity_id IS NOT NULL THEN [b_entity_id] END) THEN 1
        WHEN list_has_any(a_known_groups, CASE WHEN b_group_id IS NOT NULL THEN [b_group_id] END) THEN 2
        ELSE 3 END
      ELSE 0 END AS level_8,
    -- parent
    CASE
      WHEN a_known_parents IS NOT NULL AND b_entity_id IS NOT NULL THEN CASE
        WHEN list_has_any(a_known_parents, CASE WHEN b_parent_id IS NOT NULL THEN [b_parent_id] END) THEN 1
        WHEN list_has_any(a_known_parents, CASE WHEN b_entity_id IS NOT NULL THEN [b_entity_id] END) THEN 2
        WHEN list_has_any(a_known_parent_groups, CASE WHEN b_group_id IS NOT NULL THEN [b_group_id] END) THEN 3
        ELSE 4 END
      ELSE 0 END AS level_9
  FROM both_sides
),
rarity_0 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_0
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_name_key IS NOT NULL THEN [a_name_key] END, CASE WHEN b_name_key IS NOT NULL THEN [b_name_key] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'name_key' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_1 AS (
  SELECT s.a_id, s.b_id, CAST(sum(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_1
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_name_tokens, b_name_tokens)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'name_tokens' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_2 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_2
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_alias_keys, b_alias_keys)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'alias_keys' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_3 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_3
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_rare_token IS NOT NULL THEN [a_rare_token] END, CASE WHEN b_rare_token IS NOT NULL THEN [b_rare_token] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'rare_token' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_4 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_4
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_name_tokens, b_name_tokens)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'name_tokens' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_5 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_5
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_domains, b_domains)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'domains' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_6 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_6
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_email_domains, b_domains)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'domains' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_7 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_7
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_street IS NOT NULL THEN [a_street] END, CASE WHEN b_street IS NOT NULL THEN [b_street] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'street' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_8 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_8
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_house_number IS NOT NULL THEN [a_house_number] END, CASE WHEN b_house_number IS NOT NULL THEN [b_house_number] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'house_number' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_9 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_9
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_postal_code IS NOT NULL THEN [a_postal_code] END, CASE WHEN b_postal_code IS NOT NULL THEN [b_postal_code] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'postal_code' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_10 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_10
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_city IS NOT NULL THEN [a_city] END, CASE WHEN b_city IS NOT NULL THEN [b_city] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'city' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_11 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_11
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_region IS NOT NULL THEN [a_region] END, CASE WHEN b_region IS NOT NULL THEN [b_region] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'region' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_12 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_12
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_country IS NOT NULL THEN [a_country] END, CASE WHEN b_country IS NOT NULL THEN [b_country] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'country' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_13 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_13
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_phone IS NOT NULL THEN [a_phone] END, CASE WHEN b_phone IS NOT NULL THEN [b_phone] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'phone' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_14 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_14
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_legal_form IS NOT NULL THEN [a_legal_form] END, CASE WHEN b_legal_form IS NOT NULL THEN [b_legal_form] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'company' AND f.field = 'legal_form' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
weighed AS (
  SELECT a_id, b_id,
    level_1,
    CASE level_1 WHEN 1 THEN 15163 WHEN 2 THEN 11966 WHEN 3 THEN 12873 WHEN 4 THEN 13873 WHEN 5 THEN 12551 WHEN 6 THEN 11551 WHEN 7 THEN 11288 WHEN 8 THEN 9814 WHEN 9 THEN 9814 WHEN 10 THEN 7229 WHEN 11 THEN 7229 WHEN 12 THEN 6644 WHEN 13 THEN 6644 WHEN 14 THEN 5322 WHEN 15 THEN 3322 WHEN 16 THEN 3322 WHEN 17 THEN 1322 WHEN 18 THEN -4635 ELSE 0 END AS weight_1,
    CASE
      WHEN level_1 = 1 AND least(rarity_0, rarity_1) IS NOT NULL THEN greatest(-9000, least(6000, least(rarity_0, rarity_1) - 16025))
      WHEN level_1 = 2 AND least(rarity_0, rarity_1) IS NOT NULL THEN greatest(-9000, least(6000, least(rarity_0, rarity_1) - 19932))
      WHEN level_1 = 3 AND least(rarity_0, rarity_1) IS NOT NULL THEN greatest(-9000, least(6000, least(rarity_0, rarity_1) - 17932))
      WHEN level_1 = 5 AND rarity_2 IS NOT NULL THEN greatest(-9000, least(6000, rarity_2 - 16610))
      WHEN level_1 = 6 AND rarity_1 IS NOT NULL THEN greatest(-9000, least(6000, rarity_1 - 17610))
      WHEN level_1 = 9 AND rarity_1 IS NOT NULL THEN greatest(-9000, least(6000, rarity_1 - 14025))
      WHEN level_1 = 10 AND rarity_1 IS NOT NULL THEN greatest(-9000, least(6000, rarity_1 - 14610))
      WHEN level_1 = 13 AND rarity_3 IS NOT NULL THEN greatest(-9000, least(6000, rarity_3 - 11703))
      WHEN level_1 = 14 AND rarity_4 IS NOT NULL THEN greatest(-9000, least(6000, rarity_4 - 9966))
      WHEN level_1 = 15 AND rarity_1 IS NOT NULL THEN greatest(-9000, least(6000, rarity_1 - 8966))
      WHEN level_1 = 17 AND rarity_1 IS NOT NULL THEN greatest(-9000, least(6000, rarity_1 - 8966))
      ELSE 0 END AS frequency_1,
    level_2,
    CASE level_2 WHEN 1 THEN 15288 WHEN 2 THEN 10966 WHEN 3 THEN 10966 WHEN 4 THEN -3059 WHEN 5 THEN 15195 WHEN 6 THEN 10966 WHEN 7 THEN -2251 ELSE 0 END AS weight_2,
    CASE
      WHEN level_2 = 1 AND rarity_5 IS NOT NULL THEN greatest(-9000, least(6000, rarity_5 - 15610))
      WHEN level_2 = 2 AND rarity_6 IS NOT NULL THEN greatest(-9000, least(6000, rarity_6 - 15610))
      WHEN level_2 = 5 AND rarity_6 IS NOT NULL THEN greatest(-9000, least(6000, rarity_6 - 15610))
      ELSE 0 END AS frequency_2,
    level_3,
    CASE level_3 WHEN 1 THEN 11551 WHEN 2 THEN 8409 WHEN 3 THEN 3807 WHEN 4 THEN 3585 WHEN 5 THEN 1322 WHEN 6 THEN -3803 WHEN 7 THEN 15288 WHEN 8 THEN 11229 WHEN 9 THEN 4907 WHEN 10 THEN 3907 WHEN 11 THEN -1247 WHEN 12 THEN 15747 WHEN 13 THEN 11966 WHEN 14 THEN 6129 WHEN 15 THEN 5907 WHEN 16 THEN 1737 WHEN 17 THEN -3623 WHEN 18 THEN 9451 WHEN 19 THEN 6492 WHEN 20 THEN -3055 WHEN 21 THEN 6146 WHEN 22 THEN -2720 ELSE 0 END AS weight_3,
    CASE
      WHEN level_3 = 3 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 7644))
      WHEN level_3 = 5 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 6381))
      WHEN level_3 = 9 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 9966))
      WHEN level_3 = 14 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 9966))
      WHEN level_3 = 16 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 6381))
      WHEN level_3 = 18 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 9966))
      WHEN level_3 = 21 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 6381))
      ELSE 0 END AS frequency_3,
    level_4,
    CASE level_4 WHEN 1 THEN 8103 WHEN 2 THEN 6907 WHEN 3 THEN 5907 WHEN 4 THEN 3878 WHEN 5 THEN 3878 WHEN 6 THEN 2585 WHEN 7 THEN 585 WHEN 8 THEN -737 WHEN 9 THEN -4924 WHEN 10 THEN 8451 WHEN 11 THEN 4737 WHEN 12 THEN 2000 WHEN 13 THEN 222 WHEN 14 THEN -3708 WHEN 15 THEN 6285 WHEN 16 THEN 3544 WHEN 17 THEN 263 WHEN 18 THEN -2322 WHEN 19 THEN -4096 WHEN 20 THEN 3459 WHEN 21 THEN -2322 WHEN 22 THEN -3369 WHEN 23 THEN 1456 WHEN 24 THEN -4022 ELSE 0 END AS weight_4,
    CASE
      WHEN level_4 = 1 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 8966))
      WHEN level_4 = 2 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 9966))
      WHEN level_4 = 3 AND rarity_10 IS NOT NULL THEN greatest(-9000, least(6000, rarity_10 - 9966))
      WHEN level_4 = 4 AND rarity_10 IS NOT NULL THEN greatest(-9000, least(6000, rarity_10 - 6644))
      WHEN level_4 = 10 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 8966))
      WHEN level_4 = 15 AND rarity_10 IS NOT NULL THEN greatest(-9000, least(6000, rarity_10 - 6644))
      WHEN level_4 = 20 AND rarity_11 IS NOT NULL THEN greatest(-9000, least(6000, rarity_11 - 3644))
      WHEN level_4 = 23 AND rarity_12 IS NOT NULL THEN greatest(-9000, least(6000, rarity_12 - 1515))
      ELSE 0 END AS frequency_4,
    level_5,
    CASE level_5 WHEN 1 THEN 14988 WHEN 2 THEN 11288 WHEN 3 THEN 3000 WHEN 4 THEN -263 WHEN 5 THEN -2858 ELSE 0 END AS weight_5,
    CASE
      WHEN level_5 = 1 AND rarity_13 IS NOT NULL THEN greatest(-9000, least(6000, rarity_13 - 15610))
      ELSE 0 END AS frequency_5,
    level_6,
    CASE level_6 WHEN 1 THEN 1536 WHEN 2 THEN 52 WHEN 3 THEN -1322 WHEN 4 THEN -2459 ELSE 0 END AS weight_6,
    0 AS frequency_6,
    level_7,
    CASE level_7 WHEN 1 THEN 1553 WHEN 2 THEN -2544 ELSE 0 END AS weight_7,
    CASE
      WHEN level_7 = 1 AND rarity_14 IS NOT NULL THEN greatest(-9000, least(6000, rarity_14 - 1737))
      ELSE 0 END AS frequency_7,
    level_8,
    CASE level_8 WHEN 1 THEN 2500 WHEN 2 THEN 0 WHEN 3 THEN -2500 ELSE 0 END AS weight_8,
    0 AS frequency_8,
    level_9,
    CASE level_9 WHEN 1 THEN 3053 WHEN 2 THEN -1862 WHEN 3 THEN -1862 WHEN 4 THEN -3059 ELSE 0 END AS weight_9,
    0 AS frequency_9
  FROM leveled
  LEFT JOIN rarity_0 USING (a_id, b_id)
  LEFT JOIN rarity_1 USING (a_id, b_id)
  LEFT JOIN rarity_2 USING (a_id, b_id)
  LEFT JOIN rarity_3 USING (a_id, b_id)
  LEFT JOIN rarity_4 USING (a_id, b_id)
  LEFT JOIN rarity_5 USING (a_id, b_id)
  LEFT JOIN rarity_6 USING (a_id, b_id)
  LEFT JOIN rarity_7 USING (a_id, b_id)
  LEFT JOIN rarity_8 USING (a_id, b_id)
  LEFT JOIN rarity_9 USING (a_id, b_id)
  LEFT JOIN rarity_10 USING (a_id, b_id)
  LEFT JOIN rarity_11 USING (a_id, b_id)
  LEFT JOIN rarity_12 USING (a_id, b_id)
  LEFT JOIN rarity_13 USING (a_id, b_id)
  LEFT JOIN rarity_14 USING (a_id, b_id)
)
SELECT a_id, b_id,
  [level_1, level_2, level_3, level_4, level_5, level_6, level_7, level_8, level_9]::INTEGER[] AS levels,
  [weight_1, weight_2, weight_3, weight_4, weight_5, weight_6, weight_7, weight_8, weight_9]::INTEGER[] AS weights,
  [frequency_1, frequency_2, frequency_3, frequency_4, frequency_5, frequency_6, frequency_7, frequency_8, frequency_9]::INTEGER[] AS frequencies,
  (-4900 + weight_1 + weight_2 + weight_3 + weight_4 + weight_5 + weight_6 + weight_7 + weight_8 + weight_9 + frequency_1 + frequency_2 + frequency_3 + frequency_4 + frequency_5 + frequency_6 + frequency_7 + frequency_8 + frequency_9)::BIGINT AS weight
FROM weighed
