package csvdir

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crmlink/crmlink/schemas"
)

func TestID18(t *testing.T) {
	// The vectors of the protocol notes, and what is no Id.
	for id, check := range map[string]string{
		"a01M00000062mPg": "IAI", "001M000000qfPyS": "IAU", "a0FE000000D6r3F": "MAR", "0F9E000000092w2": "KAA",
		"AbCdEfGhIjKlMnO": "VKV", "aBcDEfgHIJKLMNO": "025", "a0D30000001n7Pi": "EAI",
	} {
		if got, ok := schemas.FullID(id); !ok || got != id+check {
			t.Errorf("schemas.FullID(%s) = %s, %v, want %s", id, got, ok, id+check)
		}
		if got, ok := schemas.FullID(id + check); !ok || got != id+check {
			t.Errorf("schemas.FullID(%s) = %s, %v", id+check, got, ok)
		}
		for _, bad := range []string{id + "AAB", strings.ToUpper(id + check), id[:14], id + check + "A", id[:14] + "-", id[:14] + "é"} {
			if bad == id+check {
				continue
			}
			if _, ok := schemas.FullID(bad); ok {
				t.Errorf("schemas.FullID(%s) is taken", bad)
			}
		}
	}
}

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]string{
		"0.0": "0", "0": "0", "-0.0": "0", "50000.0": "500000000000000", "1.6147805824397E13": "161478058243970000000000",
		"1e3": "10000000000000", "12E-10": "12", ".5": "5000000000", "5.": "50000000000", "+7": "70000000000", "-1.25": "-12500000000",
		"0.0000000001": "1", "0.50000000000000000000": "5000000000", "00012": "120000000000", "0E99999999999999999999": "0",
		"9999999999999999999999999999.9999999999":  "99999999999999999999999999999999999999",
		"-9999999999999999999999999999.9999999999": "-99999999999999999999999999999999999999",
		"100e-12": "1",
	} {
		n, ok := parseDecimal(in, decimalScale)
		if !ok || n.BigInt().String() != want {
			t.Errorf("parseDecimal(%s) = %s, %v, want %s", in, n.BigInt(), ok, want)
		}
	}
	for _, in := range []string{"", ".", "-", "e5", "1e", "1e+", "0.00000000001", "1E-11", "10000000000000000000000000000", "1E28", "1E999999999999",
		"1,000", "1 000", " 1", "1 ", "1.2.3", "NaN", "Infinity", "0x10", "1_000", "١", "--1", "12E-11"} {
		if n, ok := parseDecimal(in, decimalScale); ok {
			t.Errorf("parseDecimal(%q) = %s, want it refused", in, n.BigInt())
		}
	}
	for k := range 200 { // against big.Rat
		in := fmt.Sprintf("%d.%0*dE%d", k*7919, 1+k%9, k%10, k%7-3)
		want, _ := new(big.Rat).SetString(in)
		want.Mul(want, big.NewRat(10_000_000_000, 1))
		n, ok := parseDecimal(in, decimalScale)
		if ok != want.IsInt() || ok && n.BigInt().Cmp(want.Num()) != 0 {
			t.Errorf("parseDecimal(%s) = %s, %v, want %s", in, n.BigInt(), ok, want)
		}
	}
}

func TestParseInt(t *testing.T) {
	for in, want := range map[string]int64{"5000.0": 5000, "5E3": 5000, "-3": -3, "0.0": 0, "9223372036854775807": 9223372036854775807,
		"-9223372036854775808": -9223372036854775808} {
		if n, ok := parseInt(in); !ok || n != want {
			t.Errorf("parseInt(%s) = %d, %v", in, n, ok)
		}
	}
	for _, in := range []string{"5.5", "9223372036854775808", "-9223372036854775809", "1E30", "x"} {
		if n, ok := parseInt(in); ok {
			t.Errorf("parseInt(%s) = %d, want it refused", in, n)
		}
	}
}

func TestParseTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-01-02T17:38:59.000Z": "2026-01-02T17:38:59Z", "2026-01-02T17:38:59Z": "2026-01-02T17:38:59Z",
		"2026-01-02T17:38:59.000+0000": "2026-01-02T17:38:59Z", "2026-01-02T17:38:59.123456+01:30": "2026-01-02T16:08:59.123456Z",
		"2026-01-02T17:38:59-0500": "2026-01-02T22:38:59Z", "2026-01-02 17:38:59+00": "2026-01-02T17:38:59Z",
		"2026-01-02T17:38Z": "2026-01-02T17:38:00Z", "2024-02-29T23:59:59.9Z": "2024-02-29T23:59:59.9Z",
		"1969-12-31T23:59:59.999999Z": "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999000Z": "9999-12-31T23:59:59.999999Z",
	} {
		n, ok := parseTime(in)
		if got := time.UnixMicro(n).UTC().Format(time.RFC3339Nano); !ok || got != want {
			t.Errorf("parseTime(%s) = %s, %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"2026-01-02", "2026-01-02T17:38:59", "2026-01-02T17:38:59.000", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z",
		"2026-13-01T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T17:60:00Z", "2026-01-02T17:38:60Z", "2026-01-02T17:38:59.Z",
		"2026-01-02T17:38:59.1234567Z", "2026-01-02T17:38:59+1", "2026-01-02T17:38:59 Z", "02.01.2026 17:38", "2026-01-02T17:38:5", "2026-01-02T17:38:59+24:00"} {
		if n, ok := parseTime(in); ok {
			t.Errorf("parseTime(%s) = %d, want it refused", in, n)
		}
	}
}

func TestParseDate(t *testing.T) {
	for day := time.Date(1896, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2105; day = day.AddDate(0, 0, 1) {
		if n, ok := parseDate(day.Format("2006-01-02")); !ok || n*86400 != day.Unix() {
			t.Fatalf("parseDate(%s) = %d, %v", day.Format("2006-01-02"), n, ok)
		}
	}
	for _, in := range []string{"", "2026-1-2", "2026-02-29", "2026-00-10", "2026-01-00", "2026/01/02", "0000-01-01", "2026-01-02T00:00:00Z", "20x6-01-02"} {
		if _, ok := parseDate(in); ok {
			t.Errorf("parseDate(%s) is taken", in)
		}
	}
}

func TestParseBoolAndList(t *testing.T) {
	for in, want := range map[string]bool{"true": true, "TRUE": true, "True": true, "1": true, "false": false, "FALSE": false, "0": false} {
		if v, ok := parseBool(in); !ok || v != want {
			t.Errorf("parseBool(%s) = %v, %v", in, v, ok)
		}
	}
	for _, in := range []string{"yes", "t", "", "2", "wahr"} {
		if _, ok := parseBool(in); ok {
			t.Errorf("parseBool(%s) is taken", in)
		}
	}
	if got := strings.Join(slices.Collect(parseList("a | b||c d|")), ";"); got != "a;b;c d" {
		t.Errorf("parseList = %s", got)
	}
	if slices.Collect(parseList(" | ")) != nil {
		t.Error("a list of nothing is not nil")
	}
}
