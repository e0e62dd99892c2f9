-- Why each live record without entity has none: the first of these that applies. What a person said comes first, then
-- a name that cannot be used, then candidates that cannot be told apart, then a field that could identify the record and
-- holds something unusable, then what is not there at all. What it was refused goes with it.
-- Texts are read for whether there is one, so the joins carry flags; lists go no further than to the company's names.
-- in: proposal, raw_account, raw_contact, raw_lead, crm_company, crm_person, known, dir_company
-- out: reason
WITH open AS (
    SELECT * EXCLUDE (entity_id, weight, probability, last_activity, created), row_number() OVER () AS number
    FROM proposal
    WHERE entity_id IS NULL
),
-- Accounts without a domain, and those of them whose contacts write, but from nowhere that names a company. As a rule there are few,
-- and then people are not looked at.
silent AS (
    SELECT c.crm_id
    FROM crm_company c
    SEMI JOIN open o ON o.crm_id = c.crm_id
    WHERE c.domains IS NULL AND c.email_domains IS NULL
),
anonymous AS (
    SELECT account_id
    FROM crm_person
    SEMI JOIN silent s ON s.crm_id = account_id
    WHERE live AND object = 'Contact' AND account_id IS NOT NULL AND emails IS NOT NULL
    GROUP BY account_id
    HAVING count(email_domains) = 0
),
company AS (
    SELECT o.number,
        CASE WHEN c.name_key IS NULL THEN 'Name' END AS no_name,
        CASE WHEN NOT is_blank(r.Website) AND c.domains IS NULL THEN 'Website' END AS bad_field,
        a.account_id IS NOT NULL AS is_free_mail,
        false AS is_unknown
    FROM open o
    JOIN raw_account r ON r.Id = o.crm_id
    JOIN crm_company c ON c.crm_id = o.crm_id
    LEFT JOIN anonymous a ON a.account_id = o.crm_id
    WHERE o.object = 'Account'
),
written AS (
    SELECT 'Contact' AS object, Id AS crm_id, NOT is_blank(FirstName) AS has_given, NOT is_blank(Email) AS has_email,
        false AS has_company, false AS has_website
    FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, NOT is_blank(FirstName), NOT is_blank(Email), NOT is_blank(Company), NOT is_blank(Website)
    FROM raw_lead
),
human AS (
    SELECT o.number,
        CASE WHEN p.surname IS NULL THEN 'LastName' WHEN w.has_given AND p.given IS NULL THEN 'FirstName' END AS no_name,
        CASE
            WHEN w.has_website AND p.company_domains IS NULL THEN 'Website'
            WHEN w.has_company AND p.company_keys IS NULL THEN 'Company'
            WHEN p.account_id IS NOT NULL AND p.company_keys IS NULL AND p.company_domains IS NULL THEN 'AccountId'
            WHEN w.has_email AND p.emails IS NULL THEN 'Email'
        END AS bad_field,
        p.emails IS NOT NULL AND p.email_domains IS NULL AND k.known_ids IS NULL AND p.company_keys IS NULL
            AND p.company_domains IS NULL AS is_free_mail,
        k.known_ids IS NULL AS is_asked,
        CASE WHEN k.known_ids IS NULL THEN p.company_keys END AS company_keys,
        CASE WHEN k.known_ids IS NULL THEN list_concat(p.company_domains, p.email_domains) END AS domains
    FROM open o
    JOIN written w ON w.object = o.object AND w.crm_id = o.crm_id
    JOIN crm_person p ON p.object = o.object AND p.crm_id = o.crm_id
    LEFT JOIN known k ON k.object = o.object AND k.crm_id = o.crm_id
    WHERE o.object <> 'Account'
),
-- People whose company the directory has, under one of its names or domains.
found AS (
    SELECT number
    FROM (SELECT number, unnest(company_keys) AS company_key FROM human)
    SEMI JOIN (SELECT unnest(alias_keys) AS company_key FROM dir_company) USING (company_key)
    UNION
    SELECT number
    FROM (SELECT number, unnest(domains) AS domain FROM human)
    SEMI JOIN (SELECT unnest(domains) AS domain FROM dir_company) USING (domain)
),
fact AS (
    SELECT * FROM company
    UNION ALL
    SELECT h.number, h.no_name, h.bad_field, h.is_free_mail, h.is_asked AND f.number IS NULL
    FROM human h
    LEFT JOIN found f ON f.number = h.number
),
told AS (
    SELECT o.*, f.no_name, f.bad_field,
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
        END AS told
    FROM open o
    LEFT JOIN fact f ON f.number = o.number
)
SELECT object, crm_id, told AS reason, CASE WHEN told = 'bad_data' THEN coalesce(no_name, bad_field) END AS field,
    decision_seq, best_entity_id, best_weight, best_probability, second_entity_id
FROM told
