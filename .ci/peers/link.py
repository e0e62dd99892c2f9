"""Links one org with Splink, for the comparisons in docs/quality.md and docs/performance.md. No part of the product.

usage: link.py ORG OUT.csv [--one-to-one] [--leads RULES COSTS.json]

ORG is a folder as `crmlink demo` and the labelled sets lay it out: crm/<Object>*.csv[.gz] and directory/{companies,members}.csv[.gz].
OUT.csv gets one row per CRM record that has a candidate of probability 0.5 or more: object, crm_id, entity_id, probability. The best
candidate counts; with --one-to-one each entity is given to its best record only, greedily.

With --leads only leads are linked, by the blocking rules of that name (nine, seven), and COSTS.json gets what it took: CPU seconds (user
and system, threads of the engine included) of load, prior, u, em, predict and of the whole process, its peak memory in bytes, and the
pairs that the rules give, which are counted afterwards.

The settings are those a careful user would choose without labels, and are the same for every org: lower case without accents,
name comparisons with term frequencies, Jaro-Winkler elsewhere, u by random sampling, m by two passes of expectation maximisation, the prior
from rules that hardly ever hold by chance. A column that one side does not fill at all takes part in nothing.
"""
import csv
import glob
import json
import logging
import os
import resource
import sys
import warnings

import duckdb
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule

logging.disable(logging.WARNING)
warnings.filterwarnings("ignore")

THRESHOLD = 0.5
FREE_MAIL = ("gmail.com", "googlemail.com", "yahoo.com", "hotmail.com", "outlook.com", "live.com", "icloud.com", "aol.com", "gmx.de",
             "gmx.net", "web.de", "proton.me", "protonmail.com", "mail.ru", "qq.com", "163.com", "yandex.ru", "orange.fr", "t-online.de")


# The rules of make bench-peers; cmd/crmlink/bench_peers_test.go has the same for crmlink.
SWAPPED = "l.first = r.last AND l.last = r.first"
STARTS = ["substr(first, 1, 3)", "substr(last, 1, 4)", "substr(company, 1, 4)"]
RULES = {
    "nine": [["email"], ["phone"], ["first", "last"], [SWAPPED], ["last", "split_part(company, ' ', 1)"],
             ["first", "split_part(company, ' ', 1)"], ["last", "city"], STARTS, ["last", "substr(first, 1, 1)", "country"]],
    "seven": [["email"], ["phone"], ["first", "last", "city"], [SWAPPED], ["last", "company"], ["first", "company"], STARTS],
}


class Costs:
    """CPU seconds of the steps."""

    def __init__(self):
        self.steps = {}
        self.last = cpu()

    def step(self, name):
        now = cpu()
        self.steps[name] = round(self.steps.get(name, 0) + now - self.last, 2)
        self.last = now

    def write(self, to, pairs):
        used = resource.getrusage(resource.RUSAGE_SELF)
        all = {"steps": self.steps, "process": round(cpu(), 2), "peak": used.ru_maxrss << 10, "pairs": pairs()}
        with open(to, "w") as f:
            json.dump(all, f)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def columns_of(db, query):
    return [row[0] for row in db.execute(f"DESCRIBE {query}").fetchall()]


