package normalize

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// What is wrong with an address; the names stand in data_quality.
const (
	fine        = ""
	notAHost    = "not_a_host"
	notAnEmail  = "not_an_address"
	sharedHost  = "shared_host"
	freeMailed  = "free_mail"
	placeholder = "placeholder"
	roleAddress = "role_address"
)

// host is a web or mail host: its registrable domain, and why that says nothing of a company.
type host struct{ domain, fault string }

// websiteHost reads a website address, with or without scheme, port and path. Of several the first usable counts.
func (know *knowledge) websiteHost(s string) host {
	s = strings.TrimSpace(s)
	if s == "" {
		return host{}
	}
	h := host{fault: notAHost}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '|' || r == '\n' || r == '\t' }) {
		found := know.hostOf(bareHost(part))
		if found.fault == fine && found.domain != "" {
			return found
		}
		if h.fault == notAHost && found.fault != fine {
			h = found
		}
	}
	return h
}

// bareHost cuts scheme, user, port, path and www off an address.
func bareHost(s string) string {
	s = strings.ToLower(s)
	if i := strings.Index(s, "//"); i >= 0 && i < 8 {
		s = s[i+2:]
	}
	s = strings.TrimPrefix(s, "mailto:")
	if i := strings.IndexAny(s, "/?#\\"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, ".,<>()[]\"'")
	for _, prefix := range []string{"www.", "www2.", "www1.", "ww."} {
		if rest, ok := strings.CutPrefix(s, prefix); ok && strings.Contains(rest, ".") {
			s = rest
		}
	}
	return s
}

// hostOf finds the registrable domain of a bare host and judges it.
func (know *knowledge) hostOf(s string) host {
	if !isASCII(s) {
		ascii, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return host{fault: notAHost}
		}
		s = ascii
	}
	if !isHostName(s) {
		return host{fault: notAHost}
	}
	suffix, listed := publicsuffix.PublicSuffix(s)
	if !listed && strings.IndexByte(suffix, '.') < 0 { // a top level domain that does not exist, such as .local
		return host{fault: notAHost}
	}
	if covers(know.sharedHosts, s) {
		return host{fault: sharedHost}
	}
	if s == suffix {
		if !listed {
			return host{fault: sharedHost} // github.io itself
		}
		return host{fault: notAHost}
	}
	i := strings.LastIndexByte(s[:len(s)-len(suffix)-1], '.')
	domain := s[i+1:]
	switch {
	case know.freeMail[domain] || know.freeMail[s]:
		return host{domain: domain, fault: freeMailed}
	case know.noise[domain]&noiseDomain != 0:
		return host{fault: placeholder}
	}
	return host{domain: domain}
}

// covers says whether a set holds a host or one above it.
func covers(set map[string]bool, s string) bool {
	for {
		if set[s] {
			return true
		}
		i := strings.IndexByte(s, '.')
		if i < 0 {
			return false
		}
		s = s[i+1:]
	}
}

func isHostName(s string) bool {
	if len(s) < 4 || len(s) > 253 || strings.IndexByte(s, '.') <= 0 || s[len(s)-1] == '-' || strings.Contains(s, "..") {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	if last := s[len(s)-1]; last < '0' || last > '9' {
		return true // as nearly all: no address ends in a letter, for those with colons are no names above
	}
	_, err := netip.ParseAddr(s)
	return err != nil
}

// email is one address.
type email struct {
	address string // folded: lower case, without plus part, Gmail's dots left out
	local   string // part before the @ where it names a person, else empty
	host    string
}

// parseEmail folds an address. Sandbox copies of a CRM append .invalid or write user=acme.com@example.com: undone here.
func (know *knowledge) parseEmail(s string) (email, string) {
	if local, domain, ok := plainAddress(s); ok {
		return know.judgeAddress(s, local, domain)
	}
	return know.takeAddress(s)
}

// addressBytes are what an address that needs no work may consist of beside the @: 1 anywhere, 2 anywhere but at the ends.
var addressBytes = func() (t [256]byte) {
	for c := range t {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			t[c] = 1
		case c == '.' || c == '-' || c == '_':
			t[c] = 2
		}
	}
	return t
}()

// plainAddress splits an address that takeAddress would change nothing in, as nearly all are.
func plainAddress(s string) (local, domain string, ok bool) {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > 64 || at > len(s)-2 {
		return "", "", false
	}
	local, domain = s[:at], s[at+1:]
	for i := 0; i < len(s); i++ {
		if addressBytes[s[i]] == 0 && i != at {
			return "", "", false
		}
	}
	ends := addressBytes[s[0]] & addressBytes[s[at-1]] & addressBytes[s[at+1]] & addressBytes[s[len(s)-1]]
	return local, domain, ends == 1 && !strings.HasSuffix(domain, ".invalid")
}

// takeAddress is parseEmail for addresses of all kinds.
func (know *knowledge) takeAddress(s string) (email, string) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return email{}, fine
	}
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s, _, _ = strings.Cut(s[i+1:], ">")
	}
	s = strings.TrimPrefix(s, "mailto:")
	s = strings.Trim(s, " .,;<>()\"'")
	s = strings.TrimSuffix(s, ".invalid")
	local, domain, ok := strings.Cut(s, "@")
	if user, home, sandbox := strings.Cut(local, "="); sandbox && domain == "example.com" && strings.Contains(home, ".") {
		local, domain = user, home
	}
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	local = strings.Trim(local, ".")
	if !ok || local == "" || len(local) > 64 || strings.ContainsAny(local, " ,;:()<>[]\\\"") || strings.ContainsAny(domain, "@ ") {
		return email{}, notAnEmail
	}
	if !isASCII(local) {
		local = compactOf(local)
	}
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return email{}, notAnEmail
		}
		domain = ascii
	}
	return know.judgeAddress("", local, domain)
}

// judgeAddress is the address of a local part and a domain, both folded; whole is the two as they stand, where they do.
func (know *knowledge) judgeAddress(whole, local, domain string) (email, string) {
	if !isHostName(domain) {
		return email{}, notAnEmail
	}
	if know.noise[domain]&noiseDomain != 0 || know.noise[local]&noiseLocal != 0 {
		return email{}, placeholder
	}
	if domain == "googlemail.com" {
		domain, whole = "gmail.com", ""
	}
	if domain == "gmail.com" && strings.IndexByte(local, '.') >= 0 {
		local, whole = strings.ReplaceAll(local, ".", ""), ""
	}
	if whole == "" {
		whole = local + "@" + domain
	}
	e := email{address: whole, local: local, host: domain}
	if know.isRole(local) {
		e.local = ""
		return e, roleAddress
	}
	return e, fine
}

// isRole says whether the part before the @ names a role: info, sales.de, jobs2.
func (know *knowledge) isRole(local string) bool {
	if know.roleLocals[local] {
		return true
	}
	word := strings.TrimRight(local, "0123456789")
	if i := strings.IndexAny(word, ".-_"); i > 0 {
		word = word[:i]
	}
	return len(word) > 1 && know.roleLocals[word]
}
