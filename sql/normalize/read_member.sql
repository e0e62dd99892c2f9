-- Directory members, the columns that normal forms are made of.
-- in: raw_member
SELECT member_id, first_name, last_name, name, headline, title, company_id, company_name, past_company_ids,
    past_company_names, past_titles, emails, phones, street, city, region, postal_code, country
FROM raw_member
