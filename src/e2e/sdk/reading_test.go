package sdk_test

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// collection is one kind of object, which one client of the SDK reads.
type collection struct {
	// name is what people call the objects.
	name string
	// client is the SDK's constructor of the client.
	client any
	// within names the collection whose objects hold these; "" at the top.
	within string
	// single objects lie at a fixed place below another object: there is nothing to list.
	single bool
	// method reads a single object, "Get" unless set.
	method string
	// id is the field that List calls the objects by, "id" unless set; with "-" the SDK can list but not get them.
	id string
	// of narrows routers down to one router_type.
	of string
	// body makes what is sent to create one, where the SDK can do that; it may refer to what the world has.
	body func(w world) any
	// fixed objects cannot be changed, only be made and deleted.
	fixed bool
}

// catalogue is a table of collections, each behind the one that holds it.
type catalogue []collection

func (c catalogue) find(name string) collection {
	GinkgoHelper()
	i := slices.IndexFunc(c, func(one collection) bool { return one.name == name })
	Expect(i).NotTo(Equal(-1), "the table has no collection %q", name)
	return c[i]
}

// read lists one collection, below every object that holds it, gets each object, and judges all answers. It returns the
// objects' places: the ids that the SDK wants for Get.
func (c catalogue) read(s *session, one collection) (places [][]string) {
	GinkgoHelper()
	for _, parent := range c.parents(s, one) {
		if one.single {
			s.strictly(invoke(s, one.client, cmp.Or(one.method, "Get"), parent))
			places = append(places, parent)
			continue
		}
		for _, place := range c.list(s, one, parent) {
			if one.id != "-" {
				s.strictly(invoke(s, one.client, "Get", place))
			}
			places = append(places, place)
		}
	}
	return places
}

// parents are the places below which a collection lies.
func (c catalogue) parents(s *session, one collection) (places [][]string) {
	GinkgoHelper()
	if one.within == "" {
		return [][]string{nil}
	}
	holder := c.find(one.within)
	for _, parent := range c.parents(s, holder) {
		if holder.single {
			places = append(places, parent)
		} else {
			places = append(places, c.list(s, holder, parent)...)
		}
	}
	return places
}

// list lists one collection below one parent.
func (c catalogue) list(s *session, one collection, parent []string) (places [][]string) {
	GinkgoHelper()
	s.strictly(invoke(s, one.client, "List", parent))
	var answer struct {
		Results []map[string]any `json:"results"`
	}
	Expect(json.Unmarshal(s.last.answer, &answer)).To(Succeed())
	key := one.id
	if key == "" || key == "-" {
		key = "id"
	}
	for _, object := range answer.Results {
		if one.of != "" && object["router_type"] != one.of {
			continue
		}
		id, _ := object[key].(string)
		places = append(places, append(slices.Clone(parent), id))
	}
	return places
}

// invoke calls a method of one of the SDK's generated clients. They are all alike: what a call needs are strings, in
// the order of its path, and then a body; what it can do without are pointers, which stay nil here. Calls without an
// answer return nil.
func invoke(s *session, constructor any, method string, place []string, body ...any) (value any, err error) {
	GinkgoHelper()
	client := clientOf(s, constructor)
	function := client.MethodByName(method)
	Expect(function.IsValid()).To(BeTrue(), "%s has a method %s", client.Type(), method)
	var needed []reflect.Value
	for _, id := range place {
		needed = append(needed, reflect.ValueOf(id))
	}
	for _, one := range body {
		needed = append(needed, reflect.ValueOf(one))
	}
	arguments := make([]reflect.Value, function.Type().NumIn())
	for i := range arguments {
		kind := function.Type().In(i)
		arguments[i] = reflect.Zero(kind)
		if len(needed) > 0 && needed[0].Type() == kind {
			arguments[i], needed = needed[0], needed[1:]
		}
	}
	Expect(needed).To(BeEmpty(), "%s.%s, a %s, does not need them", client.Type(), method, function.Type())
	results := function.Call(arguments)
	err, _ = results[len(results)-1].Interface().(error)
	if len(results) > 1 {
		value = results[0].Interface()
	}
	return value, err
}

// clientOf makes a client with its constructor.
func clientOf(s *session, constructor any) reflect.Value {
	return reflect.ValueOf(constructor).Call([]reflect.Value{reflect.ValueOf(s)})[0]
}

// has tells whether one of the SDK's clients has a method.
func has(s *session, constructor any, method string) bool {
	return clientOf(s, constructor).MethodByName(method).IsValid()
}

// readAll reads every collection, also those that are empty.
func (c catalogue) readAll(s *session) {
	GinkgoHelper()
	for _, one := range c {
		c.read(s, one)
	}
}

// describe makes one spec of each collection.
func (c catalogue) describe(nsx func() *session) {
	for _, one := range c {
		if one.body == nil {
			It("lists and gets "+one.name, func() {
				Expect(c.read(nsx(), one)).NotTo(BeEmpty(), "without objects nothing is shown")
			})
			continue
		}
		It("lists, gets, creates, changes and deletes "+one.name, func() {
			object, place := c.create(nsx(), one)
			Expect(c.read(nsx(), one)).To(ContainElement(place))
			c.changeAndDelete(nsx(), one, object, place)
		})
	}
}
