-- The run that publishes. Without CurrencyType the CRM's amounts are taken to be in one currency, and the row says so.
-- Opportunities that name several are told apart, and nothing is converted (Z14).
-- in: raw_currency_type, raw_opportunity
-- out: run
-- values: $run_id TEXT, $as_of TIMESTAMPTZ, $org_kind TEXT, $instance_url TEXT, $import TEXT, $program TEXT, $engine TEXT, $model_id TEXT, $model_origin TEXT, $threshold BIGINT, $sure BIGINT, $company_threshold BIGINT, $company_sure BIGINT
SELECT CAST($run_id AS VARCHAR) AS run_id, CAST($as_of AS TIMESTAMPTZ) AS as_of,
    CAST($org_kind AS VARCHAR) AS org_kind, CAST($instance_url AS VARCHAR) AS instance_url,
    CAST($import AS VARCHAR) AS "import", CAST($program AS VARCHAR) AS program, CAST($engine AS VARCHAR) AS engine,
    CAST($model_id AS VARCHAR) AS model_id, CAST($model_origin AS VARCHAR) AS model_origin,
    CAST(CAST($threshold AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) AS threshold,
    CAST(CAST($sure AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) AS sure,
    CAST(CAST($company_threshold AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) AS company_threshold,
    CAST(CAST($company_sure AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) AS company_sure,
    CASE
        WHEN (SELECT count(*) FROM raw_currency_type) > 0 THEN NULL
        WHEN (SELECT count(DISTINCT nullif(trim(CurrencyIsoCode), '')) FROM raw_opportunity
            WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL) > 1
        THEN 'no CurrencyType, though opportunities name several currencies: amounts are not converted'
        ELSE 'no CurrencyType: one currency is assumed for all amounts'
    END AS currency_note
