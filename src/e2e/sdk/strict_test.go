package sdk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/bindings"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
)

// The SDK checks kinds and the few fields that it calls required, but drops fields that it does not know, takes "5"
// for a number, and leaves values of several types as they came. Hence this second, strict comparison of the JSON with
// the SDK's models.

// problems compares a JSON document with a model, and lists what does not fit with its place.
func (a apiModels) problems(document []byte, model bindings.BindingType) []string {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return []string{fmt.Sprintf("no JSON: %v", err)}
	}
	c := comparison{models: a}
	c.compare(".", value, model)
	return c.found
}

// comparison collects what does not fit.
type comparison struct {
	models apiModels
	found  []string
}

func (c *comparison) report(at, format string, arguments ...any) {
	c.found = append(c.found, at+": "+fmt.Sprintf(format, arguments...))
}

func (c *comparison) compare(at string, value any, model bindings.BindingType) {
	switch model := model.(type) {
	case bindings.OptionalType:
		c.compare(at, value, model.ElementType())
	case bindings.ReferenceType:
		c.compare(at, value, model.Resolve())
	case bindings.StructType:
		c.compareFields(at, value, model)
	case bindings.DynamicStructType:
		if actual := c.actual(at, value); actual != nil {
			c.compare(at, value, actual)
		}
	case bindings.ListType:
		c.compareElements(at, value, model.ElementType())
	case bindings.MapType:
		if fields := kind[map[string]any](c, at, value, "an object"); fields != nil {
			for _, key := range slices.Sorted(maps.Keys(fields)) {
				c.compare(at+"/"+key, fields[key], model.ValueType)
			}
		}
	case bindings.StringType:
		kind[string](c, at, value, "text")
	case bindings.BooleanType:
		kind[bool](c, at, value, "true or false")
	case bindings.DoubleType:
		kind[json.Number](c, at, value, "a number")
	case bindings.IntegerType:
		if number := kind[json.Number](c, at, value, "a whole number"); number != "" {
			if _, err := number.Int64(); err != nil {
				c.report(at, "is %s where the SDK has a whole number", number)
			}
		}
	default:
		c.report(at, "the SDK has a %T here, which this comparison does not know", model)
	}
}

// kind converts a value, or reports that it is of another kind. A null is of no kind: NSX leaves out what is not set.
func kind[T any](c *comparison, at string, value any, name string) T {
	converted, ok := value.(T)
	if !ok {
		c.report(at, "is %v (%T) where the SDK has %s", value, value, name)
	}
	return converted
}

func (c *comparison) compareFields(at string, value any, model bindings.StructType) {
	fields := kind[map[string]any](c, at, value, "the object "+model.Name())
	if fields == nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if named := untold[model.Name()+"/"+key]; named != nil {
			c.compare(at+"/"+key, fields[key], named())
		} else if field := model.Field(key); field != nil {
			c.compare(at+"/"+key, fields[key], field)
			c.compareEnumeration(at+"/"+key, fields[key], c.models.enumerations().allowed(model, key))
		} else if !unlisted(model.Name(), key) {
			c.report(at+"/"+key, "is no field of %s", model.Name())
		}
	}
	for _, key := range slices.Sorted(slices.Values(model.FieldNames())) {
		_, optional := model.Field(key).(bindings.OptionalType)
		if _, there := fields[key]; !optional && !there {
			c.report(at+"/"+key, "is missing, and %s requires it", model.Name())
		}
	}
}

func (c *comparison) compareElements(at string, value any, model bindings.BindingType) {
	if value == nil {
		c.report(at, "is null where the SDK has a list")
		return
	}
	for i, element := range kind[[]any](c, at, value, "a list") {
		c.compare(fmt.Sprintf("%s/%d", at, i), element, model)
	}
}

// compareEnumeration looks at a text, or at those of a list.
func (c *comparison) compareEnumeration(at string, value any, allowed map[string]bool) {
	if allowed == nil {
		return
	}
	texts, isList := value.([]any)
	if !isList {
		texts = []any{value}
	}
	for _, one := range texts {
		if text, ok := one.(string); ok && !allowed[text] {
			c.report(at, "is %q, which is none of %s", text, strings.Join(slices.Sorted(maps.Keys(allowed)), ", "))
		}
	}
}

// actual is the model that a value of several possible types names itself.
func (c *comparison) actual(at string, value any) bindings.BindingType {
	fields := kind[map[string]any](c, at, value, "an object that names its type")
	if fields == nil {
		return nil
	}
	for _, key := range []string{"resource_type", "type"} {
		if name, ok := fields[key].(string); ok {
			if model, known := c.models.byName[name]; known {
				return model()
			}
			c.report(at+"/"+key, "names the type %s, which is not in the table of models", name)
			return nil
		}
	}
	c.report(at, "does not name its type; it has %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	return nil
}

var _ = Describe("the strict comparison", func() {
	It("misses a field that the SDK requires", func() {
		Expect(managerModels.problems([]byte(`{"vif_type":"PARENT"}`), manager.VifAttachmentContextBindingType())).
			To(ConsistOf(HavePrefix("./resource_type: is missing")))
	})
})

var _ = DescribeTable("the strict comparison finds", func(document string, place string) {
	model := manager.LogicalPortBindingType()
	Expect(managerModels.problems([]byte(document), model)).To(ConsistOf(HavePrefix(place + ": ")))
},
	Entry("an unknown field", `{"logical_switch_id":"a","colour":"red"}`, "./colour"),
	Entry("an unknown field in a list", `{"tags":[{"scope":"a"},{"scope":"b","owner":"c"}]}`, "./tags/1/owner"),
	Entry("text for a number", `{"_revision":"1"}`, "./_revision"),
	Entry("a fraction for a whole number", `{"_revision":1.5}`, "./_revision"),
	Entry("a number for text", `{"display_name":5}`, "./display_name"),
	Entry("a text that is not in the enumeration", `{"admin_state":"SIDEWAYS"}`, "./admin_state"),
	Entry("null", `{"display_name":null}`, "./display_name"),
	Entry("an object for a list", `{"tags":{}}`, "./tags"),
	Entry("a type that the SDK does not have", `{"attachment":{"context":{"resource_type":"Nothing"}}}`, "./attachment/context/resource_type"),
	Entry("an unknown field in a value that names its type",
		`{"attachment":{"context":{"resource_type":"VifAttachmentContext","vif_type":"PARENT","colour":"red"}}}`, "./attachment/context/colour"),
)
