package front

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// Names of NSX's session (nsxlib).
const (
	sessionCookie = "JSESSIONID"
	xsrfHeader    = "X-Xsrf-Token"
)

// Accounts knows users, principal identities and sessions.
type Accounts struct {
	clock     api.Clock
	lifetime  time.Duration
	ended     int  // the status that answers an ended session
	perNode   bool // a session is known to its node only
	lockAfter int
	lockFor   time.Duration

	mu         sync.Mutex
	users      map[string]User
	principals map[[sha256.Size]byte]api.Identity
	sessions   map[string]session
	failures   map[string]failures
	count      uint64
}

type session struct {
	identity api.Identity
	xsrf     string
	created  time.Time
	node     int
}

// failures are the failed logins in a row of one account.
type failures struct {
	count int
	last  time.Time
}

func newAccounts(o Options) (*Accounts, error) {
	g := &Accounts{
		clock: o.Clock, lifetime: o.SessionLifetime, ended: o.SessionStatus, perNode: o.SessionsPerNode, lockAfter: o.LockAfter, lockFor: o.LockFor,
		users:      map[string]User{},
		principals: map[[sha256.Size]byte]api.Identity{},
		sessions:   map[string]session{},
		failures:   map[string]failures{},
	}
	builtIn := []User{{AdminUser, o.AdminPassword, api.EnterpriseAdmin}, {AuditorUser, o.AdminPassword, api.Auditor}}
	for _, u := range append(builtIn, o.Users...) {
		if u.Name == "" || u.Password == "" {
			return nil, fmt.Errorf("adding user %q: name and password must not be empty", u.Name)
		}
		if !slices.Contains(api.Roles, u.Role) {
			return nil, fmt.Errorf("adding user %q: role is %q, none of %q", u.Name, u.Role, api.Roles)
		}
		g.users[u.Name] = u
	}
	return g, nil
}

// Local tells whether a name is a local user. Objects of local users are not protected from others; those of
// principal identities are.
func (g *Accounts) Local(name string) bool {
	_, known := g.users[name]
	return known
}

func (g *Accounts) AddPrincipal(certificate *x509.Certificate, identity api.Identity) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.principals[sha256.Sum256(certificate.Raw)] = identity
}

// errCredentials is NSX's answer to a refused login.
func errCredentials() *api.Error {
	return &api.Error{
		Status: http.StatusForbidden, Code: 403, Module: api.ModuleCommon,
		Message: "The credentials were incorrect or the account specified has been locked.",
	}
}

// errToken is the answer to a bearer token. NSX takes JSON Web Tokens (nsx-operator); the simulator knows nobody who
// could have issued one.
var errToken = &api.Error{
	Status: http.StatusUnauthorized, Code: 401, Module: api.ModuleCommon,
	Message: "nsxsim does not know JSON Web Tokens: use a password, a session or a client certificate.",
}

// authenticate finds the caller of a node. The certificate wins over credentials, right ones of those over a session (nsxlib), and
// a session over wrong ones, which then count as no failed login (terraform-provider-nsxt sends both in each call).
func (g *Accounts) authenticate(r *http.Request, node int) (api.Identity, *api.Error) {
	if identity, shown := g.byCertificate(r); shown {
		return identity, nil
	}
	name, password, basic := r.BasicAuth()
	if basic && g.right(name, password) {
		return g.login(name, password)
	}
	identity, refused := g.bySession(r, node)
	switch {
	case refused == nil:
		return identity, nil
	case basic:
		return g.login(name, password)
	case strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
		return api.Identity{}, errToken
	}
	return identity, refused
}

// bySession finds the caller by cookie and token.
func (g *Accounts) bySession(r *http.Request, node int) (api.Identity, *api.Error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return api.Identity{}, errCredentials()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s, known := g.sessions[cookie.Value]
	if known && g.lifetime > 0 && g.clock.Now().Sub(s.created) >= g.lifetime {
		delete(g.sessions, cookie.Value)
		known = false
	}
	if !known || g.perNode && s.node != node {
		refused := errCredentials()
		refused.Status = g.ended
		return api.Identity{}, refused
	}
	if r.Header.Get(xsrfHeader) != s.xsrf {
		return s.identity, &api.Error{
			Status: http.StatusForbidden, Code: 98, Module: api.ModuleCommon,
			Message: "The X-XSRF-TOKEN header is missing or does not belong to the session.",
		}
	}
	return s.identity, nil
}

// right tells whether a password is a user's, locked or not.
func (g *Accounts) right(name, password string) bool {
	user, known := g.users[name]
	return known && user.Password == password
}

func (g *Accounts) byCertificate(r *http.Request) (api.Identity, bool) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return api.Identity{}, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	identity, known := g.principals[sha256.Sum256(r.TLS.PeerCertificates[0].Raw)]
	return identity, known
}

// login checks a name and a password, and counts failures.
func (g *Accounts) login(name, password string) (api.Identity, *api.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock.Now()
	failed := g.failures[name]
	if now.Sub(failed.last) >= g.lockFor {
		failed.count = 0
	}
	if g.lockAfter > 0 && failed.count >= g.lockAfter {
		return api.Identity{Name: name}, &api.Error{
			Status: http.StatusUnauthorized, Code: 401, Module: api.ModuleCommon,
			Message: "The account is locked after too many failed logins.",
		}
	}
	if !g.right(name, password) {
		g.failures[name] = failures{count: failed.count + 1, last: now}
		return api.Identity{Name: name}, errCredentials()
	}
	delete(g.failures, name)
	return api.Identity{Name: name, Role: g.users[name].Role}, nil
}

// createSession answers POST /api/session/create on a node with the headers that the session's client needs. A client
// certificate needs no form.
func (g *Accounts) createSession(r *http.Request, node int, body []byte) (api.Identity, http.Header, *api.Error) {
	identity, shown := g.byCertificate(r)
	if !shown {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return api.Identity{}, nil, api.BadRequest(220, api.ModuleCommon, "The login form cannot be read.")
		}
		var refused *api.Error
		if identity, refused = g.login(form.Get("j_username"), form.Get("j_password")); refused != nil {
			return identity, nil, refused
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count++
	token := func(kind string) string {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", kind, g.count, identity.Name))
		return hex.EncodeToString(sum[:16])
	}
	id := token("session")
	s := session{identity: identity, xsrf: token("xsrf"), created: g.clock.Now(), node: node}
	g.sessions[id] = s
	cookie := http.Cookie{Name: sessionCookie, Value: id, Path: "/", Secure: true, HttpOnly: true}
	return identity, http.Header{"Set-Cookie": {cookie.String()}, xsrfHeader: {s.xsrf}}, nil
}

// endSession answers /api/session/destroy.
func (g *Accounts) endSession(r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.sessions, cookie.Value)
	}
}

// EndAllSessions is what a restart of NSX's proxy does.
func (g *Accounts) EndAllSessions() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.sessions)
}

// SessionLifetime is how long a session lasts after its creation; 0 means without end.
func (g *Accounts) SessionLifetime() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lifetime
}

// SetSessionLifetime makes all sessions last so long, those that are open, too.
func (g *Accounts) SetSessionLifetime(lifetime time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lifetime = lifetime
}

// RemovePrincipal forgets the certificates of a principal identity.
func (g *Accounts) RemovePrincipal(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for sum, identity := range g.principals {
		if identity.Name == name {
			delete(g.principals, sum)
		}
	}
}
