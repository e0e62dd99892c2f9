package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/crmlink/crmlink/pipeline/control"
	"github.com/crmlink/crmlink/schemas"
	"github.com/crmlink/crmlink/sql"
	"github.com/crmlink/crmlink/stages/systems/salesforce"
)

// ConnectOptions say how to connect a store to its org.
type ConnectOptions struct {
	Config      Config
	Login, Flow string // in place of org.login and org.flow; empty: these
	Who         Person
	At          time.Time
	Show        func(address string) error // tells a person which address to open (web)
}

// Connected is what connecting came to.
type Connected struct {
	Connection
	Username string `json:"username"`
	// Before is the user of the connection that was replaced; empty where there was none.
	Before string `json:"before,omitempty"`
	// KeyFile is the file of the key that was made; empty where there was one.
	KeyFile string `json:"key_file,omitempty"`
	// Unrevoked is why the connection before could not be withdrawn on Salesforce's side; empty where it was.
	Unrevoked string `json:"unrevoked,omitempty"`
}

// Connect signs in at Salesforce and stores the tokens, sealed, in place of those of the connection before. Everything
// else in the store stays as it is (A8); another org than the store's is refused (A11).
func Connect(ctx context.Context, o ConnectOptions) (Connected, error) {
	c := o.Config
	if c.Text("org.kind") != Salesforce {
		return Connected{}, &InputError{Problem: "org.kind is " + c.Text("org.kind") + ": there is nothing to connect to", Next: "write kind: salesforce under org:"}
	}
	login, err := loginAddress(cmp.Or(o.Login, c.Text("org.login")))
	if err != nil {
		return Connected{}, &InputError{Problem: "--my-domain: " + o.Login + " is no address", Next: err.Error()}
	}
	flow := cmp.Or(o.Flow, c.Text("org.flow"))
	store, err := OpenStore(c.Path("store"))
	if err != nil {
		return Connected{}, err
	}
	key, made, err := control.ReadKey(c.Path("org.key_file"), "org.key_file", true)
	if err != nil {
		return Connected{}, err
	}
	app, err := appOf(c, login, c.Text("org.client_id"))
	if err != nil {
		return Connected{}, err
	}
	grant, err := signIn(ctx, app, c, flow, o.Show)
	if err != nil {
		return Connected{}, err
	}
	who, err := app.Who(ctx, grant)
	if err != nil {
		return Connected{}, err
	}
	if err := store.isOrg(ctx, who.Org); err != nil {
		return Connected{}, err
	}
	done := Connected{Username: who.Username, Connection: Connection{Org: who.Org, User: who.User, Instance: grant.InstanceURL, Login: login,
		Flow: flow, By: o.Who.By, Since: o.At.UTC().Truncate(time.Second)}}
	if made {
		done.KeyFile = c.Path("org.key_file")
	}
	sealed, err := sealGrant(key, who.Org, grant)
	if err != nil {
		return Connected{}, err
	}
	err = store.alone(ctx, func() error {
		known, err := store.Connection(ctx)
		if err != nil {
			return err
		}
		before, cannotOpen := store.openConnection(ctx, c, time.Now)
		if err := store.connect(ctx, o, done.Connection, app.ClientID, sealed); err != nil || known == nil {
			return err
		}
		if done.Before = known.User; cannotOpen != nil {
			done.Unrevoked = cannotOpen.Error()
		} else {
			done.Unrevoked = before.withdraw(ctx, grant)
		}
		return nil
	})
	return done, err
}

// connect stores a connection.
func (s Store) connect(ctx context.Context, o ConnectOptions, c Connection, clientID string, sealed []byte) error {
	db, err := control.Open(ctx, s.Dir)
	if err != nil {
		return err
	}
	defer db.Close()
	act := control.Act{By: o.Who.By, Login: o.Who.Login, At: o.At, What: "connect", Detail: fmt.Sprintf("org %s, user %s, %s", c.Org, c.User, c.Flow)}
	return db.Connect(ctx, act, control.Connection{Login: c.Login, ClientID: clientID, Flow: c.Flow, Org: c.Org, User: c.User, Instance: c.Instance,
		By: c.By, Since: c.Since, Sealed: sealed})
}

