-- The rows of opportunities that are judged anew, and of others that the judgement asks for: those of the same accounts and persons.
-- in: raw_opportunity, judged_deal, judged_person
SELECT Id, AccountId, OwnerId, StageName, IsClosed, IsWon, IsDeleted, missing_since, CreatedDate, CloseDate, WonValue, CurrencyIsoCode
FROM raw_opportunity
WHERE Id IN (SELECT opportunity_id FROM judged_deal UNION SELECT opportunity_id FROM judged_person)
    OR AccountId IN (SELECT AccountId FROM raw_opportunity WHERE Id IN (SELECT opportunity_id FROM judged_deal))
