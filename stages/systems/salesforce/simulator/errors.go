package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error of REST and Bulk 2.0: a status and an array of one object.
type apiError struct {
	status  int
	Message string   `json:"message"`
	Code    string   `json:"errorCode"`
	Fields  []string `json:"fields,omitempty"`
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

func refuse(status int, code, message string) *apiError {
	return &apiError{status: status, Code: code, Message: message}
}

var (
	errSession = refuse(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
	errMissing = refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	errMethod  = refuse(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method not allowed. Allowed are HEAD,GET")
)

// oauthError is an error of /services/oauth2: an object, never an array.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

func deny(code, description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, Code: code, Description: description}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.Encode(v) //nolint:errcheck // the client is gone
}

func (e *apiError) write(w http.ResponseWriter) { writeJSON(w, e.status, []*apiError{e}) }

func (e *oauthError) write(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, e.status, e)
}

// malformed is the answer to a statement that is none; the message has several lines, as the CRM's.
func malformed(text string, at int, problem string) *apiError {
	return pointed(text, at, "MALFORMED_QUERY", problem)
}

func pointed(text string, at int, code, problem string) *apiError {
	at = min(at, len(text))
	from, to := max(0, at-30), min(len(text), at+30)
	return refuse(http.StatusBadRequest, code, fmt.Sprintf("\n%s\n%s^\nERROR at Row:1:Column:%d\n%s",
		strings.ReplaceAll(text[from:to], "\n", " "), strings.Repeat(" ", at-from), at+1, problem))
}
