-- Leads, the columns that normal forms are made of.
-- in: raw_lead
SELECT "Id",
    NOT coalesce("IsDeleted", false) AND coalesce("MasterRecordId", '') = '' AND missing_since IS NULL
        AND NOT coalesce("IsConverted", false) AS live,
    "Company", "Website", "FirstName", "LastName", "Email", "Phone", "MobilePhone", "Title",
    "Street", "City", "State", "PostalCode", "Country"
FROM raw_lead
