-- The rows of opportunities of which something differs.
-- in: raw_opportunity, other_deal
SELECT Id, AccountId, OwnerId, StageName, IsClosed, IsWon, IsDeleted, missing_since, CreatedDate, CloseDate, WonValue, CurrencyIsoCode
FROM raw_opportunity
SEMI JOIN other_deal ON opportunity_id = Id
