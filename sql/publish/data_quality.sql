-- What normalize counted, bound as data_quality, and for the objects that are not matched how often a field that the
-- import needs is empty. A count of normalize wins where both have one.
-- in: data_quality, raw_account, raw_contact, raw_lead, raw_opportunity, raw_opportunity_contact_role, raw_user
-- out: data_quality
WITH counted AS (
    SELECT object, field, "check", CAST(sum(records) AS BIGINT) AS records, CAST(sum("of") AS BIGINT) AS "of"
    FROM data_quality
    GROUP BY ALL
),
scanned AS (
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
),
required AS (
    SELECT object, unnest(map_keys(missing)) AS field, 'missing' AS "check", unnest(map_values(missing)) AS records, "of"
    FROM scanned
    WHERE "of" > 0
)
SELECT object, field, "check", records, "of" FROM counted
UNION ALL
SELECT object, field, "check", records, "of"
FROM required
ANTI JOIN counted USING (object, field, "check")
