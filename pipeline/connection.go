package pipeline

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// SecretVariable is the environment variable that holds the consumer secret of the app.
const SecretVariable = "CRMLINK_CLIENT_SECRET"

// Connection is what the store knows of its connection to Salesforce. Nothing of it is secret.
type Connection struct {
	Org      string    `json:"org"`  // Id
	User     string    `json:"user"` // Id
	Instance string    `json:"instance"`
	Login    string    `json:"login"`
	Flow     string    `json:"flow"`
	By       string    `json:"by"` // who connected
	Since    time.Time `json:"since"`
}

// Connection is the one that the store has; nil where it has none.
func (s Store) Connection(ctx context.Context) (*Connection, error) {
	db, err := control.OpenIfThere(ctx, s.Dir)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	c, err := db.Connection(ctx)
	if err != nil || c == nil {
		return nil, err
	}
	return &Connection{Org: c.Org, User: c.User, Instance: c.Instance, Login: c.Login, Flow: c.Flow, By: c.By, Since: c.Since}, nil
}

// renewing is held by the process that changes the tokens: Salesforce takes a refresh token once where it rotates them,
// and withdraws the connection from who shows one twice.
const renewing = "renew"

// alone runs work while no other process changes the tokens.
func (s Store) alone(ctx context.Context, work func() error) error {
	l := flock.New(filepath.Join(s.Dir, renewing))
	if ok, err := l.TryLockContext(ctx, 50*time.Millisecond); err != nil || !ok {
		return fmt.Errorf("wait for who renews the session: %w", errors.Join(err, ctx.Err()))
	}
	defer l.Unlock() //nolint:errcheck // ends with the process anyway
	return work()
}

// session is an open connection: the tokens, and what it takes to renew them.
type session struct {
	store  Store
	config Config
	key    control.Key
	stored control.Connection
	grant  salesforce.Grant
	now    func() time.Time
	who    Person
}

// openConnection reads the store's connection. A store without one is told how to get it.
func (s Store) openConnection(ctx context.Context, c Config, now func() time.Time) (*session, error) {
	key, _, err := control.ReadKey(c.Path("org.key_file"), "org.key_file", false)
	if err != nil {
		return nil, err
	}
	l := &session{store: s, config: c, key: key, now: now, who: Person{By: "crmlink", Login: "crmlink"}}
	return l, l.load(ctx)
}

// load takes the tokens from the control database.
func (l *session) load(ctx context.Context) error {
	db, err := control.OpenIfThere(ctx, l.store.Dir)
	if err != nil {
		return err
	}
	defer db.Close()
	stored, err := db.Connection(ctx)
	if err != nil {
		return err
	}
	if stored == nil {
		return &InputError{Problem: "the store is not connected to Salesforce", Next: "crmlink connect"}
	}
	plain, err := l.key.Open(stored.Sealed, purpose(stored.Org))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(plain, &l.grant); err != nil {
		return fmt.Errorf("read the tokens: %w", err)
	}
	l.stored = *stored
	return nil
}

// purpose binds sealed tokens to their org.
func purpose(org string) string { return "crmlink connection " + org }

// token gives the access token, or the successor of a refused one. What another process renewed meanwhile is taken; else
// this one renews, and what Salesforce gave is stored before it is used.
func (l *session) token(ctx context.Context, refused string) (string, error) {
	if refused == "" {
		return l.grant.AccessToken, nil
	}
	err := l.store.alone(ctx, func() error {
		if err := l.load(ctx); err != nil || l.grant.AccessToken != refused {
			return err
		}
		grant, err := l.renewed(ctx)
		if err != nil {
			return err
		}
		return l.keep(ctx, grant)
	})
	return l.grant.AccessToken, err
}

func (l *session) renewed(ctx context.Context) (salesforce.Grant, error) {
	app, err := l.app()
	if err != nil {
		return salesforce.Grant{}, err
	}
	if l.stored.Flow == WebFlow {
		return app.Refresh(ctx, l.grant.RefreshToken)
	}
	return signIn(ctx, app, l.config, l.stored.Flow, nil)
}

