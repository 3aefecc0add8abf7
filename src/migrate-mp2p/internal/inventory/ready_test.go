package inventory_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// tagged is an NSX that knows Policy objects by their version tag; shown is what its search index has of them.
type tagged struct {
	inventory.API
	versions, shown map[string]string // by path
	searchErr       error
	most            int // results that are handed out at most; 0: any number
	gets            int
}

func segmentBody(path, version string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"path":%q,"tags":[{"scope":"ncp/cluster","tag":"tas1"},{"scope":"ncp/version","tag":%q}]}`, path, version))
}

func (t *tagged) Search(_ context.Context, _ mp.Flavour, query string, page mp.Page) (int, error) {
	if t.searchErr != nil {
		return 0, t.searchErr
	}
	Expect(query).To(ContainSubstring(`tags.tag:"1.2.0"`))
	_, prefix, _ := strings.Cut(strings.TrimSuffix(query, "*"), " AND unique_id:")
	var found []json.RawMessage
	for path, version := range t.shown { // the index does not tie scope and value: it finds others, too
		if strings.HasPrefix(uniqueID(path), prefix) {
			found = append(found, segmentBody(path, version))
		}
	}
	if t.most > 0 && len(found) > t.most {
		return 0, &nsx.Error{Kind: mp.KindSearchCap}
	}
	return len(found), page(found)
}

func (t *tagged) SearchCount(context.Context, mp.Flavour, string) (int, error) {
	return len(t.shown), nil
}

// uniqueID is the UUID of a Policy object, whose id may be any name.
func uniqueID(path string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(path)))[:32] }

func (t *tagged) Get(_ context.Context, path string, out any) error {
	t.gets++
	path = strings.TrimPrefix(path, "/policy/api/v1")
	version, ok := t.versions[path]
	if !ok {
		return &nsx.Error{Kind: mp.KindNotFound, Status: 404, Code: 600}
	}
	*out.(*json.RawMessage) = segmentBody(path, version)
	return nil
}

var _ = Describe("objects that the end of a migration has not reached", func() {
	const count = 300
	var of []*inventory.Object
	all := func(version string) map[string]string {
		versions := map[string]string{}
		of = nil
		for i := range count {
			path := fmt.Sprintf("/infra/segments/%03d", i)
			versions[path] = version
			of = append(of, &inventory.Object{Ref: mp.Ref{Type: mp.LogicalSwitch, ID: fmt.Sprint(i)}, PolicyPath: path})
		}
		return versions
	}
	find := func(api *tagged) (refs []mp.Ref, slept int, lost int) {
		refs, err := inventory.FindUnready(context.Background(), api, inventory.Query{
			Cluster: "tas1", IndexTimeout: time.Minute,
			Sleep:     func(context.Context, time.Duration) error { slept++; return nil },
			IndexLost: func(error) { lost++ },
		}, "1.2.0", of)
		Expect(err).NotTo(HaveOccurred())
		return refs, slept, lost
	}

	It("are none when Search shows the tags of all, and none is read", func() {
		versions := all("1.2.0")
		api := &tagged{versions: versions, shown: versions}
		refs, slept, _ := find(api)
		Expect(refs).To(BeEmpty())
		Expect(slept).To(BeZero())
		Expect(api.gets).To(BeZero())
	})

	It("are none when Search shows all, which bear names for ids and are more than it hands out at once [R13]", func() {
		versions := map[string]string{}
		of = nil
		for i := range count {
			path := fmt.Sprintf("/infra/segments/web-%03d", i)
			versions[path] = "1.2.0"
			of = append(of, &inventory.Object{Ref: mp.Ref{Type: mp.LogicalSwitch, ID: fmt.Sprint(i)}, PolicyPath: path})
		}
		api := &tagged{versions: versions, shown: versions, most: 50}
		refs, _, _ := find(api)
		Expect(refs).To(BeEmpty())
		Expect(api.gets).To(BeZero())
	})

	It("are all of which Search shows other tags, once a few of them were read", func() {
		versions := all("1.0.0")
		api := &tagged{versions: versions, shown: versions}
		refs, slept, _ := find(api)
		Expect(refs).To(HaveLen(count))
		Expect(slept).To(BeZero())
		Expect(api.gets).To(BeNumerically("<=", 20))
	})

	It("are not those that a slow index does not show yet: it is waited for, and then each is read", func() {
		api := &tagged{versions: all("1.2.0")}
		refs, slept, _ := find(api)
		Expect(refs).To(BeEmpty())
		Expect(slept).To(BeNumerically(">", 0))
		Expect(api.gets).To(BeNumerically(">=", count))
	})

	It("are told from those that only the index is behind with", func() {
		api := &tagged{versions: all("1.2.0")}
		delete(api.versions, of[7].PolicyPath) // its Policy object is gone
		api.versions[of[8].PolicyPath] = "1.0.0"
		refs, _, _ := find(api)
		Expect(refs).To(ConsistOf(of[7].Ref, of[8].Ref))
	})

	It("are looked for one by one, within bounds, where Search does not work at all", func() {
		api := &tagged{versions: all("1.0.0"), searchErr: &nsx.Error{Kind: mp.KindSearch, Status: 400, Code: 60515}}
		refs, slept, lost := find(api)
		Expect(refs).To(HaveLen(200))
		Expect(slept).To(BeZero())
		Expect(lost).To(Equal(1))
		Expect(api.gets).To(Equal(200))
	})
})
