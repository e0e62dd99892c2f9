-- Contacts, the columns that normal forms are made of.
-- in: raw_contact
SELECT "Id",
    NOT coalesce("IsDeleted", false) AND coalesce("MasterRecordId", '') = '' AND missing_since IS NULL
        AND NOT coalesce("IsPersonAccount", false) AS live,
    "AccountId", "FirstName", "LastName", "Name", "Email", "Phone", "MobilePhone", "Title",
    "MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry"
FROM raw_contact
