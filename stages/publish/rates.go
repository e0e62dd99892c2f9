package publish

import (
	"fmt"
	"math/big"
	"strings"
)

// Rate is how many records of an object have an entity: two columns of sync_stats.
type Rate struct {
	Object           string
	Records, Matched int64
}

// Below fewRated records, or fewer matches short than fewShort, a rate falls by single records and says nothing.
const (
	fewRated = 20
	fewShort = 5
)

// CheckRates compares the match rates of two publications. It fails when the unrounded rate of an object fell by more
// than limitMicros millionths.
func CheckRates(before, after []Rate, limitMicros int64) Check {
	var fallen []string
	for _, now := range after {
		for _, was := range before {
			if was.Object == now.Object && was.Records >= fewRated && now.Records >= fewRated && fell(was, now, limitMicros) {
				fallen = append(fallen, fmt.Sprintf("%s: %d of %d matched, before %d of %d", now.Object, now.Matched, now.Records, was.Matched, was.Records))
			}
		}
	}
	return Check{Name: "match_rate", Passed: len(fallen) == 0, Detail: strings.Join(fallen, "; ")}
}

// fell is exact: the products of two counts of an org with millions of records pass 64 bits.
func fell(was, now Rate, limitMicros int64) bool {
	drop := new(big.Rat).Sub(big.NewRat(was.Matched, was.Records), big.NewRat(now.Matched, now.Records))
	short := new(big.Rat).Mul(drop, big.NewRat(now.Records, 1))
	return drop.Cmp(big.NewRat(limitMicros, 1_000_000)) > 0 && short.Cmp(big.NewRat(fewShort, 1)) >= 0
}
