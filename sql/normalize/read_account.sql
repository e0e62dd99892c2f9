-- Accounts, the columns that normal forms are made of. A billing address that is empty yields to the shipping address.
-- in: raw_account
SELECT "Id",
    NOT coalesce("IsDeleted", false) AND coalesce("MasterRecordId", '') = '' AND missing_since IS NULL
        AND NOT coalesce("IsPersonAccount", false) AS live,
    "ParentId", "Name", "Website", "Phone", "Industry", "NumberOfEmployees",
    CASE WHEN billed THEN "BillingStreet" ELSE "ShippingStreet" END AS street,
    CASE WHEN billed THEN "BillingCity" ELSE "ShippingCity" END AS city,
    CASE WHEN billed THEN "BillingState" ELSE "ShippingState" END AS region,
    CASE WHEN billed THEN "BillingPostalCode" ELSE "ShippingPostalCode" END AS postal_code,
    CASE WHEN billed THEN "BillingCountry" ELSE "ShippingCountry" END AS country,
    billed
FROM (
    SELECT *, coalesce("BillingStreet", '') <> '' OR coalesce("BillingCity", '') <> '' OR coalesce("BillingState", '') <> ''
        OR coalesce("BillingPostalCode", '') <> ''
        OR coalesce("ShippingStreet", '') || coalesce("ShippingCity", '') || coalesce("ShippingState", '') = '' AS billed
    FROM raw_account
)
