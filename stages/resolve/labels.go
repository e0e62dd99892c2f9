package resolve

import (
	"context"
	"fmt"

	"github.com/crmlink/crmlink/sql"
)

// Verdicts is what people's decisions come to for the records of a kind, as Run takes them: the table verdict. Only
// what decisions depend on is read of In.
func Verdicts(ctx context.Context, s *sql.Session, in In) (sql.Snapshot, error) {
	r := run{ctx: ctx, session: s, kind: in.Kind}
	for name, snap := range in.tables() {
		r.bind(name, name, snap)
	}
	_, verdicts := r.decisions(in.Redirects.Rows > 0, in.Decisions.Rows > 0)
	if r.err != nil {
		return sql.Snapshot{}, fmt.Errorf("resolve: decisions of %s: %w", in.Kind, r.err)
	}
	return verdicts, nil
}
