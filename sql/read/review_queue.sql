-- The answers that are worth a person's look, the most first: how uncertain an answer is, times what hangs on it.
-- Uncertainty is 4·p·(1−p) in millionths: 1 at p = ½. What hangs on it is the record's share of the org's open pipeline plus
-- its share of all list rows, in billionths, plus a thousand, so that nothing weighs nothing. Amounts are whole units of
-- the corporate currency, where rates are known. Integers throughout: the order is the same on every machine.
-- in: mapping, candidate, decision_outcome, raw_opportunity, raw_opportunity_contact_role, raw_currency_type, auto_save, suggested_lead
-- values: $objects TEXT[], $answered TEXT[], $most BIGINT
WITH vetoed AS (
    SELECT DISTINCT now_object AS object, now_crm_id AS crm_id, now_entity_id AS entity_id
    FROM decision_outcome
    WHERE verdict = 'is_not' AND outcome = 'applied'
),
best AS (
    SELECT object, crm_id, entity_id, CAST(probability * 1000000 AS BIGINT) AS p
    FROM candidate
    ANTI JOIN vetoed USING (object, crm_id, entity_id)
    QUALIFY row_number() OVER (PARTITION BY object, crm_id ORDER BY rank) = 1
),
question AS (
    SELECT m.object, m.crm_id, m.status, coalesce(m.entity_id, b.entity_id) AS entity_id,
        CASE WHEN m.entity_id IS NOT NULL THEN CAST(m.probability * 1000000 AS BIGINT) ELSE b.p END AS p
    FROM mapping m
    LEFT JOIN best b ON b.object = m.object AND b.crm_id = m.crm_id
    WHERE m.status IN ('matched', 'duplicate', 'unmatched') AND m.decision_seq IS NULL
        AND m.object IN (SELECT unnest($objects)) AND m.crm_id NOT IN (SELECT unnest($answered))
),
open_deal AS (
    SELECT o.Id, o.AccountId,
        -- More than 10^15 is a broken cell.
        CASE WHEN o.Amount > 0 AND o.Amount < 1000000000000000 THEN CAST(o.Amount AS BIGINT) ELSE 0 END AS amount,
        CASE WHEN c.ConversionRate > 0 AND c.ConversionRate < 1000000000 THEN greatest(CAST(c.ConversionRate * 1000000 AS BIGINT), 1) ELSE 1000000 END AS rate
    FROM raw_opportunity o
    LEFT JOIN (SELECT IsoCode, max(ConversionRate) AS ConversionRate FROM raw_currency_type GROUP BY IsoCode) c ON c.IsoCode = o.CurrencyIsoCode
    WHERE NOT coalesce(o.IsClosed, false) AND NOT coalesce(o.IsDeleted, false) AND o.missing_since IS NULL
),
named AS (
    SELECT 'Account' AS object, AccountId AS crm_id, Id FROM open_deal WHERE AccountId IS NOT NULL
    UNION
    SELECT 'Contact', r.ContactId, r.OpportunityId
    FROM raw_opportunity_contact_role r
    WHERE r.ContactId IS NOT NULL AND NOT coalesce(r.IsDeleted, false) AND r.missing_since IS NULL
),
pipeline AS (
    SELECT n.object, n.crm_id, CAST(sum(CAST(d.amount AS HUGEINT) * 1000000 // d.rate) AS HUGEINT) AS amount
    FROM named n
    JOIN open_deal d ON d.Id = n.Id
    GROUP BY n.object, n.crm_id
),
listed AS (
    SELECT object, crm_id, count(*) AS list_rows
    FROM (
        SELECT object, crm_id FROM auto_save WHERE still_valid
        UNION ALL
        SELECT 'Lead', crm_id FROM suggested_lead
    )
    GROUP BY object, crm_id
),
total AS (
    SELECT greatest((SELECT sum(CAST(amount AS HUGEINT) * 1000000 // rate) FROM open_deal), 1) AS amount,
        greatest((SELECT sum(list_rows) FROM listed), 1) AS list_rows
),
weighed AS (
    SELECT q.*, coalesce(p.amount, 0) AS amount, coalesce(l.list_rows, 0) AS list_rows,
        greatest(4 * q.p * (1000000 - q.p) // 1000000, 1) AS uncertainty,
        1000000000 * CAST(coalesce(p.amount, 0) AS HUGEINT) // CAST(t.amount AS HUGEINT)
            + 1000000000 * CAST(coalesce(l.list_rows, 0) AS HUGEINT) // CAST(t.list_rows AS HUGEINT) + 1000 AS stake
    FROM question q
    CROSS JOIN total t
    LEFT JOIN pipeline p ON p.object = q.object AND p.crm_id = q.crm_id
    LEFT JOIN listed l ON l.object = q.object AND l.crm_id = q.crm_id
    WHERE q.entity_id IS NOT NULL AND q.p IS NOT NULL
)
SELECT object, crm_id, status, entity_id, p, CAST(amount AS BIGINT), list_rows
FROM weighed
ORDER BY uncertainty * stake DESC, uncertainty DESC, object, crm_id
LIMIT $most
