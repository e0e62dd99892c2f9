-- Why each live record without entity has none: the first of these that applies. What a person said comes first, then
-- a name that cannot be used, then candidates that cannot be told apart, then a field that could identify the record and
-- holds something unusable, then what is not there at all.
-- in: standing, proposal, raw_account, raw_contact, raw_lead, crm_company, crm_person, known, dir_company
-- out: reason
WITH open AS (
    SELECT s.object, s.crm_id, coalesce(p.decided, false) AS decided, p.reason
    FROM standing s
    LEFT JOIN proposal p ON p.object = s.object AND p.crm_id = s.crm_id
    WHERE s.standing = 'live' AND p.entity_id IS NULL
),
-- Accounts whose contacts write, but from nowhere that names a company.
anonymous AS (
    SELECT account_id
    FROM crm_person
    WHERE live AND object = 'Contact' AND account_id IS NOT NULL AND emails IS NOT NULL
    GROUP BY account_id
    HAVING count(email_domains) = 0
),
company AS (
    SELECT o.object, o.crm_id,
        CASE WHEN c.name_key IS NULL THEN 'Name' END AS no_name,
        CASE WHEN coalesce(trim(r.Website), '') <> '' AND c.domains IS NULL THEN 'Website' END AS bad_field,
        c.domains IS NULL AND c.email_domains IS NULL AND a.account_id IS NOT NULL AS is_free_mail,
        false AS is_unknown
    FROM open o
    JOIN raw_account r ON r.Id = o.crm_id
    JOIN crm_company c ON c.crm_id = o.crm_id
    LEFT JOIN anonymous a ON a.account_id = o.crm_id
    WHERE o.object = 'Account'
),
written AS (
    SELECT 'Contact' AS object, Id AS crm_id, FirstName, Email, NULL::VARCHAR AS Company, NULL::VARCHAR AS Website FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, FirstName, Email, Company, Website FROM raw_lead
),
human AS (
    SELECT o.object, o.crm_id, w.FirstName, w.Email, w.Company, w.Website, p.given, p.surname, p.emails, p.email_domains,
        p.account_id, p.company_keys, p.company_domains, k.known_ids
    FROM open o
    JOIN written w ON w.object = o.object AND w.crm_id = o.crm_id
    JOIN crm_person p ON p.object = o.object AND p.crm_id = o.crm_id
    LEFT JOIN known k ON k.object = o.object AND k.crm_id = o.crm_id
    WHERE o.object <> 'Account'
),
-- People whose company the directory has, under one of its names or domains.
found AS (
    SELECT object, crm_id
    FROM (SELECT object, crm_id, unnest(company_keys) AS company_key FROM human WHERE known_ids IS NULL)
    SEMI JOIN (SELECT unnest(alias_keys) AS company_key FROM dir_company) USING (company_key)
    UNION
    SELECT object, crm_id
    FROM (SELECT object, crm_id, unnest(list_concat(company_domains, email_domains)) AS domain FROM human WHERE known_ids IS NULL)
    SEMI JOIN (SELECT unnest(domains) AS domain FROM dir_company) USING (domain)
),
fact AS (
    SELECT * FROM company
    UNION ALL
    SELECT h.object, h.crm_id,
        CASE WHEN h.surname IS NULL THEN 'LastName' WHEN coalesce(trim(h.FirstName), '') <> '' AND h.given IS NULL THEN 'FirstName' END,
        CASE
            WHEN coalesce(trim(h.Website), '') <> '' AND h.company_domains IS NULL THEN 'Website'
            WHEN coalesce(trim(h.Company), '') <> '' AND h.company_keys IS NULL THEN 'Company'
            WHEN h.account_id IS NOT NULL AND h.company_keys IS NULL AND h.company_domains IS NULL THEN 'AccountId'
            WHEN coalesce(trim(h.Email), '') <> '' AND h.emails IS NULL THEN 'Email'
        END,
        h.emails IS NOT NULL AND h.email_domains IS NULL AND h.known_ids IS NULL AND h.company_keys IS NULL
            AND h.company_domains IS NULL,
        h.known_ids IS NULL AND f.crm_id IS NULL
    FROM human h
    LEFT JOIN found f ON f.object = h.object AND f.crm_id = h.crm_id
),
told AS (
    SELECT o.object, o.crm_id, f.no_name, f.bad_field,
        CASE
            WHEN o.decided THEN 'decided_none'
            WHEN o.reason = 'vetoed' THEN 'vetoed'
            WHEN f.no_name IS NOT NULL THEN 'bad_data'
            WHEN o.reason IN ('group_collision', 'tie') THEN o.reason
            WHEN f.bad_field IS NOT NULL THEN 'bad_data'
            WHEN o.reason IS NULL THEN 'no_candidate'
            WHEN f.is_free_mail THEN 'free_mail_only'
            WHEN f.is_unknown THEN 'company_unknown'
            ELSE o.reason
        END AS reason
    FROM open o
    LEFT JOIN fact f ON f.object = o.object AND f.crm_id = o.crm_id
)
SELECT object, crm_id, reason, CASE WHEN reason = 'bad_data' THEN coalesce(no_name, bad_field) END AS field
FROM told
