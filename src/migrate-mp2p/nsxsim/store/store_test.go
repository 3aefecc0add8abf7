package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var author = store.Author{User: "ncp", At: time.UnixMilli(1700000000000)}

// update changes a store in a spec where that must succeed.
func update(st *store.Store, change func(tx *store.Tx) error) {
	GinkgoHelper()
	Expect(st.Update(change)).To(Succeed())
}

func view(st *store.Store, look func(tx *store.Tx)) {
	GinkgoHelper()
	Expect(st.View(func(tx *store.Tx) error {
		look(tx)
		return nil
	})).To(Succeed())
}

// putSwitch stores a logical switch with one tag.
func putSwitch(tx *store.Tx, id, scope, value string) error {
	body := fmt.Sprintf(`{"id":%q,"resource_type":"LogicalSwitch","display_name":"ls %s","tags":[{"scope":%q,"tag":%q}],"_create_user":"ncp"}`, id, id, scope, value)
	_, err := tx.Manager().Put("logical-switches/"+id, []byte(body))
	return err
}

func ids(objects []*store.Object) []string {
	var list []string
	for _, o := range objects {
		list = append(list, o.ID)
	}
	return list
}

func saved(st *store.Store) string {
	GinkgoHelper()
	var out bytes.Buffer
	Expect(st.Save(&out)).To(Succeed())
	return out.String()
}

var _ = DescribeTable("a field at a dotted path", func(path string, wanted any) {
	fields, err := store.DecodeFields([]byte(`{"id":"p","attachment":{"id":"a","context":null},"list":[{"id":"b"}]}`))
	Expect(err).NotTo(HaveOccurred())
	if wanted == nil {
		Expect(store.FieldAt(fields, path)).To(BeNil())
	} else {
		Expect(store.FieldAt(fields, path)).To(Equal(wanted))
	}
},
	Entry("at the top", "id", "p"),
	Entry("further down", "attachment.id", "a"),
	Entry("below null", "attachment.context.vif_type", nil),
	Entry("below what is no object", "list.id", nil),
	Entry("that is not there", "context.id", nil),
)

