SELECT c.object, c.crm_id, c.rank, c.entity_id, r.position, r.part,
  CASE r.position WHEN 0 THEN 'prior' WHEN 1 THEN 'name' WHEN 2 THEN 'domain' WHEN 3 THEN 'address' WHEN 4 THEN 'area' WHEN 5 THEN 'phone' WHEN 6 THEN 'headcount' WHEN 7 THEN 'legal form' WHEN 8 THEN 'contacts' WHEN 9 THEN 'parent' END AS comparison,
  CASE r.part WHEN 'prior' THEN NULL ELSE c.levels[r.position] END::BIGINT AS level,
  CASE r.part WHEN 'prior' THEN 'before anything is compared' WHEN 'frequency' THEN 'how rare the value is' ELSE l.label END AS label,
  CASE r.part WHEN 'prior' THEN c.prior WHEN 'level' THEN c.weights[r.position] ELSE c.frequencies[r.position] END::BIGINT AS weight,
  CASE r.position
    WHEN 1 THEN nullif(concat_ws(', ', nullif(a."name_placed", '')), '')
    WHEN 2 THEN nullif(concat_ws(', ', nullif(array_to_string(a."domains", ', '), ''), nullif(array_to_string(a."email_domains", ', '), '')), '')
    WHEN 3 THEN nullif(concat_ws(', ', nullif(a."street", ''), nullif(a."house_number", '')), '')
    WHEN 4 THEN nullif(concat_ws(', ', nullif(a."postal_code", ''), nullif(a."city", ''), nullif(a."region", ''), nullif(a."country", '')), '')
    WHEN 5 THEN nullif(concat_ws(', ', nullif(a."phone", '')), '')
    WHEN 6 THEN nullif(concat_ws(', ', nullif(a."headcount_band", '')), '')
    WHEN 7 THEN nullif(concat_ws(', ', nullif(a."legal_form", '')), '')
    WHEN 8 THEN nullif(concat_ws(', ', nullif(array_to_string(k."known_ids", ', '), '')), '')
    WHEN 9 THEN nullif(concat_ws(', ', nullif(array_to_string(k."known_parents", ', '), ''), nullif(a."parent_id", '')), '') END AS crm_value,
  CASE r.position
    WHEN 1 THEN nullif(concat_ws(', ', nullif(b."name_placed", '')), '')
    WHEN 2 THEN nullif(concat_ws(', ', nullif(array_to_string(b."domains", ', '), '')), '')
    WHEN 3 THEN nullif(concat_ws(', ', nullif(b."street", ''), nullif(b."house_number", '')), '')
    WHEN 4 THEN nullif(concat_ws(', ', nullif(b."postal_code", ''), nullif(b."city", ''), nullif(b."region", ''), nullif(b."country", '')), '')
    WHEN 5 THEN nullif(concat_ws(', ', nullif(b."phone", '')), '')
    WHEN 6 THEN nullif(concat_ws(', ', nullif(b."headcount_band", '')), '')
    WHEN 7 THEN nullif(concat_ws(', ', nullif(b."legal_form", '')), '')
    WHEN 8 THEN NULL
    WHEN 9 THEN nullif(concat_ws(', ', nullif(b."parent_id", '')), '') END AS directory_value
