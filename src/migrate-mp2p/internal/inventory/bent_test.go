package inventory_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// bent is the simulated NSX with some answers bent by functions; those that are nil let the answer through.
type bent struct {
	inventory.API
	search      func(query string) error
	hide        func(query, id string) bool
	searchCount func(query string, count int) int
	list        func(path string)
	listCount   func(path string, count int) int
	migrated    func(resourceType string) error
}

var _ inventory.API = bent{}

func (b bent) Search(ctx context.Context, f mp.Flavour, query string, page mp.Page) (int, error) {
	if b.search != nil {
		if err := b.search(query); err != nil {
			return 0, err
		}
	}
	return b.API.Search(ctx, f, query, func(results []json.RawMessage) error {
		var shown []json.RawMessage
		for _, raw := range results {
			var o struct {
				ID string `json:"id"`
			}
			Expect(json.Unmarshal(raw, &o)).To(Succeed())
			if b.hide == nil || !b.hide(query, o.ID) {
				shown = append(shown, raw)
			}
		}
		return page(shown)
	})
}

func (b bent) SearchCount(ctx context.Context, f mp.Flavour, query string) (int, error) {
	n, err := b.API.SearchCount(ctx, f, query)
	if b.searchCount != nil {
		n = b.searchCount(query, n)
	}
	return n, err
}

func (b bent) List(ctx context.Context, path string, params url.Values, page mp.Page) (int, error) {
	if b.list != nil {
		b.list(path)
	}
	return b.API.List(ctx, path, params, page)
}

func (b bent) ListCount(ctx context.Context, path string, params url.Values) (int, error) {
	n, err := b.API.ListCount(ctx, path, params)
	if b.listCount != nil {
		n = b.listCount(path, n)
	}
	return n, err
}

func (b bent) MigratedResources(ctx context.Context, resourceType, id string, each func(mp.MigratedResource) error) error {
	if b.migrated != nil {
		if err := b.migrated(resourceType); err != nil {
			return err
		}
	}
	return b.API.MigratedResources(ctx, resourceType, id, each)
}

// object is the body of a Manager object to be put into the simulated NSX.
type object map[string]any

// tagsOf are NCP's tags of a cluster, and more.
func tagsOf(cluster string, more ...string) []object {
	tags := []object{{"scope": "ncp/cluster", "tag": cluster}, {"scope": "ncp/version", "tag": "1.1.0"}}
	for i := 0; i+1 < len(more); i += 2 {
		tags = append(tags, object{"scope": more[i], "tag": more[i+1]})
	}
	return tags
}

// put gives a change of the world that stores objects by key.
func put(objects map[string]object) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		for key, o := range objects {
			raw, err := json.Marshal(o)
			if err != nil {
				return err
			}
			if _, err := tx.Manager().Put(key, raw); err != nil {
				return err
			}
		}
		return nil
	}
}

// deleting gives a change of the world that deletes an object.
func deleting(key string) func(*store.Tx) error {
	return func(tx *store.Tx) error { return tx.Manager().Delete(key) }
}

// long is an NSX on which every list is far longer than what is ours of it.
func long(api inventory.API) bent {
	return bent{API: api,
		listCount: func(_ string, n int) int { return n + 100_000 },
		searchCount: func(query string, n int) int {
			if strings.HasPrefix(query, "resource_type:(") && !strings.Contains(query, " AND ") {
				return n + 100_000
			}
			return n
		}}
}
