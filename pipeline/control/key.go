package control

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// KeyVariable is the environment variable that holds the key which seals tokens.
const KeyVariable = "CRMLINK_KEY"

// Key seals and opens what is secret, by AES-256-GCM.
type Key struct{ bytes [32]byte }

// String hides the key.
func (Key) String() string { return "key" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "key" }

// makeKey is what to do for a key.
const makeKey = "make one with openssl rand -hex 32, keep it where backups of the store are not, and give it each time"

// ParseKey reads a key of 32 bytes, written in hexadecimal or base64. from says in errors where it stands.
func ParseKey(text, from string) (Key, error) {
	var k Key
	text = strings.TrimSpace(text)
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if data, err := decode(text); err == nil && len(data) == len(k.bytes) {
			copy(k.bytes[:], data)
			return k, nil
		}
	}
	return k, &KeyError{from + " holds no key of 32 bytes in hexadecimal or base64", makeKey}
}

// ReadKey gives the key of the environment, else that of a file, which nobody but its owner may read. With make, a file
// that is not there is made. file may be empty. entry says what names the file.
func ReadKey(file, entry string, make bool) (key Key, made bool, err error) {
	if text := os.Getenv(KeyVariable); text != "" {
		key, err = ParseKey(text, KeyVariable)
		return key, false, err
	}
	if file == "" {
		return key, false, &KeyError{"there is no key to seal the tokens with", "set " + KeyVariable + " to the output of openssl rand -hex 32 here and wherever crmlink runs; " +
			"or name a file under " + entry + ", and crmlink connect makes it"}
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && make:
		return newKeyFile(file)
	case errors.Is(err, fs.ErrNotExist):
		return key, false, &KeyError{"the file of the key, " + file + ", is not there", "put it back, or crmlink connect makes a new one and connects anew"}
	case err != nil:
		return key, false, fmt.Errorf("read key: %w", err)
	case info.Mode().Perm()&0o077 != 0:
		return key, false, &KeyError{fmt.Sprintf("the file of the key, %s, has mode %04o: others may read it", file, info.Mode().Perm()), "chmod 600 " + file}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return key, false, fmt.Errorf("read key: %w", err)
	}
	key, err = ParseKey(string(text), "the file "+file)
	return key, false, err
}

func newKeyFile(file string) (key Key, made bool, err error) {
	rand.Read(key.bytes[:]) //nolint:errcheck // never fails
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return key, false, fmt.Errorf("make key: %w", err)
	}
	_, err = fmt.Fprintln(f, hex.EncodeToString(key.bytes[:]))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return key, false, fmt.Errorf("make key: %w", err)
	}
	return key, true, nil
}

// KeyError says that there is no key, or not the right one.
type KeyError struct{ Problem, Next string }

func (e *KeyError) Error() string { return e.Problem }

// Try is the next step.
func (e *KeyError) Try() string { return e.Next }

// Input marks it as a fault of what the user gave.
func (e *KeyError) Input() bool { return true }

// Seal encrypts a text for one purpose, and Open takes it for no other.
func (k Key) Seal(plain []byte, purpose string) ([]byte, error) {
	box, err := k.box()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) //nolint:errcheck // never fails
	return box.Seal(nonce, nonce, plain, []byte(purpose)), nil
}

// Open decrypts what Seal made.
func (k Key) Open(sealed []byte, purpose string) ([]byte, error) {
	box, err := k.box()
	if err != nil {
		return nil, err
	}
	if len(sealed) >= box.NonceSize() {
		if plain, err := box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], []byte(purpose)); err == nil {
			return plain, nil
		}
	}
	return nil, &KeyError{"the tokens in the store were sealed with another key", "give the key that they were sealed with, or crmlink connect anew with this one"}
}

func (k Key) box() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.bytes[:])
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return box, nil
}
