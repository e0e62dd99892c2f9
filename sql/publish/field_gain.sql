-- What filling in or correcting a CRM field would bring: how many live records lack it, and for how many without entity
-- the smallest change that makes them match is a change of it. Companion of data_quality: counts, no value.
-- Each record is one row with a flag per field; only changes, which few records have, are told apart by field.
-- in: mapping, unmatched, raw_account, raw_contact, raw_lead
-- out: field_gain
WITH field AS (
    SELECT unnest([
        {object: 'Account', fields: ['Website', 'BillingCountry', 'BillingCity', 'Name']},
        {object: 'Contact', fields: ['AccountId', 'MailingCountry', 'MailingCity', 'FirstName', 'LastName', 'Email']},
        {object: 'Lead', fields: ['Website', 'Company', 'Country', 'City', 'FirstName', 'LastName', 'Email']}], recursive := true)
),
record AS (
    SELECT 'Account' AS object, Id AS crm_id, coalesce(trim(Website), '') = '' AS e1,
        coalesce(nullif(trim(BillingCountry), ''), trim(ShippingCountry), '') = '' AS e2,
        coalesce(nullif(trim(BillingCity), ''), trim(ShippingCity), '') = '' AS e3,
        coalesce(trim(Name), '') = '' AS e4, false AS e5, false AS e6, false AS e7
    FROM raw_account
    UNION ALL
    SELECT 'Contact', Id, coalesce(trim(AccountId), '') = '', coalesce(trim(MailingCountry), '') = '', coalesce(trim(MailingCity), '') = '',
        coalesce(trim(FirstName), '') = '', coalesce(trim(LastName), '') = '', coalesce(trim(Email), '') = '', false
    FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, coalesce(trim(Website), '') = '', coalesce(trim(Company), '') = '', coalesce(trim(Country), '') = '',
        coalesce(trim(City), '') = '', coalesce(trim(FirstName), '') = '', coalesce(trim(LastName), '') = '', coalesce(trim(Email), '') = ''
    FROM raw_lead
),
looked AS (
    SELECT r.*, m.entity_id IS NULL AS is_unmatched
    FROM record r
    JOIN mapping m ON m.object = r.object AND m.crm_id = r.crm_id
        AND m.status IN ('decided', 'matched', 'duplicate', 'unmatched')
),
counted AS (
    SELECT object, count(*) AS records,
        [count(*) FILTER (e1), count(*) FILTER (e2), count(*) FILTER (e3), count(*) FILTER (e4), count(*) FILTER (e5),
            count(*) FILTER (e6), count(*) FILTER (e7)] AS empty,
        [count(*) FILTER (e1 AND is_unmatched), count(*) FILTER (e2 AND is_unmatched), count(*) FILTER (e3 AND is_unmatched),
            count(*) FILTER (e4 AND is_unmatched), count(*) FILTER (e5 AND is_unmatched), count(*) FILTER (e6 AND is_unmatched),
            count(*) FILTER (e7 AND is_unmatched)] AS empty_unmatched
    FROM looked
    GROUP BY object
),
change AS (
    -- An address of which only the shipping part is used counts as the address.
    SELECT object, crm_id, replace(unnest(change_fields), 'Shipping', 'Billing') AS field, len(change_fields) = 1 AS alone
    FROM unmatched
    WHERE change_fields IS NOT NULL
),
helped AS (
    SELECT l.object, c.field,
        count(*) FILTER ([e1, e2, e3, e4, e5, e6, e7][list_position(f.fields, c.field)]) AS filled_in,
        count(*) FILTER (NOT [e1, e2, e3, e4, e5, e6, e7][list_position(f.fields, c.field)]) AS corrected,
        count(*) FILTER (c.alone) AS alone
    FROM looked l
    JOIN change c ON c.object = l.object AND c.crm_id = l.crm_id
    JOIN field f ON f.object = l.object
    GROUP BY l.object, c.field
),
told AS (
    SELECT c.object, unnest(f.fields) AS field, c.records, unnest(c.empty[:len(f.fields)]) AS empty,
        unnest(c.empty_unmatched[:len(f.fields)]) AS empty_unmatched
    FROM counted c
    JOIN field f ON f.object = c.object
)
SELECT t.object, t.field, t.records, t.empty AS "empty", t.empty_unmatched, coalesce(h.filled_in, 0) AS filled_in,
    coalesce(h.corrected, 0) AS corrected, coalesce(h.alone, 0) AS alone
FROM told t
LEFT JOIN helped h ON h.object = t.object AND h.field = t.field
