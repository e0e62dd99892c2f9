package simulator

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// assertion checks a JWT and gives its user. Published clients write exp as text or in milliseconds, and the org's own
// address as the audience; that is taken unless the org is strict.
func (x *exchange) assertion() (username string, _ failure) {
	bad := deny("invalid_grant", "invalid assertion")
	parts := strings.Split(x.r.FormValue("assertion"), ".")
	if len(parts) != 3 {
		return "", bad
	}
	var head struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	var claims map[string]json.RawMessage
	for i, to := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, to) != nil {
			return "", bad
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || head.Algorithm != "RS256" || len(signature) == 0 {
		return "", bad
	}
	if key := x.s.org.Key; key != nil {
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
			return "", bad
		}
	}
	text := func(name string) string {
		var v string
		json.Unmarshal(claims[name], &v) //nolint:errcheck // what is no text is empty, and refused
		return v
	}
	if x.set.UnknownClient || text("iss") != x.s.org.ClientID {
		return "", deny("invalid_client_id", "client identifier invalid")
	}
	expires, err := strconv.ParseFloat(strings.Trim(string(claims["exp"]), `"`), 64)
	if err != nil {
		return "", bad
	}
	numeric, milliseconds := !strings.HasPrefix(string(claims["exp"]), `"`), expires > 1e11
	if milliseconds {
		expires /= 1000
	}
	ahead := expires - float64(x.now.Unix())
	switch {
	case ahead <= 0:
		return "", deny("invalid_grant", "expired authorization code")
	case ahead > 24*3600:
		return "", bad
	}
	audience := strings.TrimSuffix(text("aud"), "/")
	literal := "https://login.salesforce.com"
	if x.s.org.Sandbox {
		literal = "https://test.salesforce.com"
	}
	if audience != literal && audience != x.base() {
		return "", deny("invalid_grant", "audience validation failed")
	}
	if x.s.strict {
		for _, c := range []struct {
			wrong bool
			what  string
		}{
			{!numeric || milliseconds || expires != math.Trunc(expires), "exp is a number of whole seconds"},
			{ahead > 180, fmt.Sprintf("exp is at most 3 minutes ahead, not %.0f s", ahead)},
			{text("aud") != literal, "aud is " + literal + ", whatever host is asked"},
			{claims["scope"] != nil || head.KeyID != "", "neither scope nor kid belongs into it"},
			{x.r.FormValue("client_secret") != "", "a JWT is sent without client secret"},
		} {
			if c.wrong {
				return "", x.violation("JWT: " + c.what)
			}
		}
	}
	return text("sub"), nil
}
