WITH
left_side AS (
  SELECT crm_id AS a_id,
    nullif(list_distinct(list_filter(emails, lambda x: x <> '')), []::VARCHAR[]) AS a_emails,
    nullif(given, '') AS a_given,
    nullif(list_distinct(list_filter(phones, lambda x: x <> '')), []::VARCHAR[]) AS a_phones,
    nullif(surname, '') AS a_surname,
    nullif(list_distinct(list_filter(given_roots, lambda x: x <> '')), []::VARCHAR[]) AS a_given_roots,
    nullif(city, '') AS a_city,
    nullif(name_sorted, '') AS a_name_sorted,
    nullif(list_distinct(list_filter(surname_parts, lambda x: x <> '')), []::VARCHAR[]) AS a_surname_parts,
    nullif(list_distinct(list_filter(known_ids, lambda x: x <> '')), []::VARCHAR[]) AS a_known_ids,
    nullif(list_distinct(list_filter(email_domains, lambda x: x <> '')), []::VARCHAR[]) AS a_email_domains,
    nullif(list_distinct(list_filter(company_keys, lambda x: x <> '')), []::VARCHAR[]) AS a_company_keys,
    nullif(company_token, '') AS a_company_token,
    nullif(list_distinct(list_filter(email_locals, lambda x: x <> '')), []::VARCHAR[]) AS a_email_locals,
    nullif(surname_skeleton, '') AS a_surname_skeleton,
    nullif(given_skeleton, '') AS a_given_skeleton,
    nullif(postal_code, '') AS a_postal_code,
    nullif(street, '') AS a_street,
    nullif(house_number, '') AS a_house_number,
    nullif(title, '') AS a_title,
    nullif(list_distinct(list_filter(name_words, lambda x: x <> '')), []::VARCHAR[]) AS a_name_words,
    nullif(middle, '') AS a_middle,
    nullif(list_distinct(list_filter(known_keys, lambda x: x <> '')), []::VARCHAR[]) AS a_known_keys,
    nullif(list_distinct(list_filter(known_groups, lambda x: x <> '')), []::VARCHAR[]) AS a_known_groups,
    nullif(title_kind, '') AS a_title_kind,
    nullif(title_function, '') AS a_title_function,
    nullif(title_rank, '') AS a_title_rank,
    nullif(region, '') AS a_region,
    nullif(country, '') AS a_country
  FROM a
),
right_side AS (
  SELECT entity_id AS b_id,
    nullif(list_distinct(list_filter(emails, lambda x: x <> '')), []::VARCHAR[]) AS b_emails,
    nullif(given, '') AS b_given,
    nullif(list_distinct(list_filter(phones, lambda x: x <> '')), []::VARCHAR[]) AS b_phones,
    nullif(surname, '') AS b_surname,
    nullif(list_distinct(list_filter(given_roots, lambda x: x <> '')), []::VARCHAR[]) AS b_given_roots,
    nullif(city, '') AS b_city,
    nullif(name_sorted, '') AS b_name_sorted,
    nullif(list_distinct(list_filter(surname_parts, lambda x: x <> '')), []::VARCHAR[]) AS b_surname_parts,
    nullif(list_distinct(list_filter(company_ids, lambda x: x <> '')), []::VARCHAR[]) AS b_company_ids,
    nullif(list_distinct(list_filter(past_company_ids, lambda x: x <> '')), []::VARCHAR[]) AS b_past_company_ids,
    nullif(list_distinct(list_filter(company_domains, lambda x: x <> '')), []::VARCHAR[]) AS b_company_domains,
    nullif(list_distinct(list_filter(company_keys, lambda x: x <> '')), []::VARCHAR[]) AS b_company_keys,
    nullif(list_distinct(list_filter(past_company_keys, lambda x: x <> '')), []::VARCHAR[]) AS b_past_company_keys,
    nullif(company_token, '') AS b_company_token,
    nullif(list_distinct(list_filter(email_locals, lambda x: x <> '')), []::VARCHAR[]) AS b_email_locals,
    nullif(surname_skeleton, '') AS b_surname_skeleton,
    nullif(given_skeleton, '') AS b_given_skeleton,
    nullif(postal_code, '') AS b_postal_code,
    nullif(street, '') AS b_street,
    nullif(house_number, '') AS b_house_number,
    nullif(title, '') AS b_title,
    nullif(list_distinct(list_filter(name_words, lambda x: x <> '')), []::VARCHAR[]) AS b_name_words,
    nullif(middle, '') AS b_middle,
    nullif(list_distinct(list_filter(group_ids, lambda x: x <> '')), []::VARCHAR[]) AS b_group_ids,
    nullif(list_distinct(list_filter(past_company_domains, lambda x: x <> '')), []::VARCHAR[]) AS b_past_company_domains,
    nullif(list_distinct(list_filter(past_titles, lambda x: x <> '')), []::VARCHAR[]) AS b_past_titles,
    nullif(list_distinct(list_filter(past_title_kinds, lambda x: x <> '')), []::VARCHAR[]) AS b_past_title_kinds,
    nullif(title_function, '') AS b_title_function,
    nullif(title_rank, '') AS b_title_rank,
    nullif(region, '') AS b_region,
    nullif(country, '') AS b_country
  FROM b
),
both_sides AS (SELECT * FROM pair JOIN left_side USING (a_id) JOIN right_side USING (b_id)),
leveled AS (
  SELECT *,
    -- given
    CASE
      WHEN a_given IS NOT NULL AND b_given IS NOT NULL THEN CASE
        WHEN (a_given = b_surname AND a_surname = b_given) OR a_name_sorted = b_name_sorted AND list_has_any(a_surname_parts, CASE WHEN b_given IS NOT NULL THEN [b_given] END) OR a_name_sorted = b_name_sorted AND list_has_any(CASE WHEN a_given IS NOT NULL THEN [a_given] END, b_surname_parts) OR a_given = b_surname AND list_has_any(CASE WHEN a_surname IS NOT NULL THEN [a_surname] END, b_given_roots) OR a_surname = b_given AND list_has_any(a_given_roots, CASE WHEN b_surname IS NOT NULL THEN [b_surname] END) THEN 1
        WHEN ((length(a_given) = 1 OR length(b_given) = 1) AND left(a_given, 1) = left(b_given, 1)) THEN 2
        WHEN a_given = b_given THEN 3
        WHEN list_has_any(a_given_roots, b_given_roots) THEN 4
        WHEN damerau_levenshtein(a_given, b_given) <= 1 OR jaro_winkler_similarity(a_given, b_given) >= CAST('0.92' AS DOUBLE) THEN 5
        WHEN ((length(a_given) >= 3 AND length(a_given) < length(b_given) AND starts_with(b_given, a_given)) OR (length(b_given) >= 3 AND length(b_given) < length(a_given) AND starts_with(a_given, b_given))) THEN 6
        WHEN a_given_skeleton = b_given_skeleton THEN 7
        WHEN list_has_any(CASE WHEN a_given IS NOT NULL THEN [a_given] END, b_name_words) AND a_surname = b_surname OR list_has_any(a_name_words, CASE WHEN b_given IS NOT NULL THEN [b_given] END) AND a_surname = b_surname THEN 8
        WHEN (len(a_name_words) > 0 AND len(b_name_words) > 0 AND CASE WHEN len(a_name_words) <= len(b_name_words) THEN 1000 * len(list_filter(a_name_words, lambda x: len(list_filter(b_name_words, lambda y: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) >= 1000 * len(a_name_words) ELSE 1000 * len(list_filter(b_name_words, lambda y: len(list_filter(a_name_words, lambda x: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) >= 1000 * len(b_name_words) END) AND list_has_any(CASE WHEN a_given IS NOT NULL THEN [a_given] END, b_name_words) AND list_has_any(a_surname_parts, b_name_words) OR (len(a_name_words) > 0 AND len(b_name_words) > 0 AND CASE WHEN len(a_name_words) <= len(b_name_words) THEN 1000 * len(list_filter(a_name_words, lambda x: len(list_filter(b_name_words, lambda y: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) >= 1000 * len(a_name_words) ELSE 1000 * len(list_filter(b_name_words, lambda y: len(list_filter(a_name_words, lambda x: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) >= 1000 * len(b_name_words) END) AND list_has_any(a_name_words, CASE WHEN b_given IS NOT NULL THEN [b_given] END) AND list_has_any(a_name_words, b_surname_parts) THEN 9
        WHEN list_has_any(CASE WHEN a_given IS NOT NULL THEN [a_given] END, b_name_words) OR list_has_any(a_name_words, CASE WHEN b_given IS NOT NULL THEN [b_given] END) THEN 10
        WHEN jaro_winkler_similarity(a_given, b_given) >= CAST('0.8' AS DOUBLE) THEN 11
        WHEN a_given = b_surname THEN 12
        WHEN (length(b_given) >= 1 AND left(a_given, 1) = left(b_given, 1)) THEN 13
        ELSE 14 END
      ELSE 0 END AS level_1,
    -- surname
    CASE
      WHEN a_surname IS NOT NULL AND b_surname IS NOT NULL THEN CASE
        WHEN (a_given = b_surname AND a_surname = b_given) OR a_name_sorted = b_name_sorted AND list_has_any(a_surname_parts, CASE WHEN b_given IS NOT NULL THEN [b_given] END) OR a_name_sorted = b_name_sorted AND list_has_any(CASE WHEN a_given IS NOT NULL THEN [a_given] END, b_surname_parts) OR a_given = b_surname AND list_has_any(CASE WHEN a_surname IS NOT NULL THEN [a_surname] END, b_given_roots) OR a_surname = b_given AND list_has_any(a_given_roots, CASE WHEN b_surname IS NOT NULL THEN [b_surname] END) THEN 1
        WHEN a_surname = b_surname THEN 2
        WHEN list_has_any(a_surname_parts, b_surname_parts) THEN 3
        WHEN damerau_levenshtein(a_surname, b_surname) <= 1 OR jaro_winkler_similarity(a_surname, b_surname) >= CAST('0.93' AS DOUBLE) THEN 4
        WHEN a_surname_skeleton = b_surname_skeleton THEN 5
        WHEN ((length(a_surname) >= 3 AND length(a_surname) < length(b_surname) AND starts_with(b_surname, a_surname)) OR (length(b_surname) >= 3 AND length(b_surname) < length(a_surname) AND starts_with(a_surname, b_surname))) THEN 6
        WHEN list_has_any(a_surname_parts, b_name_words) OR list_has_any(a_name_words, b_surname_parts) THEN 7
        WHEN coalesce(len(list_filter(a_surname_parts, lambda x: len(list_filter(b_surname_parts, lambda y: jaro_winkler_similarity(x, y) >= CAST('0.82' AS DOUBLE))) > 0)) > 0, false) THEN 8
        WHEN a_surname = b_given THEN 9
        ELSE 10 END
      ELSE 0 END AS level_2,
    -- middle
    CASE
      WHEN a_middle IS NOT NULL AND b_middle IS NOT NULL THEN CASE
        WHEN ((length(a_middle) = 1 OR length(b_middle) = 1) AND left(a_middle, 1) = left(b_middle, 1)) THEN 1
        WHEN a_middle = b_middle THEN 2
        WHEN (len(list_filter(string_split(a_middle, ' '), lambda w: w <> '')) > 0 AND len(list_filter(string_split(b_middle, ' '), lambda w: w <> '')) > 0 AND CASE WHEN len(list_filter(string_split(a_middle, ' '), lambda w: w <> '')) <= len(list_filter(string_split(b_middle, ' '), lambda w: w <> '')) THEN 1000 * len(list_filter(list_filter(string_split(a_middle, ' '), lambda w: w <> ''), lambda x: len(list_filter(list_filter(string_split(b_middle, ' '), lambda w: w <> ''), lambda y: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) >= 1000 * len(list_filter(string_split(a_middle, ' '), lambda w: w <> '')) ELSE 1000 * len(list_filter(list_filter(string_split(b_middle, ' '), lambda w: w <> ''), lambda y: len(list_filter(list_filter(string_split(a_middle, ' '), lambda w: w <> ''), lambda x: x = y OR (length(x) >= 4 AND length(y) >= 4 AND jaro_winkler_similarity(x, y) >= CAST('0.9' AS DOUBLE)))) > 0)) >= 1000 * len(list_filter(string_split(b_middle, ' '), lambda w: w <> '')) END) THEN 3
        ELSE 4 END
      ELSE 0 END AS level_3,
    -- email
    CASE
      WHEN a_emails IS NOT NULL AND b_emails IS NOT NULL THEN CASE
        WHEN list_has_any(a_emails, b_emails) THEN 1
        WHEN list_has_any(a_email_locals, b_email_locals) AND a_surname = b_surname OR list_has_any(a_email_locals, b_email_locals) AND list_has_any(a_surname_parts, b_surname_parts) THEN 2
        WHEN list_has_any(a_email_locals, b_email_locals) THEN 3
        ELSE 4 END
      ELSE 0 END AS level_4,
    -- organisation
    CASE
      WHEN a_known_ids IS NOT NULL AND b_company_ids IS NOT NULL AND a_email_domains IS NOT NULL AND b_company_domains IS NOT NULL THEN CASE
        WHEN list_has_any(a_known_ids, b_company_ids) AND list_has_any(a_email_domains, b_company_domains) THEN 1
        WHEN list_has_any(a_known_ids, b_company_ids) THEN 2
        WHEN list_has_any(a_email_domains, b_company_domains) THEN 3
        WHEN list_has_any(a_company_keys, b_company_keys) OR list_has_any(a_known_keys, b_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 4
        WHEN list_has_any(a_known_groups, b_group_ids) THEN 5
        WHEN list_has_any(a_known_ids, b_past_company_ids) OR list_has_any(a_email_domains, b_past_company_domains) OR list_has_any(a_company_keys, b_past_company_keys) OR list_has_any(a_known_keys, b_past_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_past_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 6
        WHEN a_company_token = b_company_token THEN 7
        ELSE 8 END
      WHEN a_known_ids IS NOT NULL AND b_company_ids IS NOT NULL OR a_known_ids IS NOT NULL AND b_past_company_ids IS NOT NULL THEN CASE
        WHEN list_has_any(a_known_ids, b_company_ids) THEN 9
        WHEN list_has_any(a_company_keys, b_company_keys) OR list_has_any(a_known_keys, b_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 10
        WHEN list_has_any(a_email_domains, b_company_domains) THEN 11
        WHEN list_has_any(a_known_groups, b_group_ids) THEN 12
        WHEN list_has_any(a_known_ids, b_past_company_ids) OR list_has_any(a_email_domains, b_past_company_domains) OR list_has_any(a_company_keys, b_past_company_keys) OR list_has_any(a_known_keys, b_past_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_past_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 13
        WHEN a_company_token = b_company_token THEN 14
        ELSE 15 END
      WHEN a_email_domains IS NOT NULL AND b_company_domains IS NOT NULL AND a_company_keys IS NOT NULL AND b_company_keys IS NOT NULL THEN CASE
        WHEN list_has_any(a_email_domains, b_company_domains) AND list_has_any(a_company_keys, b_company_keys) THEN 16
        WHEN list_has_any(a_email_domains, b_company_domains) THEN 17
        WHEN list_has_any(a_company_keys, b_company_keys) OR list_has_any(a_known_keys, b_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 18
        WHEN list_has_any(a_email_domains, b_past_company_domains) OR list_has_any(a_company_keys, b_past_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_past_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 19
        WHEN a_company_token = b_company_token THEN 20
        ELSE 21 END
      WHEN a_company_keys IS NOT NULL AND b_company_keys IS NOT NULL OR a_company_keys IS NOT NULL AND b_past_company_keys IS NOT NULL THEN CASE
        WHEN list_has_any(a_company_keys, b_company_keys) OR list_has_any(a_known_keys, b_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 22
        WHEN list_has_any(a_company_keys, b_past_company_keys) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_past_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 23
        WHEN a_company_token = b_company_token THEN 24
        ELSE 25 END
      WHEN a_email_domains IS NOT NULL AND b_company_domains IS NOT NULL OR a_email_domains IS NOT NULL AND b_past_company_domains IS NOT NULL THEN CASE
        WHEN list_has_any(a_email_domains, b_company_domains) THEN 26
        WHEN list_has_any(a_email_domains, b_past_company_domains) OR list_has_any(list_filter(list_transform(a_email_domains, lambda x: replace(split_part(x, '.', 1), '-', '')), lambda x: length(x) >= 5), list_filter(list_transform(b_past_company_keys, lambda x: replace(x, ' ', '')), lambda x: length(x) >= 5)) THEN 27
        ELSE 28 END
      ELSE 0 END AS level_5,
    -- title
    CASE
      WHEN a_title IS NOT NULL AND b_past_titles IS NOT NULL AND list_has_any(a_known_ids, b_past_company_ids) OR a_title IS NOT NULL AND b_past_titles IS NOT NULL AND list_has_any(a_email_domains, b_past_company_domains) OR a_title IS NOT NULL AND b_past_titles IS NOT NULL AND list_has_any(a_company_keys, b_past_company_keys) OR a_title IS NOT NULL AND b_past_titles IS NOT NULL AND list_has_any(a_known_keys, b_past_company_keys) THEN CASE
        WHEN list_has_any(CASE WHEN a_title IS NOT NULL THEN [a_title] END, b_past_titles) THEN 1
        WHEN list_has_any(CASE WHEN a_title_kind IS NOT NULL THEN [a_title_kind] END, b_past_title_kinds) THEN 2
        WHEN a_title = b_title THEN 3
        WHEN a_title_function = b_title_function THEN 4
        ELSE 5 END
      WHEN a_title IS NOT NULL AND b_title IS NOT NULL THEN CASE
        WHEN a_title = b_title THEN 6
        WHEN a_title_function = b_title_function AND a_title_rank = b_title_rank THEN 7
        WHEN jaro_winkler_similarity(a_title, b_title) >= CAST('0.88' AS DOUBLE) THEN 8
        WHEN list_has_any(CASE WHEN a_title IS NOT NULL THEN [a_title] END, b_past_titles) THEN 9
        WHEN a_title_function = b_title_function THEN 10
        WHEN a_title_rank = b_title_rank THEN 11
        ELSE 12 END
      WHEN a_title IS NOT NULL AND b_past_titles IS NOT NULL THEN CASE
        WHEN list_has_any(CASE WHEN a_title IS NOT NULL THEN [a_title] END, b_past_titles) THEN 13
        ELSE 14 END
      ELSE 0 END AS level_6,
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
      ELSE 0 END AS level_7,
    -- area
    CASE
      WHEN a_city IS NOT NULL AND b_city IS NOT NULL AND list_has_any(a_known_ids, b_company_ids) OR a_city IS NOT NULL AND b_city IS NOT NULL AND list_has_any(a_email_domains, b_company_domains) OR a_city IS NOT NULL AND b_city IS NOT NULL AND list_has_any(a_company_keys, b_company_keys) THEN CASE
        WHEN a_postal_code = b_postal_code AND a_city = b_city THEN 1
        WHEN a_city = b_city THEN 2
        WHEN jaro_winkler_similarity(a_city, b_city) >= CAST('0.88' AS DOUBLE) OR ((length(a_city) >= 4 AND length(a_city) < length(b_city) AND starts_with(b_city, a_city)) OR (length(b_city) >= 4 AND length(b_city) < length(a_city) AND starts_with(a_city, b_city))) THEN 3
        WHEN a_region = b_region THEN 4
        WHEN a_country = b_country THEN 5
        ELSE 6 END
      WHEN a_postal_code IS NOT NULL AND b_postal_code IS NOT NULL AND a_city IS NOT NULL AND b_city IS NOT NULL THEN CASE
        WHEN a_postal_code = b_postal_code AND a_city = b_city THEN 7
        WHEN a_postal_code = b_postal_code THEN 8
        WHEN a_city = b_city AND damerau_levenshtein(a_postal_code, b_postal_code) <= 1 THEN 9
        WHEN a_city = b_city THEN 10
        WHEN damerau_levenshtein(a_postal_code, b_postal_code) <= 1 AND jaro_winkler_similarity(a_city, b_city) >= CAST('0.85' AS DOUBLE) THEN 11
        WHEN jaro_winkler_similarity(a_city, b_city) >= CAST('0.88' AS DOUBLE) OR ((length(a_city) >= 4 AND length(a_city) < length(b_city) AND starts_with(b_city, a_city)) OR (length(b_city) >= 4 AND length(b_city) < length(a_city) AND starts_with(a_city, b_city))) THEN 12
        WHEN damerau_levenshtein(a_postal_code, b_postal_code) <= 1 OR (length(b_postal_code) >= 3 AND left(a_postal_code, 3) = left(b_postal_code, 3)) THEN 13
        WHEN a_region = b_region THEN 14
        ELSE 15 END
      WHEN a_postal_code IS NOT NULL AND b_postal_code IS NOT NULL THEN CASE
        WHEN a_postal_code = b_postal_code THEN 16
        WHEN damerau_levenshtein(a_postal_code, b_postal_code) <= 1 THEN 17
        WHEN (length(b_postal_code) >= 3 AND left(a_postal_code, 3) = left(b_postal_code, 3)) THEN 18
        WHEN a_region = b_region THEN 19
        ELSE 20 END
      WHEN a_city IS NOT NULL AND b_city IS NOT NULL THEN CASE
        WHEN a_city = b_city THEN 21
        WHEN jaro_winkler_similarity(a_city, b_city) >= CAST('0.88' AS DOUBLE) OR ((length(a_city) >= 4 AND length(a_city) < length(b_city) AND starts_with(b_city, a_city)) OR (length(b_city) >= 4 AND length(b_city) < length(a_city) AND starts_with(a_city, b_city))) THEN 22
        WHEN a_region = b_region THEN 23
        WHEN a_country = b_country THEN 24
        ELSE 25 END
      WHEN a_region IS NOT NULL AND b_region IS NOT NULL THEN CASE
        WHEN a_region = b_region THEN 26
        WHEN a_country = b_country THEN 27
        ELSE 28 END
      WHEN a_country IS NOT NULL AND b_country IS NOT NULL THEN CASE
        WHEN a_country = b_country THEN 29
        ELSE 30 END
      ELSE 0 END AS level_8,
    -- phone
    CASE
      WHEN a_phones IS NOT NULL AND b_phones IS NOT NULL THEN CASE
        WHEN list_has_any(a_phones, b_phones) THEN 1
        WHEN list_has_any(list_transform(list_filter(a_phones, lambda x: length(x) >= 8), lambda x: right(x, 8)), list_transform(list_filter(b_phones, lambda x: length(x) >= 8), lambda x: right(x, 8))) THEN 2
        ELSE 3 END
      ELSE 0 END AS level_9
  FROM both_sides
),
rarity_0 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_0
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_given IS NOT NULL THEN [a_given] END, CASE WHEN b_given IS NOT NULL THEN [b_given] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'given' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_1 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_1
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_given IS NOT NULL THEN [a_given] END, CASE WHEN b_surname IS NOT NULL THEN [b_surname] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'surname' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_2 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_2
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_surname IS NOT NULL THEN [a_surname] END, CASE WHEN b_surname IS NOT NULL THEN [b_surname] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'surname' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_3 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_3
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_surname_parts, b_surname_parts)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'surname_parts' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_4 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_4
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_surname IS NOT NULL THEN [a_surname] END, CASE WHEN b_given IS NOT NULL THEN [b_given] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'given' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_5 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_5
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_middle IS NOT NULL THEN [a_middle] END, CASE WHEN b_middle IS NOT NULL THEN [b_middle] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'middle' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_6 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_6
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_email_locals, b_email_locals)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'email_locals' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_7 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_7
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_known_ids, b_company_ids)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'company_ids' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_8 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_8
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_email_domains, b_company_domains)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'company_domains' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_9 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_9
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_company_keys, b_company_keys)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'company_keys' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_10 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_10
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_known_groups, b_group_ids)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'group_ids' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_11 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_11
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_company_token IS NOT NULL THEN [a_company_token] END, CASE WHEN b_company_token IS NOT NULL THEN [b_company_token] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'company_token' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_12 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_12
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_company_keys, b_past_company_keys)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'past_company_keys' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_13 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_13
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_email_domains, b_past_company_domains)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'past_company_domains' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_14 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_14
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_title IS NOT NULL THEN [a_title] END, b_past_titles)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'past_titles' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_15 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_15
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_title IS NOT NULL THEN [a_title] END, CASE WHEN b_title IS NOT NULL THEN [b_title] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'title' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_16 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_16
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_street IS NOT NULL THEN [a_street] END, CASE WHEN b_street IS NOT NULL THEN [b_street] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'street' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_17 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_17
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_house_number IS NOT NULL THEN [a_house_number] END, CASE WHEN b_house_number IS NOT NULL THEN [b_house_number] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'house_number' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_18 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_18
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_postal_code IS NOT NULL THEN [a_postal_code] END, CASE WHEN b_postal_code IS NOT NULL THEN [b_postal_code] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'postal_code' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_19 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_19
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_city IS NOT NULL THEN [a_city] END, CASE WHEN b_city IS NOT NULL THEN [b_city] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'city' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_20 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_20
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_region IS NOT NULL THEN [a_region] END, CASE WHEN b_region IS NOT NULL THEN [b_region] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'region' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_21 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_21
  FROM (SELECT a_id, b_id, unnest(list_intersect(CASE WHEN a_country IS NOT NULL THEN [a_country] END, CASE WHEN b_country IS NOT NULL THEN [b_country] END)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'country' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
rarity_22 AS (
  SELECT s.a_id, s.b_id, CAST(max(CAST(round_even(1000 * log2(CAST(100 AS DOUBLE) / (CAST(coalesce(f.records, 1) AS DOUBLE) - CAST('0.75' AS DOUBLE))), 0) AS INTEGER)) AS INTEGER) AS rarity_22
  FROM (SELECT a_id, b_id, unnest(list_intersect(a_phones, b_phones)) AS value FROM leveled) s
  LEFT JOIN term_frequency f ON f.kind = 'member' AND f.field = 'phones' AND f.value = s.value
  GROUP BY s.a_id, s.b_id
),
weighed AS (
  SELECT a_id, b_id,
    level_1,
    CASE level_1 WHEN 1 THEN 13288 WHEN 2 THEN 3322 WHEN 3 THEN 7254 WHEN 4 THEN 4059 WHEN 5 THEN 3644 WHEN 6 THEN 2322 WHEN 7 THEN 2108 WHEN 8 THEN 2108 WHEN 9 THEN 10966 WHEN 10 THEN 2108 WHEN 11 THEN -1000 WHEN 12 THEN 3000 WHEN 13 THEN -2322 WHEN 14 THEN -5485 ELSE 0 END AS weight_1,
    CASE
      WHEN level_1 = 3 AND rarity_0 IS NOT NULL THEN greatest(-9000, least(6000, rarity_0 - 7644))
      WHEN level_1 = 12 AND rarity_1 IS NOT NULL THEN greatest(-9000, least(6000, rarity_1 - 10966))
      ELSE 0 END AS frequency_1,
    level_2,
    CASE level_2 WHEN 1 THEN 0 WHEN 2 THEN 9716 WHEN 3 THEN 5905 WHEN 4 THEN 5057 WHEN 5 THEN 2651 WHEN 6 THEN 2651 WHEN 7 THEN 2651 WHEN 8 THEN 999 WHEN 9 THEN 2999 WHEN 10 THEN -4625 ELSE 0 END AS weight_2,
    CASE
      WHEN level_2 = 2 AND rarity_2 IS NOT NULL THEN greatest(-9000, least(6000, rarity_2 - 9964))
      WHEN level_2 = 3 AND rarity_3 IS NOT NULL THEN greatest(-9000, least(6000, rarity_3 - 10964))
      WHEN level_2 = 9 AND rarity_4 IS NOT NULL THEN greatest(-9000, least(6000, rarity_4 - 10964))
      ELSE 0 END AS frequency_2,
    level_3,
    CASE level_3 WHEN 1 THEN 2322 WHEN 2 THEN 5783 WHEN 3 THEN 3878 WHEN 4 THEN -8524 ELSE 0 END AS weight_3,
    CASE
      WHEN level_3 = 2 AND rarity_5 IS NOT NULL THEN greatest(-9000, least(6000, rarity_5 - 6644))
      ELSE 0 END AS frequency_3,
    level_4,
    CASE level_4 WHEN 1 THEN 19932 WHEN 2 THEN 1000 WHEN 3 THEN 9966 WHEN 4 THEN -1322 ELSE 0 END AS weight_4,
    CASE
      WHEN level_4 = 3 AND rarity_6 IS NOT NULL THEN greatest(-9000, least(6000, rarity_6 - 15610))
      ELSE 0 END AS frequency_4,
    level_5,
    CASE level_5 WHEN 1 THEN 11013 WHEN 2 THEN 8059 WHEN 3 THEN 7644 WHEN 4 THEN 6381 WHEN 5 THEN 6381 WHEN 6 THEN 6381 WHEN 7 THEN 4322 WHEN 8 THEN -3639 WHEN 9 THEN 10409 WHEN 10 THEN 6644 WHEN 11 THEN 6644 WHEN 12 THEN 6644 WHEN 13 THEN 6644 WHEN 14 THEN 4322 WHEN 15 THEN -3055 WHEN 16 THEN 10551 WHEN 17 THEN 9381 WHEN 18 THEN 7866 WHEN 19 THEN 6644 WHEN 20 THEN 5322 WHEN 21 THEN -2832 WHEN 22 THEN 10103 WHEN 23 THEN 6907 WHEN 24 THEN 6644 WHEN 25 THEN -2117 WHEN 26 THEN 10344 WHEN 27 THEN 6907 WHEN 28 THEN -2118 ELSE 0 END AS weight_5,
    CASE
      WHEN level_5 = 1 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 11703))
      WHEN level_5 = 2 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 11703))
      WHEN level_5 = 3 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 11703))
      WHEN level_5 = 4 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 11703))
      WHEN level_5 = 5 AND rarity_10 IS NOT NULL THEN greatest(-9000, least(6000, rarity_10 - 10966))
      WHEN level_5 = 7 AND rarity_11 IS NOT NULL THEN greatest(-9000, least(6000, rarity_11 - 10966))
      WHEN level_5 = 9 AND rarity_7 IS NOT NULL THEN greatest(-9000, least(6000, rarity_7 - 10966))
      WHEN level_5 = 10 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 11703))
      WHEN level_5 = 11 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 13288))
      WHEN level_5 = 12 AND rarity_10 IS NOT NULL THEN greatest(-9000, least(6000, rarity_10 - 10966))
      WHEN level_5 = 14 AND rarity_11 IS NOT NULL THEN greatest(-9000, least(6000, rarity_11 - 10966))
      WHEN level_5 = 16 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 11703))
      WHEN level_5 = 17 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 11703))
      WHEN level_5 = 18 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 11703))
      WHEN level_5 = 20 AND rarity_11 IS NOT NULL THEN greatest(-9000, least(6000, rarity_11 - 9966))
      WHEN level_5 = 22 AND rarity_9 IS NOT NULL THEN greatest(-9000, least(6000, rarity_9 - 10966))
      WHEN level_5 = 23 AND rarity_12 IS NOT NULL THEN greatest(-9000, least(6000, rarity_12 - 9966))
      WHEN level_5 = 24 AND rarity_11 IS NOT NULL THEN greatest(-9000, least(6000, rarity_11 - 9966))
      WHEN level_5 = 26 AND rarity_8 IS NOT NULL THEN greatest(-9000, least(6000, rarity_8 - 10966))
      WHEN level_5 = 27 AND rarity_13 IS NOT NULL THEN greatest(-9000, least(6000, rarity_13 - 9966))
      ELSE 0 END AS frequency_5,
    level_6,
    CASE level_6 WHEN 1 THEN 5059 WHEN 2 THEN 2737 WHEN 3 THEN 2644 WHEN 4 THEN 0 WHEN 5 THEN -1652 WHEN 6 THEN 5814 WHEN 7 THEN 3392 WHEN 8 THEN 3392 WHEN 9 THEN 2322 WHEN 10 THEN 415 WHEN 11 THEN -737 WHEN 12 THEN -2419 WHEN 13 THEN 4644 WHEN 14 THEN -971 ELSE 0 END AS weight_6,
    CASE
      WHEN level_6 = 1 AND rarity_14 IS NOT NULL THEN greatest(-9000, least(6000, rarity_14 - 6381))
      WHEN level_6 = 3 AND rarity_15 IS NOT NULL THEN greatest(-9000, least(6000, rarity_15 - 6966))
      WHEN level_6 = 6 AND rarity_15 IS NOT NULL THEN greatest(-9000, least(6000, rarity_15 - 6966))
      WHEN level_6 = 9 AND rarity_14 IS NOT NULL THEN greatest(-9000, least(6000, rarity_14 - 6644))
      WHEN level_6 = 13 AND rarity_14 IS NOT NULL THEN greatest(-9000, least(6000, rarity_14 - 5644))
      ELSE 0 END AS frequency_6,
    level_7,
    CASE level_7 WHEN 1 THEN 11551 WHEN 2 THEN 8409 WHEN 3 THEN 3807 WHEN 4 THEN 3585 WHEN 5 THEN 1322 WHEN 6 THEN -3803 WHEN 7 THEN 15288 WHEN 8 THEN 11229 WHEN 9 THEN 4907 WHEN 10 THEN 3907 WHEN 11 THEN -1247 WHEN 12 THEN 15747 WHEN 13 THEN 11966 WHEN 14 THEN 6129 WHEN 15 THEN 5907 WHEN 16 THEN 1737 WHEN 17 THEN -3623 WHEN 18 THEN 9451 WHEN 19 THEN 6492 WHEN 20 THEN -3055 WHEN 21 THEN 6146 WHEN 22 THEN -2720 ELSE 0 END AS weight_7,
    CASE
      WHEN level_7 = 3 AND rarity_16 IS NOT NULL THEN greatest(-9000, least(6000, rarity_16 - 7644))
      WHEN level_7 = 5 AND rarity_17 IS NOT NULL THEN greatest(-9000, least(6000, rarity_17 - 6381))
      WHEN level_7 = 9 AND rarity_16 IS NOT NULL THEN greatest(-9000, least(6000, rarity_16 - 9966))
      WHEN level_7 = 14 AND rarity_16 IS NOT NULL THEN greatest(-9000, least(6000, rarity_16 - 9966))
      WHEN level_7 = 16 AND rarity_17 IS NOT NULL THEN greatest(-9000, least(6000, rarity_17 - 6381))
      WHEN level_7 = 18 AND rarity_16 IS NOT NULL THEN greatest(-9000, least(6000, rarity_16 - 9966))
      WHEN level_7 = 21 AND rarity_17 IS NOT NULL THEN greatest(-9000, least(6000, rarity_17 - 6381))
      ELSE 0 END AS frequency_7,
    level_8,
    CASE level_8 WHEN 1 THEN 1000 WHEN 2 THEN 528 WHEN 3 THEN 528 WHEN 4 THEN -1000 WHEN 5 THEN -1807 WHEN 6 THEN -2000 WHEN 7 THEN 8103 WHEN 8 THEN 6907 WHEN 9 THEN 5907 WHEN 10 THEN 3878 WHEN 11 THEN 3878 WHEN 12 THEN 2585 WHEN 13 THEN 585 WHEN 14 THEN -737 WHEN 15 THEN -4924 WHEN 16 THEN 8451 WHEN 17 THEN 4737 WHEN 18 THEN 2000 WHEN 19 THEN 222 WHEN 20 THEN -3708 WHEN 21 THEN 6285 WHEN 22 THEN 3544 WHEN 23 THEN 263 WHEN 24 THEN -2322 WHEN 25 THEN -4096 WHEN 26 THEN 3459 WHEN 27 THEN -2322 WHEN 28 THEN -3369 WHEN 29 THEN 1456 WHEN 30 THEN -4022 ELSE 0 END AS weight_8,
    CASE
      WHEN level_8 = 7 AND rarity_18 IS NOT NULL THEN greatest(-9000, least(6000, rarity_18 - 8966))
      WHEN level_8 = 8 AND rarity_18 IS NOT NULL THEN greatest(-9000, least(6000, rarity_18 - 9966))
      WHEN level_8 = 9 AND rarity_19 IS NOT NULL THEN greatest(-9000, least(6000, rarity_19 - 9966))
      WHEN level_8 = 10 AND rarity_19 IS NOT NULL THEN greatest(-9000, least(6000, rarity_19 - 6644))
      WHEN level_8 = 16 AND rarity_18 IS NOT NULL THEN greatest(-9000, least(6000, rarity_18 - 8966))
      WHEN level_8 = 21 AND rarity_19 IS NOT NULL THEN greatest(-9000, least(6000, rarity_19 - 6644))
      WHEN level_8 = 26 AND rarity_20 IS NOT NULL THEN greatest(-9000, least(6000, rarity_20 - 3644))
      WHEN level_8 = 29 AND rarity_21 IS NOT NULL THEN greatest(-9000, least(6000, rarity_21 - 1515))
      ELSE 0 END AS frequency_8,
    level_9,
    CASE level_9 WHEN 1 THEN 14610 WHEN 2 THEN 11288 WHEN 3 THEN -1152 ELSE 0 END AS weight_9,
    CASE
      WHEN level_9 = 1 AND rarity_22 IS NOT NULL THEN greatest(-9000, least(6000, rarity_22 - 15610))
      ELSE 0 END AS frequency_9
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
  LEFT JOIN rarity_15 USING (a_id, b_id)
  LEFT JOIN rarity_16 USING (a_id, b_id)
  LEFT JOIN rarity_17 USING (a_id, b_id)
  LEFT JOIN rarity_18 USING (a_id, b_id)
  LEFT JOIN rarity_19 USING (a_id, b_id)
  LEFT JOIN rarity_20 USING (a_id, b_id)
  LEFT JOIN rarity_21 USING (a_id, b_id)
  LEFT JOIN rarity_22 USING (a_id, b_id)
)
SELECT a_id, b_id,
  [level_1, level_2, level_3, level_4, level_5, level_6, level_7, level_8, level_9]::INTEGER[] AS levels,
  [weight_1, weight_2, weight_3, weight_4, weight_5, weight_6, weight_7, weight_8, weight_9]::INTEGER[] AS weights,
  [frequency_1, frequency_2, frequency_3, frequency_4, frequency_5, frequency_6, frequency_7, frequency_8, frequency_9]::INTEGER[] AS frequencies,
  (-4719 + weight_1 + weight_2 + weight_3 + weight_4 + weight_5 + weight_6 + weight_7 + weight_8 + weight_9 + frequency_1 + frequency_2 + frequency_3 + frequency_4 + frequency_5 + frequency_6 + frequency_7 + frequency_8 + frequency_9)::BIGINT AS weight
FROM weighed