class Org:
    """The files of an org as DuckDB tables whose missing columns are empty."""

    def __init__(self, folder):
        self.folder = folder
        self.db = duckdb.connect()
        self.db.execute("SET threads = 2")

    def table(self, name, pattern, columns):
        files = sorted(f for end in (".csv", ".csv.gz", "-*.csv", "-*.csv.gz") for f in glob.glob(os.path.join(self.folder, pattern + end)))
        self.db.execute(f"CREATE TABLE {name} ({', '.join(c + ' VARCHAR' for c in columns)})")
        for f in files:
            have = columns_of(self.db, f"SELECT * FROM read_csv('{f}', all_varchar=true, header=true)")
            cells = ", ".join(f"nullif(trim({c}), '')" if c in have else "NULL" for c in columns)
            self.db.execute(f"INSERT INTO {name} SELECT {cells} FROM read_csv('{f}', all_varchar=true, header=true)")

    def load(self):
        crm = {
            "account": "Id Name Website Phone Industry NumberOfEmployees BillingStreet BillingCity BillingState BillingPostalCode BillingCountry",
            "contact": "Id AccountId FirstName LastName Email Phone MobilePhone Title MailingStreet MailingCity MailingState MailingPostalCode MailingCountry",
            "lead": "Id FirstName LastName Company Website Email Phone MobilePhone Title Street City State PostalCode Country",
        }
        for name, columns in crm.items():
            self.table(name, "crm/" + name.capitalize(), columns.split())
        self.table("company", "directory/companies", "company_id name domains website industry headcount street city region postal_code country phone".split())
        self.table("member", "directory/members", "member_id first_name last_name name title company_id company_name emails phones street city region postal_code country".split())


PREPARE = {
    "text": "regexp_replace(lower(strip_accents({0})), '[^a-z0-9\\p{{L}}]+', ' ', 'g')",
    "domain": "regexp_replace(regexp_replace(lower({0}), '^https?://', ''), '^www\\.|/.*$', '', 'g')",
    "digits": "nullif(right(regexp_replace({0}, '[^0-9]', '', 'g'), 8), '')",
}


def text(c):
    return "nullif(trim(" + PREPARE["text"].format(c) + "), '')"


def domain(c):
    return PREPARE["domain"].format(c)


def digits(c):
    return PREPARE["digits"].format(c)


def mail_domain(c):
    free = ", ".join(f"'{d}'" for d in FREE_MAIL)
    return f"CASE WHEN split_part(lower({c}), '@', 2) NOT IN ({free}) THEN nullif(split_part(lower({c}), '@', 2), '') END"


def either(*columns):
    """The values of some columns as a list; an empty list is null."""
    return f"CASE WHEN coalesce({', '.join(columns)}) IS NOT NULL THEN list_distinct(list_filter([{', '.join(columns)}], lambda x: x IS NOT NULL)) END"


def values(c, each="x"):
    return f"list_distinct(list_transform(string_split({c}, '|'), lambda x: {each}))"


def place(street, city, postal, country):
    return (f"{text(street)} AS street, nullif(regexp_extract({street}, '[0-9]+'), '') AS house, {text(city)} AS city, "
            f"upper(replace({postal}, ' ', '')) AS postal, {text(country)} AS country")


ACCOUNTS = f"""SELECT Id AS unique_id, {text('Name')} AS name, [{domain('Website')}] AS domains, {digits('Phone')} AS phone,
  {text('Industry')} AS industry, {place('BillingStreet', 'BillingCity', 'BillingPostalCode', 'BillingCountry')} FROM account"""

COMPANIES = f"""SELECT company_id AS unique_id, {text('name')} AS name, {values("coalesce(domains, website)", domain('x'))} AS domains,
  {digits('phone')} AS phone, {text('industry')} AS industry, {place('street', 'city', 'postal_code', 'country')} FROM company"""

CONTACTS = f"""SELECT c.Id AS unique_id, {text('FirstName')} AS first, {text('LastName')} AS last, lower(Email) AS email,
  {text('a.Name')} AS company, {either(mail_domain('Email'), domain('a.Website'))} AS domains,
  {digits('coalesce(c.Phone, MobilePhone)')} AS phone, {text('Title')} AS title,
  {place('MailingStreet', 'MailingCity', 'MailingPostalCode', 'MailingCountry')} FROM contact c LEFT JOIN account a ON a.Id = c.AccountId"""

LEADS = f"""SELECT Id AS unique_id, {text('FirstName')} AS first, {text('LastName')} AS last, lower(Email) AS email,
  {text('Company')} AS company, {either(mail_domain('Email'), domain('Website'))} AS domains,
  {digits('coalesce(Phone, MobilePhone)')} AS phone, {text('Title')} AS title, {place('Street', 'City', 'PostalCode', 'Country')} FROM lead"""

