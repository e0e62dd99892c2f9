package normalize

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func TestWebsiteHost(t *testing.T) {
	for in, want := range map[string]host{
		"":                              {},
		"https://www.Acme.co.uk/about":  {domain: "acme.co.uk"},
		"acme.com":                      {domain: "acme.com"},
		"http://shop.acme.com:8080/x?y": {domain: "acme.com"},
		"info@acme.com":                 {domain: "acme.com"},
		"www.müller.de":                 {domain: "xn--mller-kva.de"},
		"facebook.com/acme":             {fault: sharedHost},
		"https://sites.google.com/acme": {fault: sharedHost},
		"john.wixsite.com/mysite":       {fault: sharedHost},
		"de.linkedin.com/company/acme":  {fault: sharedHost},
		"gmail.com":                     {domain: "gmail.com", fault: freeMailed},
		"n/a":                           {fault: notAHost},
		"none":                          {fault: notAHost},
		"server.local":                  {fault: notAHost},
		"192.168.1.1":                   {fault: notAHost},
		"co.uk":                         {fault: notAHost},
		"acme.github.io":                {domain: "acme.github.io"},
		"facebook.com/x; www.acme.com":  {domain: "acme.com"},
		"example.com":                   {fault: placeholder},
		"https:/acme":                   {fault: notAHost},
		"acme..com":                     {fault: notAHost},
		"WWW.ACME.COM":                  {domain: "acme.com"},
		"//acme.io":                     {domain: "acme.io"},
		"https://user:secret@acme.io/x": {domain: "acme.io"},
		"http://www.www.acme.io":        {domain: "acme.io"},
		"https://acme.com.br,":          {domain: "acme.com.br"},
		"mailto:someone@acme.org":       {domain: "acme.org"},
	} {
		if got := shipped().websiteHost(in); got != want {
			t.Errorf("websiteHost(%q) = %+v, want %+v", in, got, want)
		}
	}
}

func TestParseEmail(t *testing.T) {
	for in, want := range map[string]struct {
		email
		fault string
	}{
		"":                         {email{}, fine},
		" Ann.Smith+crm@Acme.COM ": {email{"ann.smith@acme.com", "ann.smith", "acme.com"}, fine},
		"A.n.n@googlemail.com":     {email{"ann@gmail.com", "ann", "gmail.com"}, fine},
		"Info@acme.com":            {email{"info@acme.com", "", "acme.com"}, roleAddress},
		"sales.de@acme.com":        {email{"sales.de@acme.com", "", "acme.com"}, roleAddress},
		"jobs2@acme.com":           {email{"jobs2@acme.com", "", "acme.com"}, roleAddress},
		"Ann <ann@acme.com>":       {email{"ann@acme.com", "ann", "acme.com"}, fine},
		"ann@acme.com.invalid":     {email{"ann@acme.com", "ann", "acme.com"}, fine},
		"ann=acme.com@example.com": {email{"ann@acme.com", "ann", "acme.com"}, fine},
		"ann@":                     {email{}, notAnEmail},
		"ann":                      {email{}, notAnEmail},
		"ann smith@acme.com":       {email{}, notAnEmail},
		"ann@acme":                 {email{}, notAnEmail},
		"noemail@acme.com":         {email{}, placeholder},
		"x@example.com":            {email{}, placeholder},
	} {
		got, fault := shipped().parseEmail(in)
		if got != want.email || fault != want.fault {
			t.Errorf("parseEmail(%q) = %+v %q, want %+v %q", in, got, fault, want.email, want.fault)
		}
	}
}

