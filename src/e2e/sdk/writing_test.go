package sdk_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/data"
)

// world finds objects that bodies refer to.
type world struct {
	catalogue catalogue
	session   *session
}

// place is where the first object of a collection lies: the ids that the SDK wants. Where there is none, one is made.
func (w world) place(name string) []string {
	GinkgoHelper()
	one := w.catalogue.find(name)
	for _, parent := range w.catalogue.parents(w.session, one) {
		if places := w.catalogue.list(w.session, one, parent); len(places) > 0 {
			return places[0]
		}
	}
	Expect(one.body).NotTo(BeNil(), "this NSX has no %s", name)
	_, place := w.catalogue.create(w.session, one)
	return place
}

// id is that of the first object of a collection at the top.
func (w world) id(name string) *string { return &w.place(name)[0] }

// path is that of the first object of a collection of the Policy API.
func (w world) path(name string) string {
	GinkgoHelper()
	s := w.session
	s.strictly(invoke(s, w.catalogue.find(name).client, "Get", w.place(name)))
	var object struct {
		Path string `json:"path"`
	}
	Expect(json.Unmarshal(s.last.answer, &object)).To(Succeed())
	return object.Path
}

// create makes an object through the SDK, in the first place that can hold it. It returns the object as the SDK has it,
// and its place. In the Manager API NSX chooses the id, in the Policy API the caller does.
func (c catalogue) create(s *session, one collection) (object any, place []string) {
	GinkgoHelper()
	w := world{c, s}
	var parent []string
	if one.within != "" {
		parent = w.place(one.within)
	}
	body := one.body(w)
	if !has(s, one.client, "Patch") {
		object, err := invoke(s, one.client, "Create", parent, body)
		s.strictly(object, err)
		return object, append(slices.Clone(parent), textOf(object, "Id", "id"))
	}
	place = append(slices.Clone(parent), chosenID)
	_, err := invoke(s, one.client, "Patch", place, body)
	s.accepted(err)
	object, err = invoke(s, one.client, "Get", place)
	s.strictly(object, err)
	return object, place
}

// chosenID is what objects of the Policy API are called by.
const chosenID = "made-by-the-sdk"

// changeAndDelete gives an object another name, and then takes it away, all through the SDK.
func (c catalogue) changeAndDelete(s *session, one collection, object any, place []string) {
	GinkgoHelper()
	if !one.fixed {
		object = renamed(object)
		changed, err := invoke(s, one.client, "Update", place, object)
		s.strictly(changed, err)
		Expect(textOf(changed, "DisplayName", "display_name")).To(Equal(otherName))
		_, err = invoke(s, one.client, "Update", place, object) // whose _revision is that of before
		s.refused(err, http.StatusPreconditionFailed)
	}
	_, err := invoke(s, one.client, "Delete", place)
	s.accepted(err)
	_, err = invoke(s, one.client, "Get", place)
	s.refused(err, http.StatusNotFound)
}

// otherName is what objects are renamed to.
const otherName = "renamed by the SDK"

// renamed is a copy of an object with another name. The SDK has structures for most objects, and data values for those
// that are of one of several types.
func renamed(object any) any {
	GinkgoHelper()
	if value, ok := object.(*data.StructValue); ok {
		value.SetField("display_name", data.NewStringValue(otherName))
		return value
	}
	name := otherName
	copied := reflect.New(reflect.TypeOf(object)).Elem()
	copied.Set(reflect.ValueOf(object))
	copied.FieldByName("DisplayName").Set(reflect.ValueOf(&name))
	return copied.Interface()
}

// textOf is a text field of an object in either form.
func textOf(object any, field, key string) string {
	GinkgoHelper()
	if value, ok := object.(*data.StructValue); ok {
		text, err := value.String(key)
		Expect(err).NotTo(HaveOccurred())
		return text
	}
	text, ok := reflect.ValueOf(object).FieldByName(field).Interface().(*string)
	Expect(ok).To(BeTrue(), "%T has a text %s", object, field)
	Expect(text).NotTo(BeNil(), "%s of %+v", field, object)
	return *text
}

// value makes the data value that the SDK's clients want where a body may be of several types.
func value(model interface {
	GetDataValue__() (data.DataValue, []error)
}) *data.StructValue {
	GinkgoHelper()
	made, errs := model.GetDataValue__()
	Expect(errs).To(BeEmpty())
	return made.(*data.StructValue)
}