FROM candidate c
JOIN crm_company a ON a.crm_id = c.crm_id
JOIN dir_company b ON b.entity_id = c.entity_id
LEFT JOIN known k ON k.object = c.object AND k.crm_id = c.crm_id
CROSS JOIN (
  SELECT 0::BIGINT AS position, 'prior' AS part
  UNION ALL SELECT range, 'level' FROM range(1, 10)
  UNION ALL SELECT range, 'frequency' FROM range(1, 10)
) r
LEFT JOIN model_level l ON l.kind = 'company' AND l.position = r.position AND l.level = c.levels[r.position]
WHERE c.object = 'Account' AND (r.part <> 'frequency' OR c.frequencies[r.position] <> 0)
UNION ALL
SELECT c.object, c.crm_id, c.rank, c.entity_id, r.position, r.part,
  CASE r.position WHEN 0 THEN 'prior' WHEN 1 THEN 'given' WHEN 2 THEN 'surname' WHEN 3 THEN 'middle' WHEN 4 THEN 'email' WHEN 5 THEN 'organisation' WHEN 6 THEN 'title' WHEN 7 THEN 'address' WHEN 8 THEN 'area' WHEN 9 THEN 'phone' END AS comparison,
  CASE r.part WHEN 'prior' THEN NULL ELSE c.levels[r.position] END::BIGINT AS level,
  CASE r.part WHEN 'prior' THEN 'before anything is compared' WHEN 'frequency' THEN 'how rare the value is' ELSE l.label END AS label,
  CASE r.part WHEN 'prior' THEN c.prior WHEN 'level' THEN c.weights[r.position] ELSE c.frequencies[r.position] END::BIGINT AS weight,
  CASE r.position
    WHEN 1 THEN nullif(concat_ws(', ', nullif(a."given", ''), nullif(a."middle", '')), '')
    WHEN 2 THEN nullif(concat_ws(', ', nullif(a."surname", '')), '')
    WHEN 3 THEN nullif(concat_ws(', ', nullif(a."middle", '')), '')
    WHEN 4 THEN nullif(concat_ws(', ', nullif(array_to_string(a."emails", ', '), '')), '')
    WHEN 5 THEN nullif(concat_ws(', ', nullif(array_to_string(k."known_ids", ', '), ''), nullif(array_to_string(a."company_ids", ', '), ''), nullif(array_to_string(a."company_keys", ', '), ''), nullif(array_to_string(a."email_domains", ', '), ''), nullif(array_to_string(a."company_domains", ', '), '')), '')
    WHEN 6 THEN nullif(concat_ws(', ', nullif(a."title", ''), nullif(array_to_string(a."past_titles", ', '), '')), '')
    WHEN 7 THEN nullif(concat_ws(', ', nullif(a."street", ''), nullif(a."house_number", '')), '')
    WHEN 8 THEN nullif(concat_ws(', ', nullif(a."postal_code", ''), nullif(a."city", ''), nullif(a."region", ''), nullif(a."country", '')), '')
    WHEN 9 THEN nullif(concat_ws(', ', nullif(array_to_string(a."phones", ', '), '')), '') END AS crm_value,
  CASE r.position
    WHEN 1 THEN nullif(concat_ws(', ', nullif(b."given", ''), nullif(b."middle", '')), '')
    WHEN 2 THEN nullif(concat_ws(', ', nullif(b."surname", '')), '')
    WHEN 3 THEN nullif(concat_ws(', ', nullif(b."middle", '')), '')
    WHEN 4 THEN nullif(concat_ws(', ', nullif(array_to_string(b."emails", ', '), '')), '')
    WHEN 5 THEN nullif(concat_ws(', ', nullif(array_to_string(b."company_ids", ', '), ''), nullif(array_to_string(b."company_keys", ', '), ''), nullif(array_to_string(b."email_domains", ', '), ''), nullif(array_to_string(b."company_domains", ', '), '')), '')
    WHEN 6 THEN nullif(concat_ws(', ', nullif(b."title", ''), nullif(array_to_string(b."past_titles", ', '), '')), '')
    WHEN 7 THEN nullif(concat_ws(', ', nullif(b."street", ''), nullif(b."house_number", '')), '')
    WHEN 8 THEN nullif(concat_ws(', ', nullif(b."postal_code", ''), nullif(b."city", ''), nullif(b."region", ''), nullif(b."country", '')), '')
    WHEN 9 THEN nullif(concat_ws(', ', nullif(array_to_string(b."phones", ', '), '')), '') END AS directory_value
FROM candidate c
JOIN crm_person a ON a.crm_id = c.crm_id
JOIN dir_member b ON b.entity_id = c.entity_id
LEFT JOIN known k ON k.object = c.object AND k.crm_id = c.crm_id
CROSS JOIN (
  SELECT 0::BIGINT AS position, 'prior' AS part
  UNION ALL SELECT range, 'level' FROM range(1, 10)
  UNION ALL SELECT range, 'frequency' FROM range(1, 10)
) r
LEFT JOIN model_level l ON l.kind = 'person' AND l.position = r.position AND l.level = c.levels[r.position]
WHERE c.object IN ('Contact', 'Lead') AND (r.part <> 'frequency' OR c.frequencies[r.position] <> 0)
