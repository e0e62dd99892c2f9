package salesforce

import (
	"errors"
	"strings"
)

// Code names a kind of failure. What an administrator does about a failure depends on nothing else.
type Code string

// The codes, as they stand in reports and in the documentation.
const (
	Connect   Code = "E_CONNECT"    // nothing answers, or not as Salesforce does
	API       Code = "E_API"        // Salesforce answers that something failed on its side
	Privilege Code = "E_PRIVILEGE"  // the user may not do what is needed
	Objects   Code = "E_OBJECTS"    // required objects or fields are missing or not readable
	Version   Code = "E_VERSION"    // no API version that has Bulk queries
	Bulk      Code = "E_BULK"       // the org has no Bulk API
	Revoked   Code = "auth_revoked" // the connection was withdrawn on Salesforce's side
	Quota     Code = "E_QUOTA"      // this run's or the org's share of API calls is used up
	Protocol  Code = "E_PROTOCOL"   // an answer that contradicts the protocol, or counts that disagree
	Setting   Code = "E_SETTING"    // what the caller was configured with cannot be meant
)

// sentences are the first words of an error, as requirements B1 to B6 give them.
var sentences = map[Code]string{
	Connect:   "Could not connect to CRM. Please try again later.",
	API:       "The CRM API reported an error. Please try again later.",
	Privilege: "Your CRM account does not have sufficient access privileges. Please check with your CRM administrator.",
	Objects:   "Could not read the required CRM objects from your org.",
	Version:   "Your Salesforce org does not support the required version of the Salesforce API (v47). Please check with your Salesforce Administrator.",
	Bulk:      "Your Salesforce org does not support the Salesforce Bulk API. Please check with your Salesforce representative.",
	Revoked:   "The connection to Salesforce was revoked or has expired.",
	Quota:     "The share of Salesforce API calls that crmlink may use is used up. Please try again later.",
	Protocol:  "Salesforce's answer does not add up, so nothing of it is used.",
	Setting:   "The connection to Salesforce is not configured correctly.",
}

// steps are the next steps where the place of the failure knows no better one.
var steps = map[Code]string{
	Connect:   "check the network and https://status.salesforce.com, then run again; what was downloaded is kept",
	API:       "check https://status.salesforce.com or ask the CRM representative, then run again; what was downloaded is kept",
	Privilege: "grant the integration user API access and read access, then crmlink connect --check",
	Objects:   "grant the integration user read access, or map custom fields in the config",
	Version:   "ask the Salesforce administrator for an org with API version 47 or later",
	Bulk:      "ask the Salesforce representative to enable the Bulk API for this edition",
	Revoked:   "crmlink connect",
	Quota:     "run again when calls are free, or raise org.quota_run and org.quota_total",
	Protocol:  "run again; if it happens once more, report it with the details above",
	Setting:   "check org in the configuration",
}

// Error is a failure that has a code, the sentence an administrator knows, details, and a next step. None of them holds
// a secret or a value of a record.
type Error struct {
	Code     Code
	Sentence string
	Details  []string
	Next     string
	Err      error // what lies beneath; nil where Salesforce said it itself
}

// fail makes an error of a code with its sentence and next step.
func fail(code Code, err error, details ...string) *Error {
	return &Error{Code: code, Sentence: sentences[code], Next: steps[code], Details: details, Err: err}
}

// try replaces the next step.
func (e *Error) try(next string) *Error {
	e.Next = next
	return e
}

// Error is the sentence, then the code, then one detail a line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Sentence + " (" + string(e.Code) + ")")
	for _, d := range e.Details {
		b.WriteString("\n  " + d)
	}
	return b.String()
}

// Unwrap gives what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// Try is the next step.
func (e *Error) Try() string { return e.Next }

// Unreachable says that something we need is not there to talk to (exit 3).
func (e *Error) Unreachable() bool { return e.Code == Connect || e.Code == API || e.Code == Quota }

// Passes says that the same run may work later without anybody changing anything.
func (e *Error) Passes() bool { return e.Unreachable() }

// Input says that a person has to change something first (exit 2).
func (e *Error) Input() bool {
	switch e.Code {
	case Privilege, Objects, Version, Bulk, Revoked, Setting:
		return true
	}
	return false
}

// isCode says whether an error is a failure of the code.
func isCode(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