var _ = Describe("the store", func() {
	var st *store.Store

	BeforeEach(func() { st = store.New(7) })

	It("lists a collection, a type, a tag scope and a tag value by id, whatever the order of the writes was", func() {
		order := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 0)).Perm(100)
		for _, n := range order {
			update(st, func(tx *store.Tx) error { return putSwitch(tx, fmt.Sprintf("%03d", n), "ncp/cluster", "tas1") })
		}
		var wanted []string
		for n := range 100 {
			wanted = append(wanted, fmt.Sprintf("%03d", n))
		}
		view(st, func(tx *store.Tx) {
			Expect(ids(tx.Manager().List("logical-switches"))).To(Equal(wanted))
			Expect(ids(tx.Manager().ByType("logicalswitch"))).To(Equal(wanted))
			Expect(ids(tx.Manager().ByTagScope("NCP/cluster"))).To(Equal(wanted))
			Expect(ids(tx.Manager().ByTagValue("TAS1"))).To(Equal(wanted))
			Expect(tx.Policy().Len()).To(BeZero())
		})
	})

	It("lists only what is directly in a collection", func() {
		update(st, func(tx *store.Tx) error {
			for _, key := range []string{"logical-routers/r", "logical-routers/r/nat/rules/1", "logical-routers/r/nat/rules/2"} {
				if _, err := tx.Manager().Put(key, []byte(`{}`)); err != nil {
					return err
				}
			}
			return nil
		})
		view(st, func(tx *store.Tx) {
			Expect(ids(tx.Manager().List("logical-routers"))).To(Equal([]string{"r"}))
			Expect(ids(tx.Manager().List("logical-routers/r/nat/rules"))).To(Equal([]string{"1", "2"}))
			Expect(ids(tx.Manager().Under("logical-routers/r"))).To(Equal([]string{"1", "2"}))
		})
	})

	It("follows a change of tags and a deletion in every index", func() {
		update(st, func(tx *store.Tx) error { return putSwitch(tx, "a", "ncp/cluster", "tas1") })
		update(st, func(tx *store.Tx) error { return putSwitch(tx, "a", "policyPath", "/infra/segments/a") })
		view(st, func(tx *store.Tx) {
			Expect(tx.Manager().ByTagScope("ncp/cluster")).To(BeEmpty())
			Expect(ids(tx.Manager().ByTagScope("policyPath"))).To(Equal([]string{"a"}))
		})
		update(st, func(tx *store.Tx) error { return tx.Manager().Delete("logical-switches/a") })
		view(st, func(tx *store.Tx) {
			Expect(tx.Manager().ByTagScope("policyPath")).To(BeEmpty())
			Expect(tx.Manager().List("logical-switches")).To(BeEmpty())
		})
	})

	It("undoes the whole Update when its function fails", func() {
		update(st, func(tx *store.Tx) error { return putSwitch(tx, "a", "x", "1") })
		before := saved(st)
		boom := errors.New("boom")
		Expect(st.Update(func(tx *store.Tx) error {
			tx.NewID()
			for n := range 50 {
				if err := putSwitch(tx, fmt.Sprint("b", n), "x", "2"); err != nil {
					return err
				}
			}
			if err := putSwitch(tx, "a", "y", "3"); err != nil {
				return err
			}
			if err := tx.Manager().Delete("logical-switches/b7"); err != nil {
				return err
			}
			if err := tx.SetSection("coordinator", "busy"); err != nil {
				return err
			}
			return boom
		})).To(MatchError(boom))
		Expect(saved(st)).To(Equal(before))
		view(st, func(tx *store.Tx) {
			Expect(ids(tx.Manager().ByTagScope("x"))).To(Equal([]string{"a"}))
			Expect(tx.Manager().ByTagScope("y")).To(BeEmpty())
		})
	})

	It("refuses to write inside View", func() {
		Expect(st.View(func(tx *store.Tx) error { return putSwitch(tx, "a", "x", "1") })).NotTo(Succeed())
		Expect(st.View(func(tx *store.Tx) error { return tx.SetSection("s", 1) })).NotTo(Succeed())
		view(st, func(tx *store.Tx) { Expect(tx.Manager().Len()).To(BeZero()) })
	})

	It("refuses keys that no URL reaches, and bodies that are not JSON objects", func() {
		for _, key := range []string{"", "/infra/segments/a", "logical-switches/", "a//b"} {
			Expect(st.Update(func(tx *store.Tx) error {
				_, err := tx.Manager().Put(key, []byte(`{}`))
				return err
			})).NotTo(Succeed(), key)
		}
		for _, body := range []string{"", "nonsense", `{"tags":7}`} {
			Expect(st.Update(func(tx *store.Tx) error {
				_, err := tx.Policy().Put("/infra/segments/a", []byte(body))
				return err
			})).To(MatchError(ContainSubstring("/infra/segments/a")), body)
		}
	})

	Describe("revisions", func() {
		BeforeEach(func() {
			update(st, func(tx *store.Tx) error {
				_, err := tx.Policy().Create("/infra/segments/a", map[string]any{"id": "a", "display_name": "one"}, author)
				return err
			})
		})

		write := func(revision any) error {
			return st.Update(func(tx *store.Tx) error {
				_, err := tx.Policy().Replace("/infra/segments/a", map[string]any{"id": "a", "display_name": "two", "_revision": revision},
					store.Author{User: "other", At: author.At.Add(time.Hour)})
				return err
			})
		}

		It("begin with 0 and rise by one, while owner and creation time stay", func() {
			Expect(write(0)).To(Succeed())
			view(st, func(tx *store.Tx) {
				o, _ := tx.Policy().Get("/infra/segments/a")
				Expect(o.Revision).To(BeEquivalentTo(1))
				Expect(o.Owner).To(Equal("ncp"))
				Expect(string(o.Body)).To(ContainSubstring(`"_create_time":1700000000000`))
				Expect(string(o.Body)).To(ContainSubstring(`"_last_modified_user":"other"`))
			})
		})

		It("refuse a stale or missing one", func() {
			Expect(write(3)).To(MatchError(store.ErrStale))
			Expect(write(nil)).To(MatchError(store.ErrStale))
		})

		It("rise with Mutate, which keeps numbers as they are", func() {
			update(st, func(tx *store.Tx) error {
				_, err := tx.Policy().Mutate("/infra/segments/a", func(fields map[string]any) error {
					fields["display_name"] = "three"
					return nil
				})
				return err
			})
			view(st, func(tx *store.Tx) {
				o, _ := tx.Policy().Get("/infra/segments/a")
				Expect(o.Revision).To(BeEquivalentTo(1))
				Expect(o.DisplayName).To(Equal("three"))
				Expect(string(o.Body)).To(ContainSubstring(`"_create_time":1700000000000`))
			})
		})

		It("tell a second creation and a missing object apart", func() {
			Expect(st.Update(func(tx *store.Tx) error {
				_, err := tx.Policy().Create("/infra/segments/a", map[string]any{}, author)
				return err
			})).To(MatchError(store.ErrExists))
			Expect(st.Update(func(tx *store.Tx) error { return tx.Policy().Delete("/infra/segments/b") })).To(MatchError(store.ErrNotFound))
		})
	})

	Describe("saving", func() {
		fill := func(st *store.Store) {
			update(st, func(tx *store.Tx) error {
				for n := range 20 {
					if err := putSwitch(tx, tx.NewID(), "ncp/cluster", fmt.Sprint("<tas&", n, ">")); err != nil {
						return err
					}
				}
				if _, err := tx.Policy().Put("/infra/segments/a", []byte(`{ "id" : "a" }`)); err != nil {
					return err
				}
				return tx.SetSection("coordinator", map[string]int{"b": 1, "a": 2})
			})
		}

		It("gives the same bytes for the same state, and loading gives that state", func() {
			fill(st)
			text := saved(st)
			loaded, err := store.Load(strings.NewReader(text))
			Expect(err).NotTo(HaveOccurred())
			Expect(saved(loaded)).To(Equal(text))

			var next, nextLoaded string
			update(st, func(tx *store.Tx) error { next = tx.NewID(); return nil })
			update(loaded, func(tx *store.Tx) error { nextLoaded = tx.NewID(); return nil })
			Expect(nextLoaded).To(Equal(next))

			twin := store.New(7)
			fill(twin)
			Expect(saved(twin)).To(Equal(text))
			other := store.New(8)
			fill(other)
			Expect(saved(other)).NotTo(Equal(text))
		})

		It("refuses a file that is cut, foreign or newer", func() {
			fill(st)
			text := saved(st)
			lines := strings.SplitAfter(text, "\n")
			for _, bad := range []string{
				"", "{}", text[:len(text)-10], strings.Join(lines[:5], ""),
				text + lines[1], strings.Join(append(slices.Clone(lines[:2]), lines[1:len(lines)-2]...), ""),
				strings.Replace(text, `{"key"`, `["key"`, 1), strings.Replace(text, `"body":{`, `"body":7,"x":{`, 1),
				strings.Replace(text, `"version":1`, `"version":2`, 1), strings.Replace(text, "nsxsim-state", "else", 1),
			} {
				_, err := store.Load(strings.NewReader(bad))
				Expect(err).To(MatchError(ContainSubstring("loading a state")), bad)
			}
		})
	})

	It("shows what a lagging search index still shows", func() {
		now := author.At
		st.SetSearchLag(10*time.Second, func() time.Time { return now })
		update(st, func(tx *store.Tx) error { return putSwitch(tx, "old", "x", "1") })
		now = now.Add(20 * time.Second)
		update(st, func(tx *store.Tx) error {
			if err := putSwitch(tx, "old", "x", "2"); err != nil {
				return err
			}
			return putSwitch(tx, "new", "x", "2")
		})
		view(st, func(tx *store.Tx) {
			shown := tx.Manager().Unindexed()
			Expect(shown).To(HaveLen(2))
			Expect(shown["logical-switches/old"].HasTag("x", "1")).To(BeTrue())
			Expect(shown["logical-switches/new"]).To(BeNil())
		})
		now = now.Add(10 * time.Second)
		view(st, func(tx *store.Tx) { Expect(tx.Manager().Unindexed()).To(BeEmpty()) })
	})

	It("may be used from many goroutines", func() {
		var wait sync.WaitGroup
		for worker := range 8 {
			wait.Go(func() {
				defer GinkgoRecover()
				for n := range 50 {
					update(st, func(tx *store.Tx) error { return putSwitch(tx, fmt.Sprintf("%d-%d", worker, n), "x", "1") })
					view(st, func(tx *store.Tx) {
						Expect(len(tx.Manager().List("logical-switches"))).To(Equal(len(tx.Manager().ByTagValue("1"))))
					})
				}
			})
		}
		wait.Wait()
		view(st, func(tx *store.Tx) { Expect(tx.Manager().Len()).To(Equal(400)) })
	})
})

