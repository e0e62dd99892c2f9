// Package linkage is the matching model and the kernel that interprets it: operators, records, blocking index,
// estimation, scoring, and the same model as SQL.
//
// It is a leaf that the block and score stages share: it reads Arrow batches and hands back values. It runs no SQL,
// opens no file and knows no clock. What a weight is worth is data (Model, Parameters), never code.
//
// # The model
//
// A Section compares CRM records (left, "a") with directory records (right, "b"). Each Comparison gives a pair exactly
// one level. Its groups are tried in order: the first whose Present condition holds is the pattern of fields that both
// sides have, or another circumstance under which agreement means something else (colleagues share their town); within
// it the first level whose When holds counts; the last level has no When and takes the rest. Where no group is present
// the level is 0, "nothing to compare", with weight 0. m and u of the levels of one group sum to one: a missing field is
// never evidence. Levels are numbered through the groups of a comparison, from 1.
//
// Weights are whole thousandths of a bit (millibits): round-half-even(1000·log2(m/u)).
//
// # Operators
//
// A condition is `op(column, …) & … | …`: & binds stronger than |. The first column is the CRM side's, the second the
// directory's; one column stands for both sides. Text is compared byte by byte; all compared text is folded ASCII.
// Empty text is null, and a list is the set of its values that are not null or empty; an empty set is null. A
// condition on a null is false. Where an operator takes sets, a text column counts as the set of its one value.
//
//	present(x)         both sides have a value
//	equal(x)           both texts have the same bytes
//	similar(x, t)      Jaro-Winkler ≥ t. Jaro of P (CRM) and T (directory) with lengths p and t: each byte of T in order
//	                   takes the first free equal byte of P at most max(p,t)/2−1 places away (whole division); c matches,
//	                   s of them in another order, halved downwards; J = ((c/p + c/t) + (c−s)/c) / 3 in IEEE doubles, 0
//	                   without matches. Above 0.7 it grows by l·0.1·(1−J), l the common prefix, at most 4. This is
//	                   DuckDB's jaro_winkler_similarity(a, b) without cutoff, to the bit
//	edits(x, k)        Damerau-Levenshtein distance ≤ k over bytes: insertions, deletions, substitutions, and
//	                   transpositions with anything between them, one each; DuckDB's damerau_levenshtein(a, b)
//	prefix(x, n)       both have at least n bytes, and the first n are equal
//	extends(x, n)      the shorter has at least n bytes and is a proper prefix of the longer
//	initial(x)         at least one is a single byte, and the first bytes are equal
//	overlap(x)         the sets share a value
//	share(x, t)        1000·|shared| ≥ t·|union|, t in thousandths (Jaccard)
//	within(x, t)       1000·|shared| ≥ t·|smaller set|, t in thousandths
//	ends(x, n)         some value of each side has at least n bytes and they share the last n
//	alike(x, t)        1000·(words of the CRM side that have their like on the other + words of the directory side that have)
//	                   ≥ t·(words of both). Words are a list's values, or a text cut at spaces. Like are words that are
//	                   equal, or have 4 bytes each at least and a Jaro-Winkler (CRM word, directory word) of 0.9
//	covers(x, t)       1000·words of the side with fewer words that have their like on the other ≥ t·its words; the CRM
//	                   side where both have as many
//	near(x, t)         some value of one side and some of the other have a Jaro-Winkler ≥ t
//	label(x)           the sets share a value when each is cut before its first dot
//	spells(x, y, n)    some value of x, cut before its first dot and without hyphens, and some value of y, without spaces,
//	                   each of at least n bytes, are equal: the domain acme-steel.com and the name acme steel
//	crossed(x, y)      a.x = b.y and a.y = b.x
//	steps(x, k)        both are in the section's order of x, at most k places apart
//
// # Frequency adjustment
//
// A level may be adjusted by how common the value is: bits(v) = round-half-even(1000·log2(n/(r−d))), n the directory
// records with a value in the field, r those that hold v (1 where term_frequency lacks it) and d the field's discount.
// The adjustment is the value's bits minus the level's own round-half-even(−1000·log2 u), between the section's floor
// and ceiling; 0 where there is no such value.
//
//	value(x)           bits of the equal text
//	rarest(x)          the largest bits among the shared values
//	words(x)           the sum of the bits of the shared values
//	name(x, w)         the smaller of the bits of the equal text x and the sum of the bits of the shared words w: a name
//	                   is never rarer than its words together
//
// # Competition
//
// Per CRM record the hypotheses are: none, match b, and look-alike of b, which shares only some comparisons with b and
// is otherwise no nearer than chance. See score.go; estimation by one EM over the same hypotheses is in em.go.
package linkage
