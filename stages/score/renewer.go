package score

import (
	"context"

	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/linkage"
)

// mostTouched is the share of directory records, one in so many, from which on it costs less to score every record than to
// find the pairs that change. It changes no result.
const mostTouched = 20

// mostShared is how many directory records may differ for what is made of them to stay in memory from one step to the next: some 6 kB each.
const mostShared = 20_000

// sharedRenewer is what tells scoring and the trying of changes what another directory makes of candidates: the same for both.
type sharedRenewer struct {
	*linkage.Renewer
	in      In
	earlier string // index
}

func shareOf(in In) string { return "renewer of " + in.Section.Kind }

// renewerOf makes a Renewer for a call and the index of an earlier one, or takes the one that was made for it. There is none where too many
// directory records differ.
func renewerOf(ctx context.Context, s *sql.Session, in In, earlier string, before, after *linkage.Index) (*linkage.Renewer, error) {
	kept, ok := s.Shared(shareOf(in)).(sharedRenewer)
	if ok && kept.earlier == earlier && kept.in.Index == in.Index && (&Earlier{In: kept.in}).fits(in) {
		return kept.Over(before, after), nil
	}
	differing := linkage.NewDiffering(before, after)
	if differing.Len()*mostTouched > after.Len() {
		return nil, nil
	}
	renewer, err := linkage.NewMeetings(differing).NewRenewer(in.Parameters, nil)
	if err != nil {
		return nil, err
	}
	if err := readFrequencies(ctx, s, in, []*linkage.Scorer{renewer.Scorer()}, renewer.Values()); err != nil {
		return nil, err
	}
	if differing.Len() <= mostShared {
		in.Earlier = nil
		s.Share(shareOf(in), sharedRenewer{renewer.Kept(), in, earlier})
	}
	return renewer, nil
}
