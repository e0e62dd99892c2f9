package normalize

import "testing"

// A headline names the employer where the directory gives no company.
func TestEmployerIn(t *testing.T) {
	for headline, want := range map[string]string{
		"Head of Sales at Acme Steel | Speaker":  "Acme Steel",
		"VP Engineering @ Northwind, ex Contoso": "Northwind",
		"Leiter Einkauf bei Müller & Söhne GmbH": "Müller & Söhne GmbH",
		"Directrice financière chez Dupont":      "Dupont",
		"Sales leader | Speaker | Author":        "",
		"":                                       "",
	} {
		if got := employerIn(headline); got != want {
			t.Errorf("%q: %q, want %q", headline, got, want)
		}
	}
}
