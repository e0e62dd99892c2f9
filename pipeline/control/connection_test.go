package control

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testKey(t *testing.T, digit string) Key {
	t.Helper()
	k, err := ParseKey(strings.Repeat(digit, 64), "test")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKey_A14_SealsForOnePurpose(t *testing.T) {
	k := testKey(t, "a")
	one, err := k.Seal([]byte("secret"), "connection")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := k.Seal([]byte("secret"), "connection")
	if bytes.Equal(one, two) || bytes.Contains(one, []byte("secret")) {
		t.Error("sealed twice it is the same, or it can be read")
	}
	if plain, err := k.Open(one, "connection"); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	one[len(one)-1]++
	for name, open := range map[string]func() ([]byte, error){
		"another key":     func() ([]byte, error) { return testKey(t, "b").Open(two, "connection") },
		"another purpose": func() ([]byte, error) { return k.Open(two, "webhook") },
		"a changed byte":  func() ([]byte, error) { return k.Open(one, "connection") },
		"a piece":         func() ([]byte, error) { return k.Open(two[:8], "connection") },
	} {
		var refused *KeyError
		if _, err := open(); !errors.As(err, &refused) || refused.Try() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %s", k, k, k, k); strings.Contains(text, "170") || strings.Contains(text, "aa") {
		t.Errorf("a key prints as %s", text)
	}
}

func TestReadKey_A14_WhatItTakesAndRefuses(t *testing.T) {
	hexadecimal, base64 := strings.Repeat("0f", 32), "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8="
	want := testKey(t, "0")
	copy(want.bytes[:], bytes.Repeat([]byte{15}, 32))
	for _, text := range []string{hexadecimal, strings.ToUpper(hexadecimal), base64, strings.TrimRight(base64, "="), " " + hexadecimal + "\n"} {
		if k, err := ParseKey(text, KeyVariable); err != nil || k != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "password", hexadecimal[:62], hexadecimal + "00", strings.Repeat("g", 64)} {
		_, err := ParseKey(text, KeyVariable)
		var refused *KeyError
		if !errors.As(err, &refused) || !strings.Contains(refused.Try(), "openssl rand -hex 32") || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	t.Setenv(KeyVariable, "")
	file := filepath.Join(t.TempDir(), "key")
	var refused *KeyError
	if _, _, err := ReadKey("", "org.key_file", true); !errors.As(err, &refused) || !strings.Contains(refused.Try(), "openssl rand -hex 32") {
		t.Errorf("no key at all: %v", err)
	}
	if _, _, err := ReadKey(file, "org.key_file", false); !errors.As(err, &refused) {
		t.Errorf("no file: %v", err)
	}
	made, isNew, err := ReadKey(file, "org.key_file", true)
	info, e := os.Stat(file)
	if err != nil || e != nil || !isNew || info.Mode().Perm() != 0o600 {
		t.Fatal(err, e, isNew, info)
	}
	if again, isNew, err := ReadKey(file, "org.key_file", true); err != nil || isNew || again != made {
		t.Errorf("the made one again: new %v, %v", isNew, err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadKey(file, "org.key_file", true); !errors.As(err, &refused) || refused.Try() != "chmod 600 "+file {
		t.Errorf("a file that others may read: %v", err)
	}
	t.Setenv(KeyVariable, hexadecimal)
	if k, _, err := ReadKey(file, "org.key_file", false); err != nil || k != want {
		t.Errorf("the environment comes first: %v", err)
	}
}

func TestConnection_A8_A11_ReplacedAndRemoved(t *testing.T) {
	store := t.TempDir()
	db := opened(t, store)
	if c, err := db.Connection(t.Context()); c != nil || err != nil {
		t.Fatalf("before the first: %v, %v", c, err)
	}
	if _, err := db.Add(t.Context(), Act{At: noon}, decision(1)); err != nil {
		t.Fatal(err)
	}
	act := Act{By: "eve", Login: "root", At: noon, What: "connect", Detail: "org 00D, user 005"}
	c := Connection{Login: "https://login.salesforce.com", ClientID: "3MVG9", Flow: "web", Org: "00D000000000001AAA", User: "005000000000001AAA",
		Instance: "https://a.my.salesforce.com", By: "eve", Since: noon, Sealed: bytes.Repeat([]byte("sealed-one "), 50)}
	if err := db.Connect(t.Context(), act, c); err != nil {
		t.Fatal(err)
	}
	other := c
	other.User, other.Sealed = "005000000000002AAA", bytes.Repeat([]byte("sealed-two "), 50)
	if err := db.Connect(t.Context(), act, other); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Connection(t.Context()); err != nil || got.User != other.User || !bytes.Equal(got.Sealed, other.Sealed) || !got.Since.Equal(noon) {
		t.Errorf("as another user: %+v, %v", got, err)
	}
	var refused *OtherOrgError
	foreign := c
	foreign.Org = "00D000000000002AAA"
	if err := db.Connect(t.Context(), act, foreign); !errors.As(err, &refused) || !refused.Input() || refused.Try() == "" {
		t.Errorf("another org: %v", err)
	}
	if err := db.Renew(t.Context(), act, c, c.Instance, []byte("three")); err == nil {
		t.Error("the tokens of the user before were renewed")
	}
	if err := db.Renew(t.Context(), act, other, "https://b.my.salesforce.com", bytes.Repeat([]byte("sealed-three "), 50)); err != nil {
		t.Fatal(err)
	}
	if err := db.Disconnect(t.Context(), Act{At: noon, What: "disconnect"}); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Connection(t.Context()); got != nil || err != nil {
		t.Errorf("disconnected: %v, %v", got, err)
	}
	if err := db.Connect(t.Context(), act, foreign); !errors.As(err, &refused) {
		t.Errorf("another org after disconnecting: %v", err)
	}
	// Of what was replaced and removed nothing is left in the files, and all else is.
	entries, err := os.ReadDir(store)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if data, _ := os.ReadFile(filepath.Join(store, e.Name())); bytes.Contains(data, []byte("sealed-")) {
			t.Errorf("%s holds tokens still", e.Name())
		}
	}
	log, err := db.Log(t.Context())
	decisions, e := db.Decisions(t.Context())
	if err != nil || e != nil || len(log) != 5 || len(decisions) != 1 {
		t.Errorf("log %+v, decisions %v, %v, %v", log, decisions, err, e)
	}
	for _, query := range []string{"UPDATE org SET id = 'x'", "DELETE FROM org"} {
		if _, err := db.sql.Exec(query); err == nil {
			t.Errorf("%s: allowed", query)
		}
	}
}
