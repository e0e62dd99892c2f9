"""Reads a publication of crmlink as an analyst would: the database with DuckDB, the Parquet files with pandas and Polars.

    python analyst.py STORE/current/analytics.duckdb crmlink -c crmlink.yaml

What follows the database is how crmlink is called; it is asked where a table's files are. Every claim that
docs/operations.md makes about types is checked here, for every table.
"""

import json
import pathlib
import subprocess
import sys

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet


def main(database, crmlink):
    def ask(*args):
        return json.loads(subprocess.run([*crmlink, *args, "--json"], check=True, capture_output=True, text=True).stdout)

    # The database: open it read-only, from any folder.
    con = duckdb.connect(database, read_only=True)
    con.execute("SET TimeZone = 'UTC'")

    # The Parquet files of a table, for programs without DuckDB.
    files = {t["table"]: ask("schema", "--files", t["table"]) for t in ask("schema", "--all") if t["kind"] == "table"}
    files = {table: paths for table, paths in files.items() if paths}
    print(f"{len(files)} tables with rows")
    for table, paths in files.items():
        check_types(table, paths)
        check_rows(con, table, paths)

    # The match rate, recomputed from mapping with each of the three; it is the administrator's.
    published = dict(con.execute("SELECT object, match_rate_percent FROM sync_stats").fetchall())
    by_pandas = rates_pandas(pandas.read_parquet(files["mapping"]))
    by_polars = rates_polars(polars.read_parquet(files["mapping"]))
    by_duckdb = dict(con.execute(RATES).fetchall())
    assert published == by_pandas == by_polars == by_duckdb, (published, by_pandas, by_polars, by_duckdb)
    for table, title in [("auto_save", "Saved"), ("suggested_lead", "Suggested")]:
        sizes = pandas.read_parquet(files[table]).drop_duplicates(["seat_id", "crm_id"]).groupby("seat_id").size()
        assert dict(sizes) == dict(con.execute(f"SELECT seat_id, count(DISTINCT crm_id) FROM {table} GROUP BY ALL").fetchall())
        print(f"{title}: " + ", ".join(f"{seat} {n}" for seat, n in sizes.sort_values(ascending=False).head(5).items()))
    print("Match rate: " + ", ".join(f"{o} {r} %" for o, r in sorted(published.items())))

    # The queries for the command line of DuckDB run as they stand.
    for statement in con.extract_statements(pathlib.Path(__file__).with_name("queries.sql").read_text()):
        assert len(con.execute(statement).pl()) > 0, f"no rows: {statement.query}"
    print("queries.sql: all queries give rows")


def check_types(table, paths):
    """Every column is of a plain type that all Parquet readers know."""
    schema = pyarrow.parquet.read_schema(paths[0])
    assert all(pyarrow.parquet.read_schema(p).equals(schema) for p in paths), table
    for field in schema:
        kind = field.type.value_type if pyarrow.types.is_list(field.type) else field.type
        plain = (
            kind in (pyarrow.string(), pyarrow.bool_(), pyarrow.int32(), pyarrow.int64(), pyarrow.date32())
            or kind == pyarrow.timestamp("us", tz="UTC")
            or pyarrow.types.is_decimal128(kind)
        )
        assert plain, f"{table}.{field.name} is {field.type}"
    # The same with Polars: no object, no binary, no category; times are UTC.
    for name, kind in polars.read_parquet_schema(paths[0]).items():
        kind = kind.inner if isinstance(kind, polars.List) else kind
        assert isinstance(kind, (polars.String, polars.Boolean, polars.Int32, polars.Int64, polars.Date, polars.Decimal)) or kind == polars.Datetime(
            "us", "UTC"
        ), f"{table}.{name} is {kind}"


def check_rows(con, table, paths):
    """pandas, Polars and DuckDB read the same number of rows and the same columns."""
    frame, other = pandas.read_parquet(paths), polars.read_parquet(paths)
    relation = con.sql(f'FROM "{table}"')
    rows = con.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    assert rows == len(frame) == len(other) > 0, table
    assert relation.columns == list(frame.columns) == other.columns, table


RATES = """
SELECT object, (200 * count(*) FILTER (matched) + count(*)) // (2 * count(*))
FROM (
    SELECT object, status = 'matched' OR status = 'decided' AND entity_id IS NOT NULL AS matched
    FROM mapping
    WHERE status IN ('decided', 'matched', 'duplicate', 'unmatched')
)
GROUP BY object
"""
LIVE = ["decided", "matched", "duplicate", "unmatched"]


def rates_pandas(mapping):
    live = mapping[mapping.status.isin(LIVE)]
    matched = (live.status == "matched") | (live.status == "decided") & live.entity_id.notna()
    counts = matched.groupby(live.object).agg(["sum", "count"])
    return {o: int((200 * c["sum"] + c["count"]) // (2 * c["count"])) for o, c in counts.iterrows()}


def rates_polars(mapping):
    matched = (polars.col("status") == "matched") | (polars.col("status") == "decided") & polars.col("entity_id").is_not_null()
    counts = mapping.filter(polars.col("status").is_in(LIVE)).group_by("object").agg(n=polars.len(), m=matched.sum())
    return {r["object"]: (200 * r["m"] + r["n"]) // (2 * r["n"]) for r in counts.to_dicts()}


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