// withdraw revokes the refresh token of a connection that was replaced: Salesforce keeps five of a user and an app, and
// drops the oldest, which may be one in use. It says why it could not.
func (l *session) withdraw(ctx context.Context, successor salesforce.Grant) string {
	if l.grant.RefreshToken == "" || l.grant.RefreshToken == successor.RefreshToken {
		return ""
	}
	app, err := l.app()
	if err == nil {
		err = app.Revoke(ctx, l.grant.RefreshToken)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// isOrg refuses an org whose Id is not that of the records which the store has, however they came.
func (s Store) isOrg(ctx context.Context, org string) error {
	p, err := s.Open(ctx, "latest")
	if IsInput(err) {
		return nil // nothing is published
	} else if err != nil {
		return err
	}
	defer p.Close()
	object, _ := schemas.ObjectNamed(schemas.Organization)
	if p.snapshot(object.Table().Name).Rows != 1 {
		return nil // exports need not hold it
	}
	if err := p.bind(ctx, object.Table().Name); err != nil {
		return err
	}
	return p.each(ctx, "SELECT Id FROM "+object.Table().Name, nil, func(rows *sql.Rows) error {
		var mine string
		if err := rows.Scan(&mine); err != nil {
			return err
		}
		if mine != org {
			return &control.OtherOrgError{Mine: mine, Other: org}
		}
		return nil
	})
}

// Disconnected is what disconnecting came to.
type Disconnected struct {
	Connection
	// Unrevoked is why Salesforce could not be told; empty where it was.
	Unrevoked string `json:"unrevoked,omitempty"`
}

// Disconnect revokes the tokens on Salesforce's side and removes them from the store. Published tables stay. With force
// they are removed also where Salesforce cannot be told.
func Disconnect(ctx context.Context, c Config, who Person, at time.Time, force bool) (Disconnected, error) {
	store := Store{Dir: c.Path("store")}
	known, err := store.Connection(ctx)
	if err != nil {
		return Disconnected{}, err
	}
	if known == nil {
		return Disconnected{}, &InputError{Problem: "the store is not connected to Salesforce", Next: "crmlink connect connects it"}
	}
	done := Disconnected{Connection: *known}
	err = store.alone(ctx, func() error {
		if err := store.revoke(ctx, c); err != nil {
			if !force {
				return &stillConnected{err}
			}
			done.Unrevoked = err.Error()
		}
		db, err := control.Open(ctx, store.Dir)
		if err != nil {
			return err
		}
		defer db.Close()
		detail := fmt.Sprintf("org %s, user %s", known.Org, known.User)
		if done.Unrevoked != "" {
			detail += ", not revoked at Salesforce"
		}
		return db.Disconnect(ctx, control.Act{By: who.By, Login: who.Login, At: at, What: "disconnect", Detail: detail})
	})
	return done, err
}

// revoke ends the store's tokens on Salesforce's side.
func (s Store) revoke(ctx context.Context, c Config) error {
	l, err := s.openConnection(ctx, c, time.Now)
	if err != nil {
		return err
	}
	app, err := l.app()
	if err != nil {
		return err
	}
	return app.Revoke(ctx, cmp.Or(l.grant.RefreshToken, l.grant.AccessToken))
}

// stillConnected says that Salesforce could not be told, and that nothing was removed therefore.
type stillConnected struct{ err error }

func (e *stillConnected) Error() string {
	return "the tokens could not be revoked at Salesforce, and stay in the store: " + e.err.Error()
}
func (e *stillConnected) Unwrap() error { return e.err }

// Try is the next step.
func (e *stillConnected) Try() string {
	return "try again; or crmlink disconnect --force removes them from the store, and an administrator revokes them in Salesforce (Setup, OAuth Usage)"
}

// ConnectionCheck is what connect --check tells.
type ConnectionCheck struct {
	Connection Connection `json:"connection"`
	salesforce.Checked
}

// Err is what would end a pull; nil where all is well.
func (c ConnectionCheck) Err() error {
	var all []error
	for _, p := range c.Problems {
		all = append(all, p)
	}
	return errors.Join(all...)
}

// CheckConnection asks Salesforce what a run would need, and pulls nothing.
func CheckConnection(ctx context.Context, c Config) (ConnectionCheck, error) {
	if c.Text("org.kind") != Salesforce {
		return ConnectionCheck{}, &InputError{Problem: "org.kind is " + c.Text("org.kind") + ": there is no connection to check", Next: "write kind: salesforce under org:"}
	}
	if _, err := os.Stat(c.Path("store")); err != nil {
		return ConnectionCheck{}, &InputError{Problem: "the store is not connected to Salesforce", Next: "crmlink connect"}
	}
	store := Store{Dir: c.Path("store")}
	link, err := store.openConnection(ctx, c, time.Now)
	if err != nil {
		return ConnectionCheck{}, err
	}
	client, err := link.client(salesforce.Options{Tries: 3})
	if err != nil {
		return ConnectionCheck{}, err
	}
	checked, err := client.Check(ctx, c.fieldNames())
	known, e := store.Connection(ctx)
	if err = errors.Join(err, e); err != nil {
		return ConnectionCheck{}, err
	}
	return ConnectionCheck{*known, checked}, nil
}
