-- Whether opportunities name other currencies than they did: one instead of several, or another one.
-- in: raw_opportunity, earlier_raw_opportunity
WITH named AS (
    SELECT count(DISTINCT nullif(trim(CurrencyIsoCode), '')) AS currencies, min(nullif(trim(CurrencyIsoCode), '')) AS first
    FROM raw_opportunity
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
earlier_named AS (
    SELECT count(DISTINCT nullif(trim(CurrencyIsoCode), '')) AS currencies, min(nullif(trim(CurrencyIsoCode), '')) AS first
    FROM earlier_raw_opportunity
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
)
FROM named EXCEPT FROM earlier_named
