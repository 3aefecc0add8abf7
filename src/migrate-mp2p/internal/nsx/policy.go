package nsx

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	policyAPI       = "/policy/api/v1"
	infra           = "/infra"
	overwriteHeader = "X-Allow-Overwrite"
)

type overwriteKey struct{}

// WithOverwrite lets the Policy writes under this context change objects of other owners, provided that the options
// allow it. Use it for objects in our records only. NSX grants it to Enterprise Admins.
func WithOverwrite(ctx context.Context) context.Context {
	return context.WithValue(ctx, overwriteKey{}, true)
}

// GetPolicy reads the object at a Policy path, e.g. /infra/segments/<id>. An absent one is a KindNotFound.
func (c *Client) GetPolicy(ctx context.Context, path string, out any) error {
	return c.policy(ctx, http.MethodGet, path, nil, out)
}

// PatchInfra sends a hierarchical body: all of it takes effect, or nothing. NSX is asked to compare the revisions in
// the body (enforce_revision_check), so that changes of others are not overwritten: KindStale. A lost answer leads to a
// repetition, which ends in KindStale if the first one was carried out; KindLost means that no repetition was answered.
func (c *Client) PatchInfra(ctx context.Context, body any) error {
	return c.policy(ctx, http.MethodPatch, infra, body, nil)
}

// PatchPolicy changes or creates the object at a Policy path. Revisions and lost answers are treated as by PatchInfra.
func (c *Client) PatchPolicy(ctx context.Context, path string, body any) error {
	return c.policy(ctx, http.MethodPatch, path, body, nil)
}

// PutPolicy replaces the object at a Policy path, or creates it when the body has no _revision; out receives what NSX
// stored. KindStale means that the revision is not, or no longer, the current one. It is not repeated when the answer
// was lost.
func (c *Client) PutPolicy(ctx context.Context, path string, body, out any) error {
	return c.policy(ctx, http.MethodPut, path, body, out)
}

// DeletePolicy removes the object at a Policy path. Removing an absent one succeeds.
func (c *Client) DeletePolicy(ctx context.Context, path string) error {
	err := c.policy(ctx, http.MethodDelete, path, nil, nil)
	if mp.IsKind(err, mp.KindNotFound) {
		return nil
	}
	return err
}

// realization is what we need of GET realized-state/status.
type realization struct {
	Consolidated struct {
		Status string `json:"consolidated_status"`
	} `json:"consolidated_status"`
}

// Whole says whether the state was told.
func (r realization) Whole() bool { return r.Consolidated.Status != "" }

// Realization reads how far NSX has come with realising the object at a Policy path: SUCCESS, IN_PROGRESS, ERROR,
// UNINITIALIZED or UNKNOWN.
func (c *Client) Realization(ctx context.Context, path string) (string, error) {
	var answer realization
	err := c.send(ctx, request{
		method: http.MethodGet, path: policyAPI + infra + "/realized-state/status", query: url.Values{"intent_path": {path}}, out: status{&answer},
	})
	return answer.Consolidated.Status, err
}

func (c *Client) policy(ctx context.Context, method, path string, body, out any) error {
	if path != infra && !strings.HasPrefix(path, infra+"/") {
		return fmt.Errorf("sending %s: %q is not a Policy path, which begins with %s/", method, path, infra)
	}
	r := request{
		method: method, path: policyAPI + path, body: body,
		manner: manner{repeatable: method == http.MethodPatch || method == http.MethodDelete},
	}
	if method == http.MethodGet || method == http.MethodPut {
		r.out = formOf(out, path)
	}
	if method == http.MethodPatch {
		r.query = url.Values{"enforce_revision_check": {"true"}}
	}
	if asked, ok := ctx.Value(overwriteKey{}).(bool); ok && asked && c.options.AllowOverwrite && method != http.MethodGet {
		r.header = http.Header{overwriteHeader: {"true"}}
	}
	return c.send(ctx, r)
}