func TestPhone(t *testing.T) {
	p := newPhones()
	for _, c := range [][3]string{
		{"310/246-1501", "", "3102461501"}, {"310/246-1501", "US", "13102461501"}, {"1-310-246-1501", "US", "13102461501"},
		{"+1 (310) 246-1501 x12", "", "13102461501"}, {"(310) 246-1501 ext. 12", "US", "13102461501"}, {"(030) 1234567", "DE", "49301234567"},
		{"+49 (0)30 1234567", "", "49301234567"}, {"+49 30 1234567", "", "49301234567"}, {"0049 30 1234567", "", "49301234567"},
		{"030 1234567", "", "301234567"}, {"020 7946 0958", "GB", "442079460958"}, {"+44 020 7946 0958", "", "442079460958"},
		{"06 1234 5678", "IT", "390612345678"}, {"+39 06 1234 5678", "", "390612345678"}, {"01 42 68 53 00", "FR", "33142685300"},
		{"8 495 123-45-67", "RU", "74951234567"}, {"+7 495 123 45 67", "", "74951234567"}, {"1-800-FLOWERS", "US", "18003569377"},
		{"+52 1 55 1234 5678", "", "525512345678"}, {"0000000000", "US", ""}, {"n/a", "", ""}, {"12", "US", ""}, {"Tel: 030/1234567", "DE", "49301234567"},
		{"011 49 30 1234567", "US", "49301234567"}, {"+1 310 246 1501 / +1 310 246 1502", "", "13102461501"}, {"４９５１２３４５６７", "RU", "74951234567"},
	} {
		if got := p.parse(c[0], c[1]); got != c[2] {
			t.Errorf("phone %q in %q = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestHeadcount(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "180": "51-200", "180.0": "51-200", "1,200": "1001-5000", "1.200": "1001-5000", "51-200": "51-200", "51 to 200": "51-200",
		"50-200": "51-200", "10001+": "10001+", "10,000+": "10001+", "more than 500": "501-1000", "Self-employed": "1-10", "2k": "1001-5000", "1-10 employees": "1-10",
		"100-249": "51-200", "unknown": "", "0": "", "1,001-5,000": "1001-5000", "5K-10K": "5001-10000", "99999999999999999999": "10001+", "200-51": "",
	} {
		if got := headcountOf(in); got != want {
			t.Errorf("headcountOf(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParseTitle(t *testing.T) {
	for in, want := range map[string]jobTitle{
		"":                               {},
		"VP Sales":                       {"vice president sales", "sales", "vice president"},
		"SVP, Sales & Marketing":         {"senior vice president sales and marketing", "sales", "vice president"},
		"CEO":                            {"chief executive officer", leading, "chief"},
		"Co-Founder & CTO":               {"co founder and chief technology officer", "engineering", "owner"},
		"Sr. Software Engr":              {"senior software engineer", "engineering", "senior"},
		"Mktg Mgr":                       {"marketing manager", "marketing", "manager"},
		"Account Executive":              {"account executive", "sales", "staff"},
		"Executive Assistant to the CEO": {"executive assistant to the chief executive officer", "administration", "assistant"},
		"Head of People":                 {"head of people", "human resources", "head"},
		"Geschäftsführer":                {"geschaftsfuhrer", leading, "chief"},
		"Directeur Financier":            {"directeur financier", "", "director"},
		"Leiter Einkauf":                 {"leiter einkauf", "supply chain", "head"},
		"Product Manager at Acme":        {"product manager", "product", "manager"},
		"Registered Nurse":               {"registered nurse", "medical", "staff"},
		"Chimney Sweep":                  {"chimney sweep", "", ""},
		"Data Scientist":                 {"data scientist", "data", "staff"},
		"Partner, Tax":                   {"partner tax", "finance", "partner"},
	} {
		if got := parseTitle(in); got != want {
			t.Errorf("parseTitle(%q) = %+v, want %+v", in, got, want)
		}
	}
}

// What is read byte by byte is read as any other address.
func TestParseEmail_PlainOnesAsAllOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	know, plain := shipped(), 0
	locals := []string{"john.smith", "info", "j", "sales2", "x_y-z", "john+work", "test", "noreply", "..a", "a.", "-b", "J.Doe", "user=acme.com", "müller", "a..b", ""}
	domains := []string{"acme.com", "gmail.com", "googlemail.com", "example.com", "acme.de.invalid", "Acme.COM", "acme", "a-.com", "-a.com", "10.0.0.1", "1.2.3.4.5",
		"x.y1", "acme..com", "acme.com.", "acme_x.io", "bücher.de", "acme.com@x.de", ""}
	texts := func() string {
		if random.IntN(3) > 0 {
			return locals[random.IntN(len(locals))] + "@" + domains[random.IntN(len(domains))]
		}
		text := make([]byte, random.IntN(12))
		for i := range text {
			text[i] = "ab1.@@-_ >"[random.IntN(10)]
		}
		return string(text)
	}
	for range 20_000 {
		text := texts()
		got, fault := know.parseEmail(text)
		if want, wantFault := know.takeAddress(text); got != want || fault != wantFault {
			t.Fatalf("%q: %v %q, want %v %q", text, got, fault, want, wantFault)
		}
		if _, _, ok := plainAddress(text); ok {
			plain++
		}
	}
	if plain == 0 {
		t.Error("no address was plain")
	}
}

func TestIsHostName_NoAddressOfNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(19, 20))
	numbers := 0
	for range 20_000 {
		text := make([]byte, 4+random.IntN(8))
		for i := range text {
			text[i] = "0129..a-"[random.IntN(8)]
		}
		s := string(text)
		_, err := netip.ParseAddr(s)
		if err == nil {
			numbers++
		}
		if want := s[0] != '.' && strings.Contains(s, ".") && s[len(s)-1] != '-' && !strings.Contains(s, "..") && err != nil; isHostName(s) != want {
			t.Fatalf("isHostName(%q) = %v", s, !want)
		}
	}
	if numbers == 0 {
		t.Error("no text was an address of numbers")
	}
}
