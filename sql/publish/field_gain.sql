-- What filling in or correcting a CRM field would bring: how many live records lack it, and for how many without entity
-- the smallest change that makes them match is a change of it. Companion of data_quality: counts, no value.
-- Each record is one row with a bit per field that is empty; only the changes are told apart by field.
-- in: mapping, unmatched, raw_account, raw_contact, raw_lead
-- out: field_gain
WITH field AS (
    SELECT unnest([
        {object: 'Account', fields: ['Website', 'BillingCountry', 'BillingCity', 'Name']},
        {object: 'Contact', fields: ['AccountId', 'MailingCountry', 'MailingCity', 'FirstName', 'LastName', 'Email']},
        {object: 'Lead', fields: ['Website', 'Company', 'Country', 'City', 'FirstName', 'LastName', 'Email']}], recursive := true)
),
record AS (
    -- An address of which only the shipping part is used counts as the address.
    SELECT 'Account' AS object, Id AS crm_id, CASE WHEN is_blank(Website) THEN 1 ELSE 0 END
        + CASE WHEN is_blank(BillingCountry) AND is_blank(ShippingCountry) THEN 2 ELSE 0 END
        + CASE WHEN is_blank(BillingCity) AND is_blank(ShippingCity) THEN 4 ELSE 0 END + CASE WHEN is_blank(Name) THEN 8 ELSE 0 END AS bits
    FROM raw_account
    UNION ALL
    SELECT 'Contact', Id, CASE WHEN is_blank(AccountId) THEN 1 ELSE 0 END + CASE WHEN is_blank(MailingCountry) THEN 2 ELSE 0 END
        + CASE WHEN is_blank(MailingCity) THEN 4 ELSE 0 END + CASE WHEN is_blank(FirstName) THEN 8 ELSE 0 END
        + CASE WHEN is_blank(LastName) THEN 16 ELSE 0 END + CASE WHEN is_blank(Email) THEN 32 ELSE 0 END
    FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, CASE WHEN is_blank(Website) THEN 1 ELSE 0 END + CASE WHEN is_blank(Company) THEN 2 ELSE 0 END
        + CASE WHEN is_blank(Country) THEN 4 ELSE 0 END + CASE WHEN is_blank(City) THEN 8 ELSE 0 END
        + CASE WHEN is_blank(FirstName) THEN 16 ELSE 0 END + CASE WHEN is_blank(LastName) THEN 32 ELSE 0 END
        + CASE WHEN is_blank(Email) THEN 64 ELSE 0 END
    FROM raw_lead
),
looked AS (
    SELECT r.object, r.crm_id, r.bits, m.is_unmatched
    FROM record r
    JOIN (SELECT object, crm_id, entity_id IS NULL AS is_unmatched FROM mapping
        WHERE status IN ('decided', 'matched', 'duplicate', 'unmatched')) m ON m.object = r.object AND m.crm_id = r.crm_id
),
-- From here on there is a row for each set of empty fields, not for each record.
alike AS (
    SELECT object, bits, is_unmatched, count(*) AS records FROM looked GROUP BY ALL
),
changed AS (
    SELECT l.object, l.bits, u.change_fields
    FROM looked l
    JOIN (SELECT object, crm_id, change_fields FROM unmatched WHERE change_fields IS NOT NULL) u
        ON u.object = l.object AND u.crm_id = l.crm_id
    WHERE l.is_unmatched
),
helped AS (
    SELECT object, bits, replace(field, 'Shipping', 'Billing') AS field, alone, count(*) AS records
    FROM (SELECT object, bits, unnest(change_fields) AS field, len(change_fields) = 1 AS alone FROM changed)
    GROUP BY ALL
),
placed AS (
    SELECT object, unnest(fields) AS field, unnest(range(len(fields))) AS place FROM field
),
counted AS (
    SELECT f.object, f.field,
        CAST(sum(a.records) AS BIGINT) AS records,
        CAST(coalesce(sum(a.records) FILTER ((a.bits >> f.place) & 1 = 1), 0) AS BIGINT) AS empty,
        CAST(coalesce(sum(a.records) FILTER ((a.bits >> f.place) & 1 = 1 AND a.is_unmatched), 0) AS BIGINT) AS empty_unmatched
    FROM placed f
    JOIN alike a ON a.object = f.object
    GROUP BY f.object, f.field
),
gained AS (
    SELECT f.object, f.field,
        CAST(coalesce(sum(h.records) FILTER ((h.bits >> f.place) & 1 = 1), 0) AS BIGINT) AS filled_in,
        CAST(coalesce(sum(h.records) FILTER ((h.bits >> f.place) & 1 = 0), 0) AS BIGINT) AS corrected,
        CAST(coalesce(sum(h.records) FILTER (h.alone), 0) AS BIGINT) AS alone
    FROM placed f
    JOIN helped h ON h.object = f.object AND h.field = f.field
    GROUP BY f.object, f.field
)
SELECT c.object, c.field, c.records, c.empty AS "empty", c.empty_unmatched, coalesce(g.filled_in, 0) AS filled_in,
    coalesce(g.corrected, 0) AS corrected, coalesce(g.alone, 0) AS alone
FROM counted c
LEFT JOIN gained g ON g.object = c.object AND g.field = c.field
