package nsxsim_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// object is a decoded JSON object.
type object = map[string]any

// client speaks with a simulator as one user.
type client struct {
	http     *http.Client
	base     string
	user     string
	password string
	header   http.Header
}

// reply is an answer with its decoded body; the body is empty unless it was a JSON object.
type reply struct {
	Status int
	Header http.Header
	Body   object
	Raw    string
}

// start runs a simulator for one spec.
func start(options nsxsim.Options) *nsxsim.Server {
	GinkgoHelper()
	server, err := nsxsim.Start(options)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Close()).To(Succeed()) })
	return server
}

// as gives a client with basic authentication.
func as(server *nsxsim.Server, user string) *client {
	pool := x509.NewCertPool()
	Expect(pool.AppendCertsFromPEM(server.CA())).To(BeTrue())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	DeferCleanup(transport.CloseIdleConnections)
	return &client{
		http: &http.Client{Transport: transport}, base: server.URL(),
		user: user, password: server.Password(), header: http.Header{},
	}
}

// memoryTransport speaks with a server over an in-memory listener.
func memoryTransport(server *nsxsim.Server, listener *memoryListener) *http.Transport {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CA())
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext:     func(context.Context, string, string) (net.Conn, error) { return listener.dial() },
	}
}

// admin is the usual client.
func admin(server *nsxsim.Server) *client { return as(server, nsxsim.AdminUser) }

// with gives the same client with one more header.
func (c *client) with(name, value string) *client {
	copied := *c
	copied.header = c.header.Clone()
	copied.header.Set(name, value)
	return &copied
}

// try sends a request and returns what the connection said.
func (c *client) try(method, path string, body any) (reply, error) {
	return c.tryWithin(context.Background(), method, path, body)
}

// tryWithin is try for a client that gives up when the context ends.
func (c *client) tryWithin(ctx context.Context, method, path string, body any) (reply, error) {
	var sent io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		sent = bytes.NewReader([]byte(b))
	default:
		encoded, err := json.Marshal(b)
		Expect(err).NotTo(HaveOccurred())
		sent = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, sent)
	Expect(err).NotTo(HaveOccurred())
	request.Header = c.header.Clone()
	if c.user != "" {
		request.SetBasicAuth(c.user, c.password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { Expect(response.Body.Close()).To(Succeed()) }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	out := reply{Status: response.StatusCode, Header: response.Header, Raw: string(raw)}
	if response.Header.Get("Content-Type") == "application/json" && bytes.HasPrefix(raw, []byte("{")) {
		if err := json.Unmarshal(raw, &out.Body); err != nil {
			out.Body = nil
		}
	}
	return out, nil
}

// do is try for requests that get an answer.
func (c *client) do(method, path string, body any) reply {
	GinkgoHelper()
	out, err := c.try(method, path, body)
	Expect(err).NotTo(HaveOccurred())
	return out
}

func (c *client) get(path string) reply { GinkgoHelper(); return c.do("GET", path, nil) }

// search returns the answer to a query of the Manager side; more are further parameters.
func (c *client) search(query, more string) reply {
	GinkgoHelper()
	return c.get("/api/v1/search/query?query=" + url.QueryEscape(query) + more)
}

// results are the objects of a list or a search.
func (r reply) results() []object {
	GinkgoHelper()
	Expect(r.Status).To(Equal(http.StatusOK), r.Raw)
	list, ok := r.Body["results"].([]any)
	Expect(ok).To(BeTrue(), r.Raw)
	objects := make([]object, 0, len(list))
	for _, element := range list {
		objects = append(objects, element.(object))
	}
	return objects
}

// ids are the ids of the objects of a list or a search.
func (r reply) ids() []string {
	GinkgoHelper()
	var ids []string
	for _, o := range r.results() {
		ids = append(ids, o["id"].(string))
	}
	return ids
}

// world is a store with some objects, by key.
func world(objects map[string]object) *store.Store {
	GinkgoHelper()
	st := store.New(1)
	put(st, objects)
	return st
}

// put stores objects as they are, by key.
func put(st *store.Store, objects map[string]object) {
	GinkgoHelper()
	Expect(st.Update(func(tx *store.Tx) error {
		for key, body := range objects {
			space := tx.Manager()
			if key[0] == '/' {
				space = tx.Policy()
			}
			if _, err := space.PutFields(key, body); err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
}

func tags(pairs ...string) []any {
	var list []any
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, object{"scope": pairs[i], "tag": pairs[i+1]})
	}
	return list
}
