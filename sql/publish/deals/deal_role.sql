-- The contact roles of opportunities of which something differs.
-- in: raw_opportunity_contact_role, other_deal
SELECT OpportunityId, ContactId, IsDeleted, missing_since
FROM raw_opportunity_contact_role
SEMI JOIN other_deal ON opportunity_id = OpportunityId
