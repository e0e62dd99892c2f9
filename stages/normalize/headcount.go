package normalize

import (
	"strconv"
	"strings"
)

var headcountBands = []struct {
	upTo int64
	name string
}{{10, "1-10"}, {50, "11-50"}, {200, "51-200"}, {500, "201-500"}, {1000, "501-1000"}, {5000, "1001-5000"}, {10000, "5001-10000"}}

// headcountBand names the band of a number of people.
func headcountBand(n int64) string {
	if n < 1 {
		return ""
	}
	for _, b := range headcountBands {
		if n <= b.upTo {
			return b.name
		}
	}
	return "10001+"
}

// headcountOf reads a number of people or a range: 180, 1,200, 51-200, 51 to 200, 10001+, 2k, myself only. A range
// counts by its middle, so that bands cut elsewhere (50-99) still find theirs.
func headcountOf(s string) string {
	s = strings.ToLower(s)
	var numbers []int64
	for i := 0; i < len(s); {
		if s[i] < '0' || s[i] > '9' {
			i++
			continue
		}
		n, next := readCount(s, i)
		i = next
		numbers = append(numbers, n)
	}
	switch {
	case len(numbers) == 0:
		if strings.Contains(s, "self") || strings.Contains(s, "solo") {
			return headcountBand(1)
		}
		return ""
	case len(numbers) == 1:
		n := numbers[0]
		// Open ranges: 10000+, > 10000, more than 500: the number itself is the least.
		if strings.ContainsAny(s, "+>") || strings.Contains(s, "more") || strings.Contains(s, "over") {
			return headcountBand(n + 1)
		}
		return headcountBand(n)
	}
	low, high := numbers[0], numbers[1]
	if low > high {
		return ""
	}
	// An exact band keeps its name; 50-200 and 51-200 are the same.
	for _, b := range headcountBands {
		if high == b.upTo {
			return b.name
		}
	}
	return headcountBand((low + high) / 2)
}

// readCount reads digits with thousands separators and an optional k or m.
func readCount(s string, i int) (int64, int) {
	start := i
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || (s[i] == ',' || s[i] == '.' || s[i] == '\'') && thousands(s, i)) {
		i++
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s[start:i])
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > 100_000_000 {
		n = 100_000_000
	}
	if i+1 < len(s) && s[i] == '.' && s[i+1] == '0' { // 180.0
		for i++; i < len(s) && s[i] == '0'; i++ {
		}
	}
	if i < len(s) && (s[i] == 'k' || s[i] == 'm') && (i+1 == len(s) || s[i+1] < 'a' || s[i+1] > 'z') {
		if n *= 1000; s[i] == 'm' {
			n *= 1000
		}
		i++
	}
	return min(n, 100_000_000), i
}

// thousands says whether a sign between digits is followed by exactly three digits.
func thousands(s string, i int) bool {
	n := 0
	for j := i + 1; j < len(s) && s[j] >= '0' && s[j] <= '9'; j++ {
		n++
	}
	return n == 3
}