MEMBERS = f"""SELECT member_id AS unique_id, {text('first_name')} AS first, {text('coalesce(last_name, m.name)')} AS last,
  lower(split_part(emails, '|', 1)) AS email, {text('coalesce(c.name, company_name)')} AS company,
  {values("coalesce(c.domains, c.website)", domain('x'))} AS domains, {digits("split_part(phones, '|', 1)")} AS phone,
  {text('title')} AS title, {place('m.street', 'm.city', 'm.postal_code', 'm.country')}
  FROM member m LEFT JOIN company c ON c.company_id = m.company_id"""


def people(has):
    """Comparisons, blocking rules, rules of the prior and rules to train with; a rule with a column that is not there is left out."""
    comparisons = {
        "first": compare.NameComparison("first"), "last": compare.NameComparison("last"), "email": compare.EmailComparison("email"),
        "company": compare.JaroWinklerAtThresholds("company", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "domains": compare.ArrayIntersectAtSizes("domains", [1]), "phone": compare.ExactMatch("phone"),
        "title": compare.JaroWinklerAtThresholds("title", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "street": compare.JaroWinklerAtThresholds("street", [0.95, 0.88]), "house": compare.ExactMatch("house"),
        "city": compare.JaroWinklerAtThresholds("city", [0.9]).configure(term_frequency_adjustments=True),
        "postal": compare.DamerauLevenshteinAtThresholds("postal", [1, 2]), "country": compare.ExactMatch("country"),
    }
    rules = [["email"], ["phone"], ["first", "last"], ["last", "company"], ["first", "company"], ["last", "city"], ["first", "city"],
             ["last", "substr(first, 1, 1)"], ["postal"], ["house", "city"], ["substr(last, 1, 3)", "city"], ["street"],
             ["first", "substr(last, 1, 3)"], ["*domains", "last"], ["*domains", "first"]]
    return comparisons, rules, [["first", "last", "company"], ["first", "last", "postal"], ["first", "last", "city"], ["email"]], [["first", "last"], ["email"], ["last", "company"], ["last", "postal"]]


def companies(has):
    comparisons = {
        "name": compare.NameComparison("name"), "domains": compare.ArrayIntersectAtSizes("domains", [1]),
        "phone": compare.ExactMatch("phone"), "industry": compare.JaroWinklerAtThresholds("industry", [0.9]),
        "street": compare.JaroWinklerAtThresholds("street", [0.95, 0.88]), "house": compare.ExactMatch("house"),
        "city": compare.JaroWinklerAtThresholds("city", [0.9]).configure(term_frequency_adjustments=True),
        "postal": compare.DamerauLevenshteinAtThresholds("postal", [1, 2]), "country": compare.ExactMatch("country"),
    }
    rules = [["*domains"], ["phone"], ["name"], ["substr(name, 1, 5)"], ["substr(name, 1, 3)", "city"], ["street", "city"],
             ["postal", "substr(name, 1, 2)"], ["split_part(name, ' ', 1)", "city"]]
    return comparisons, rules, [["name", "city"], ["*domains", "name"], ["name", "phone"]], [["name"], ["phone"], ["city", "postal"]]


def block(columns):
    if columns[0].startswith("l."):
        return CustomRule(columns[0], sql_dialect="duckdb")
    if columns[0].startswith("*"):
        return block_on(columns[0][1:], *columns[1:], arrays_to_explode=[columns[0][1:]])
    return block_on(*columns)


def usable(rule, has):
    return rule[0].startswith("l.") or all(any(name == part.strip("*") or f"({name}," in part for name in has) for part in rule)


def link(org, left, right, settings, costs, chosen_rules=None):
    """All pairs from the threshold on: unique_id of the CRM side, of the directory, probability. chosen_rules take the place of the settings'."""
    db = org.db
    db.execute(f"CREATE OR REPLACE TABLE crm AS {left}")
    db.execute(f"CREATE OR REPLACE TABLE directory AS {right}")
    sizes = [db.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in ("crm", "directory")]
    if 0 in sizes:
        return []
    for t in ("crm", "directory"):  # [NULL] is no list of domains
        db.execute(f"UPDATE {t} SET domains = NULL WHERE len(list_filter(domains, lambda x: x IS NOT NULL AND x <> '')) = 0")
    columns = [c for c in columns_of(db, "FROM crm") if c != "unique_id"]
    has = [c for c in columns if all(db.execute(f"SELECT count({c}) FROM {t}").fetchall()[0][0] > 0 for t in ("crm", "directory"))]
    comparisons, rules, sure, train = settings(has)
    rules = [r for r in chosen_rules or rules if usable(r, has)]
    costs.step("load")
    api = DuckDBAPI(connection=db)
    linker = Linker(
        [api.register("crm", dataset_display_name="a_crm"), api.register("directory", dataset_display_name="b_directory")],
        SettingsCreator(link_type="link_only", comparisons=[c for name, c in comparisons.items() if name in has],
                        blocking_rules_to_generate_predictions=[block(r) for r in rules]))
    linker.training.estimate_probability_two_random_records_match([block(r) for r in sure if usable(r, has)], recall=0.7)
    costs.step("prior")
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    costs.step("u")
    for rule in train:
        if usable(rule, has):
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(block(rule))
            except ValueError as fault:  # a level that hardly occurs came to m = 0; the other passes train it
                print(f"a pass of training on {rule} was left out: {str(fault).splitlines()[0][:80]}", file=sys.stderr)
    costs.step("em")
    pairs = linker.inference.predict(threshold_match_probability=THRESHOLD)
    costs.step("predict")
    return db.execute(f"SELECT unique_id_l, unique_id_r, match_probability FROM {pairs.physical_name} "
                      "ORDER BY match_probability DESC, unique_id_l, unique_id_r").fetchall()


def chosen(pairs, one_to_one):
    records, entities = set(), set()
    for record, entity, probability in pairs:
        if record in records or one_to_one and entity in entities:
            continue
        records.add(record)
        entities.add(entity)
        yield record, entity, probability


def count(org, rules):
    """How many pairs some rules give together, each counted once."""
    side = "SELECT l.unique_id AS l, r.unique_id AS r FROM crm l JOIN directory r ON "
    on = [r[0] if r[0].startswith("l.") else " AND ".join(of("l", c) + " = " + of("r", c) for c in r) for r in rules]
    return org.db.execute("SELECT count(*) FROM (" + " UNION ".join(side + o for o in on) + ")").fetchall()[0][0]


def of(side, column):
    before, bracket, rest = column.partition("(")
    return f"{before}({side}.{rest}" if bracket else f"{side}.{column}"


def main(folder, out, one_to_one, rules=None, to=None):
    costs = Costs()
    org = Org(folder)
    org.load()
    kinds = [("Account", ACCOUNTS, COMPANIES, companies), ("Contact", CONTACTS, MEMBERS, people), ("Lead", LEADS, MEMBERS, people)]
    with open(out, "w", newline="") as f:
        rows = csv.writer(f)
        rows.writerow(["object", "crm_id", "entity_id", "probability"])
        for name, left, right, settings in kinds[2:] if rules else kinds:
            for record, entity, probability in chosen(link(org, left, right, settings, costs, RULES.get(rules)), one_to_one):
                rows.writerow([name, record, entity, f"{probability:.6f}"])
    if to:
        costs.write(to, lambda: count(org, RULES[rules]))


if __name__ == "__main__":
    more = sys.argv[3:]
    at = more.index("--leads") if "--leads" in more else None
    main(sys.argv[1], sys.argv[2], "--one-to-one" in more, *(more[at + 1:at + 3] if at is not None else []))
