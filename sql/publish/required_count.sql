-- How often a field that the import needs is empty, by object. Without records of an object there is nothing to count.
-- in: raw_account, raw_contact, raw_lead, raw_opportunity, raw_opportunity_contact_role, raw_user
-- out: required_count
WITH scanned AS (
    SELECT 'Account' AS object, count(*) AS "of", map {'Name': count(*) - count(Name), 'OwnerId': count(*) - count(OwnerId),
        'LastModifiedDate': count(*) - count(LastModifiedDate)} AS missing
    FROM raw_account WHERE NOT coalesce(IsDeleted, false)
    UNION ALL
    SELECT 'Contact', count(*), map {'AccountId': count(*) - count(AccountId), 'LastName': count(*) - count(LastName),
        'LastModifiedDate': count(*) - count(LastModifiedDate)}
    FROM raw_contact WHERE NOT coalesce(IsDeleted, false)
    UNION ALL
    SELECT 'Lead', count(*), map {'Company': count(*) - count(Company), 'LastName': count(*) - count(LastName),
        'OwnerId': count(*) - count(OwnerId), 'LastModifiedDate': count(*) - count(LastModifiedDate)}
    FROM raw_lead WHERE NOT coalesce(IsDeleted, false)
    UNION ALL
    SELECT 'Opportunity', count(*), map {'AccountId': count(*) - count(AccountId), 'OwnerId': count(*) - count(OwnerId),
        'StageName': count(*) - count(StageName), 'IsClosed': count(*) - count(IsClosed), 'IsWon': count(*) - count(IsWon),
        'CreatedDate': count(*) - count(CreatedDate), 'CloseDate': count(*) - count(CloseDate)}
    FROM raw_opportunity WHERE NOT coalesce(IsDeleted, false)
    UNION ALL
    SELECT 'OpportunityContactRole', count(*), map {'ContactId': count(*) - count(ContactId),
        'OpportunityId': count(*) - count(OpportunityId)}
    FROM raw_opportunity_contact_role WHERE NOT coalesce(IsDeleted, false)
    UNION ALL
    SELECT 'User', count(*), map {'Email': count(*) - count(Email), 'IsActive': count(*) - count(IsActive)}
    FROM raw_user WHERE NOT coalesce(IsDeleted, false)
)
SELECT object, unnest(map_keys(missing)) AS field, unnest(map_values(missing)) AS records, "of"
FROM scanned
WHERE "of" > 0