// FuzzPut checks that the store reads the header of a body as a JSON decoder does.
func FuzzPut(f *testing.F) {
	for _, seed := range []string{
		`{"id":"a","resource_type":"X","display_name":"a\u0041\"b","tags":[{"scope":"s","tag":"t"},{"tag":"\\"}],"_revision":3}`,
		` { "a" : [ 1 , { "id" : "no" } , "}" , true ] , "id" : "yes" , "n" : -1.5e3 , "z" : null } `,
		`{"tags":null,"_system_owned":true,"_create_user":"u","unique_id":""}`, `{}`, `[]`, `{"tags":[]}`, `{"tags":[7]}`, `{"id":7}`, `{"a":{}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) {
			return // a decoder mends what is no UTF-8, the store keeps it
		}
		var stored *store.Object
		err := store.New(1).Update(func(tx *store.Tx) (err error) {
			stored, err = tx.Manager().Put("a/key", []byte(body))
			return err
		})
		if err != nil {
			return
		}
		fields, err := stored.Fields()
		if err != nil {
			t.Fatalf("the store took %q, which is no object: %v", body, err)
		}
		for name, got := range map[string]string{"id": stored.ID, "resource_type": stored.ResourceType, "display_name": stored.DisplayName} {
			if wanted, _ := fields[name].(string); got != wanted && (name != "id" || wanted != "") && !escapedName(body) {
				t.Errorf("%s of %q is %q, not %q", name, body, got, wanted)
			}
		}
		if tags, _ := fields["tags"].([]any); len(tags) != len(stored.Tags) && !escapedName(body) {
			t.Errorf("%q has %d tags, not %d", body, len(stored.Tags), len(tags))
		}
	})
}

// escapedName tells whether names of fields may be written with escapes, which the store does not look for.
func escapedName(body string) bool { return strings.Contains(body, `\u`) }

// BenchmarkUpdate changes 500 of 100,000 objects in one Update, as a hierarchical PATCH does.
func BenchmarkUpdate(b *testing.B) {
	st := store.New(1)
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(st.Update(func(tx *store.Tx) error {
		for n := range 100_000 {
			if err := putSwitch(tx, fmt.Sprintf("%06d", n*7919%100_000), "ncp/cluster", "tas1"); err != nil {
				return err
			}
		}
		return nil
	}))
	for b.Loop() {
		must(st.Update(func(tx *store.Tx) error {
			for n := range 500 {
				if err := putSwitch(tx, fmt.Sprintf("%06d", n*199), "ncp/cluster", "tas1"); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
