//go:build !duckdb_arrow

package sql

// crmlink moves rows as Arrow batches, which the DuckDB driver offers only with this build tag.
// `make` sets it; by hand: go build -tags duckdb_arrow ./...
var _ = build_with_make_or_pass__tags_duckdb_arrow
