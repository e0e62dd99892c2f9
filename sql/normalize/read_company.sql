-- Directory companies, the columns that normal forms are made of.
-- in: raw_company
SELECT company_id, name, aliases, domains, website, industry, headcount, street, city, region, postal_code, country,
    phone, parent_company_id
FROM raw_company
