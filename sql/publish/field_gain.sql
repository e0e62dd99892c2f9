-- What filling in or correcting a CRM field would bring: how many live records lack it, and for how many without entity
-- the smallest change that makes them match is a change of it. Companion of data_quality: counts, no value.
-- in: mapping, unmatched, raw_account, raw_contact, raw_lead
-- out: field_gain
WITH value AS (
    SELECT 'Account' AS object, Id AS crm_id, unnest(['Website', 'BillingCountry', 'BillingCity', 'Name']) AS field,
        unnest([Website, coalesce(nullif(trim(BillingCountry), ''), ShippingCountry),
            coalesce(nullif(trim(BillingCity), ''), ShippingCity), Name]) AS value
    FROM raw_account
    UNION ALL
    SELECT 'Contact', Id, unnest(['AccountId', 'MailingCountry', 'MailingCity', 'FirstName', 'LastName', 'Email']),
        unnest([AccountId, MailingCountry, MailingCity, FirstName, LastName, Email])
    FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, unnest(['Website', 'Company', 'Country', 'City', 'FirstName', 'LastName', 'Email']),
        unnest([Website, Company, Country, City, FirstName, LastName, Email])
    FROM raw_lead
),
change AS (
    -- An address of which only the shipping part is used counts as the address.
    SELECT object, crm_id, replace(unnest(change_fields), 'Shipping', 'Billing') AS field, len(change_fields) = 1 AS alone
    FROM unmatched
    WHERE change_fields IS NOT NULL
),
looked AS (
    SELECT v.object, v.field, coalesce(trim(v.value), '') = '' AS is_empty, m.entity_id IS NULL AS is_unmatched,
        c.crm_id IS NOT NULL AS helps, coalesce(c.alone, false) AS alone
    FROM value v
    JOIN mapping m ON m.object = v.object AND m.crm_id = v.crm_id
        AND m.status IN ('decided', 'matched', 'duplicate', 'unmatched')
    LEFT JOIN change c ON c.object = v.object AND c.crm_id = v.crm_id AND c.field = v.field
)
SELECT object, field, count(*) AS records,
    count(*) FILTER (is_empty) AS "empty",
    count(*) FILTER (is_empty AND is_unmatched) AS empty_unmatched,
    count(*) FILTER (is_empty AND helps) AS filled_in,
    count(*) FILTER (NOT is_empty AND helps) AS corrected,
    count(*) FILTER (helps AND alone) AS alone
FROM looked
GROUP BY object, field
