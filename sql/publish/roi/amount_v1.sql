-- ROI definition, version 1: the value of each opportunity, in its own currency and in the corporate one (Z14).
-- corporate = amount / rate, half up (away from zero) to the decimal places of the corporate currency; an amount that is
-- in that currency already stays as it is. The rate is the DatedConversionRate of the CloseDate, else that of
-- CurrencyType, also of a currency that is no longer active, as in the CRM. Without CurrencyType one currency is assumed,
-- unless opportunities name several.
-- The division is one of whole numbers, units of 10^-10, because the engine divides decimals as doubles.
-- in: raw_opportunity, raw_currency_type, raw_dated_conversion_rate
-- out: roi_amount
-- values: $zone TEXT, $as_of TIMESTAMPTZ
WITH deal AS (
    SELECT Id, CloseDate,
        -- More than the 18 digits of a CRM field is a broken cell, and would break the sums.
        CASE WHEN abs(WonValue) < 1000000000000000000 THEN WonValue END AS amount,
        WonValue IS NOT NULL AS has_amount,
        nullif(trim(CurrencyIsoCode), '') AS code
    FROM raw_opportunity
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
currency AS (
    SELECT IsoCode AS code, CASE WHEN ConversionRate > 0 AND ConversionRate < 1000000000000000000 THEN ConversionRate END AS rate, coalesce(IsCorporate, false) AS is_corporate, DecimalPlaces AS places,
        coalesce(CAST(timezone($zone, SystemModstamp) AS DATE), CAST(timezone($zone, CAST($as_of AS TIMESTAMPTZ)) AS DATE)) AS rate_date
    FROM raw_currency_type
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
-- Exports without IsCorporate: the corporate currency is the one that all rates refer to.
corporate AS (
    SELECT coalesce(min(code) FILTER (is_corporate), min(code) FILTER (rate = 1)) AS code FROM currency
),
org AS (
    SELECT (SELECT count(*) FROM currency) > 0 AS has_currencies,
        (SELECT count(DISTINCT code) FROM deal) AS named,
        CASE WHEN (SELECT count(*) FROM currency) > 0 THEN (SELECT code FROM corporate)
            WHEN (SELECT count(DISTINCT code) FROM deal) = 1 THEN (SELECT min(code) FROM deal) END AS code,
        (SELECT least(greatest(coalesce(max(c.places), 2), 0), 6) FROM currency c JOIN corporate USING (code)) AS places
),
dated AS (
    SELECT d.Id, max(struct_pack(day := r.StartDate, rate := r.ConversionRate)) AS rate
    FROM deal d
    JOIN raw_dated_conversion_rate r ON r.IsoCode = d.code AND r.StartDate <= d.CloseDate AND coalesce(d.CloseDate < r.NextStartDate, true)
    WHERE NOT coalesce(r.IsDeleted, false) AND r.missing_since IS NULL
        AND r.ConversionRate > 0 AND r.ConversionRate < 1000000000000000000
    GROUP BY d.Id
),
rated AS (
    SELECT d.Id, d.amount, d.has_amount, coalesce(d.code, o.code) AS code, o.* EXCLUDE (code), o.code AS corporate_code,
        c.code IS NOT NULL AS known,
        CASE
            WHEN NOT o.has_currencies THEN CASE WHEN o.named <= 1 THEN 'one_currency' END
            WHEN coalesce(d.code, o.code) = o.code THEN 'corporate'
            WHEN c.code IS NULL THEN NULL
            WHEN t.rate IS NOT NULL THEN 'DatedConversionRate'
            WHEN c.rate IS NOT NULL THEN 'CurrencyType'
        END AS source,
        t.rate AS dated_rate, c.rate AS plain_rate, c.rate_date AS plain_date
    FROM deal d
    CROSS JOIN org o
    LEFT JOIN currency c ON c.code = d.code
    LEFT JOIN dated t ON t.Id = d.Id
),
chosen AS (
    SELECT *,
        CASE source WHEN 'one_currency' THEN 1 WHEN 'corporate' THEN 1 WHEN 'DatedConversionRate' THEN dated_rate.rate
            WHEN 'CurrencyType' THEN plain_rate END AS rate,
        CASE source WHEN 'DatedConversionRate' THEN dated_rate.day WHEN 'CurrencyType' THEN plain_date END AS rate_date
    FROM rated
),
whole AS (
    SELECT *,
        CAST(replace(CAST(abs(amount) AS VARCHAR), '.', '') AS HUGEINT) AS units,
        CAST(replace(CAST(CAST(rate AS DECIMAL(38,10)) AS VARCHAR), '.', '') AS HUGEINT) AS rate_units,
        CAST([1, 10, 100, 1000, 10000, 100000, 1000000][places + 1] AS HUGEINT) AS power,
        CAST([10000000000, 1000000000, 100000000, 10000000, 1000000, 100000, 10000][places + 1] AS HUGEINT) AS rest
    FROM chosen
),
divided AS (
    SELECT *, (2 * units * power + rate_units) // (2 * rate_units) AS quotient
    FROM whole
),
converted AS (
    SELECT *,
        CASE WHEN source IN ('one_currency', 'corporate') THEN amount
            WHEN quotient < 1000000000000000000 * power
            THEN CAST(sign(amount) * quotient * rest AS DECIMAL(38,0)) * CAST('0.0000000001' AS DECIMAL(10,10)) END AS corporate_amount
    FROM divided
)
SELECT Id AS opportunity_id, amount, code AS currency,
    CAST(corporate_amount AS DECIMAL(38,10)) AS corporate_amount, corporate_code AS corporate_currency,
    CAST(CASE WHEN corporate_amount IS NOT NULL THEN rate END AS DECIMAL(38,10)) AS rate,
    CASE WHEN corporate_amount IS NOT NULL THEN rate_date END AS rate_date,
    CASE WHEN corporate_amount IS NOT NULL THEN source END AS rate_source,
    CASE
        WHEN corporate_amount IS NOT NULL THEN NULL
        WHEN NOT has_amount THEN 'no_amount'
        WHEN amount IS NULL THEN 'amount_too_large'
        WHEN NOT has_currencies THEN 'several_currencies_without_rates'
        WHEN NOT known THEN 'unknown_currency'
        WHEN source IS NULL THEN 'no_rate'
        ELSE 'amount_too_large'
    END AS no_corporate_amount
FROM converted
