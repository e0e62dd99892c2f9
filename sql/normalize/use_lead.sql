-- Leads, what of read_lead.sql tells which mail domains are used; the other columns are empty.
-- in: raw_lead
SELECT "Id",
    NOT coalesce("IsDeleted", false) AND coalesce("MasterRecordId", '') = '' AND missing_since IS NULL
        AND NOT coalesce("IsConverted", false) AS live,
    "Company", CAST(NULL AS VARCHAR) AS no_website, CAST(NULL AS VARCHAR) AS no_first_name, CAST(NULL AS VARCHAR) AS no_last_name,
    "Email"
FROM raw_lead