// keep stores a renewed grant. One for another org or user than the stored is refused: nobody has asked for that.
func (l *session) keep(ctx context.Context, grant salesforce.Grant) error {
	if grant.Identity != "" && (grant.OrgID() != l.stored.Org || grant.UserID() != l.stored.User) {
		return &InputError{Problem: fmt.Sprintf("Salesforce renewed the session as user %s of org %s, and the store is connected as user %s of org %s; nothing was changed",
			grant.UserID(), grant.OrgID(), l.stored.User, l.stored.Org), Next: "crmlink connect"}
	}
	sealed, err := sealGrant(l.key, l.stored.Org, grant)
	if err != nil {
		return err
	}
	db, err := control.Open(ctx, l.store.Dir)
	if err != nil {
		return err
	}
	defer db.Close()
	act := control.Act{By: l.who.By, Login: l.who.Login, At: l.now(), What: "renew", Detail: "session of user " + l.stored.User}
	// Salesforce has given the successor: that nobody waits for this run any more must not lose it.
	if err := db.Renew(context.WithoutCancel(ctx), act, l.stored, grant.InstanceURL, sealed); err != nil {
		return err
	}
	l.grant, l.stored.Sealed, l.stored.Instance = grant, sealed, grant.InstanceURL
	return nil
}

func sealGrant(key control.Key, org string, grant salesforce.Grant) ([]byte, error) {
	plain, err := json.Marshal(grant)
	if err != nil {
		return nil, fmt.Errorf("seal the tokens: %w", err)
	}
	return key.Seal(plain, purpose(org))
}

// app is the app that the connection was made with.
func (l *session) app() (salesforce.App, error) {
	return appOf(l.config, l.stored.Login, l.stored.ClientID)
}

func appOf(c Config, login, clientID string) (salesforce.App, error) {
	secret := os.Getenv(SecretVariable)
	if file := c.Path("org.secret_file"); secret == "" && file != "" {
		text, err := readSecret(file)
		if err != nil {
			return salesforce.App{}, err
		}
		secret = strings.TrimSpace(string(text))
	}
	return salesforce.App{Login: login, ClientID: clientID, Secret: secret, Port: c.port()}, nil
}

func (c Config) port() int {
	var n int
	if _, err := fmt.Sscan(c.Text("org.port"), &n); err != nil {
		return 0
	}
	return n
}

// readSecret reads a file that nobody but its owner may read.
func readSecret(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, &InputError{Problem: "the file " + file + " cannot be read", Next: "put it back, or correct crmlink.yaml"}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &InputError{Problem: fmt.Sprintf("the file %s has mode %04o: others may read it", file, info.Mode().Perm()), Next: "chmod 600 " + file}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &InputError{Problem: "the file " + file + " cannot be read", Next: "let the user that runs crmlink read it"}
	}
	return text, nil
}

// signIn gets a grant by a flow. show tells a person which address to open (web).
func signIn(ctx context.Context, app salesforce.App, c Config, flow string, show func(address string) error) (salesforce.Grant, error) {
	switch flow {
	case JWTFlow:
		text, err := readSecret(c.Path("org.jwt_key_file"))
		if err != nil {
			return salesforce.Grant{}, err
		}
		key, err := privateKey(text)
		if err != nil {
			return salesforce.Grant{}, err
		}
		return app.JWT(ctx, c.Text("org.username"), audience(app.Login), key)
	case ClientCredentialsFlow:
		if app.Secret == "" {
			return salesforce.Grant{}, &InputError{Problem: "client credentials need the app's consumer secret",
				Next: "put it into the environment as " + SecretVariable + ", or into a file that org.secret_file names"}
		}
		return app.ClientCredentials(ctx)
	}
	return app.Web(ctx, show)
}

// audience is for whom a JWT is made out: Salesforce takes the address of its login or of its sandboxes' login and no
// other, also where it is sent to a My Domain.
func audience(login string) string {
	u, err := url.Parse(login)
	if login == salesforce.Sandbox || err == nil && strings.HasSuffix(u.Hostname(), ".sandbox.my.salesforce.com") {
		return salesforce.Sandbox
	}
	return salesforce.Production
}

func privateKey(text []byte) (*rsa.PrivateKey, error) {
	wrong := &InputError{Problem: "org.jwt_key_file holds no RSA private key in PEM form", Next: "give the file that was made together with the app's certificate: -----BEGIN PRIVATE KEY-----"}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, wrong
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if key, ok := any.(*rsa.PrivateKey); ok && err == nil {
		return key, nil
	}
	return nil, wrong
}

// client is a client of the org, within the limits of the configuration.
func (l *session) client(o salesforce.Options) (*salesforce.Client, error) {
	o.Instance, o.User, o.Version, o.Token = l.grant.InstanceURL, l.stored.User, l.config.Text("org.api_version"), l.token
	o.RunShare, o.TotalShare = float64(l.config.Micros("org.quota_run"))/1e6, float64(l.config.Micros("org.quota_total"))/1e6
	return salesforce.New(o)
}

// fieldNames are the org's fields that stand for crmlink's own.
func (c Config) fieldNames() salesforce.FieldNames {
	return salesforce.FieldNames{WonValue: c.Text("settings.won_value_field"), Columns: c.columns()}
}
