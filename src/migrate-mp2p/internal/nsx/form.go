package nsx

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"reflect"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// form is the body that NSX documents for a success. take reads a body, or says why it is not NSX's; it may be called
// again, for a repetition, and forgets then what it took before.
type form interface{ take(body []byte) error }

// Answer is an answer of NSX that is no object with an id. Whole says whether it holds what NSX always sends: whatever
// lacks that came from somebody else.
type Answer interface{ Whole() bool }

// What a body that is due, and is not NSX's, is instead.
var (
	errEmpty    = errors.New("NSX sends a body here")
	errOther    = errors.New("it is JSON of another shape than NSX documents")
	errHasError = errors.New("it is a success that holds an error_code")
)

// nothing is the form of calls without a documented body: none, or a JSON object, such as the status after an action.
type nothing struct{}

func (nothing) take(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	_, err := parseSuccess(body)
	return err
}

// status is the form of an Answer.
type status struct{ into Answer }

func (s status) take(body []byte) error {
	if _, err := parseSuccess(body); err != nil {
		return err
	}
	if err := decode(body, s.into); err != nil {
		return err
	}
	if !s.into.Whole() {
		return errOther
	}
	return nil
}

// object is the form of a single object. Of what NSX sends with each at least one is there (ManagedResource and
// PolicyConfigResource in the NSX Go SDK).
type object struct {
	into any    // nil reads nothing out of it
	path string // the Policy path that was asked for, or the path of the Manager API
}

func (o object) take(body []byte) error {
	members, err := parseSuccess(body)
	if err != nil {
		return err
	}
	marked := false
	for _, key := range []string{"id", "resource_type", "path", "_revision"} {
		marked = marked || given(members.Raw(key))
	}
	if !marked {
		return errOther
	}
	if err := o.named(members); err != nil {
		return err
	}
	return decode(body, o.into)
}

// named says whether an answer names itself as another object than the one that was asked for. Only Policy objects have a
// path. A Manager object is named by its id, but for a router's configuration below routing/, which has an id of its own
// (BgpConfig in the NSX Go SDK).
func (o object) named(members rawjson.Object) error {
	if policy := strings.TrimPrefix(o.path, policyAPI); policy == infra || strings.HasPrefix(policy, infra+"/") {
		if at, named := rawjson.Text(members.Raw("path")); named && at != policy {
			return fmt.Errorf("it is the object at %s, which was not asked for", at)
		}
		return nil
	}
	if o.path == "" || path.Base(path.Dir(o.path)) == "routing" {
		return nil
	}
	if id, named := rawjson.Text(members.Raw("id")); named && id != path.Base(o.path) {
		return fmt.Errorf("it is the object %s, which was not asked for", id)
	}
	return nil
}

// formOf gives the form of what a caller wants filled: a status that knows its form, or else an object.
func formOf(into any, path string) form {
	if a, ok := into.(Answer); ok {
		return status{a}
	}
	return object{into, path}
}

// parseSuccess takes a JSON object apart that is no error.
func parseSuccess(body []byte) (rawjson.Object, error) {
	if len(body) == 0 {
		return nil, errEmpty
	}
	members, err := rawjson.Parse(body, nil)
	if err != nil {
		return nil, err
	}
	if given(members.Raw("error_code")) {
		return nil, errHasError
	}
	return members, nil
}

// given says whether a member is there and not null.
func given(value []byte) bool { return value != nil && string(value) != "null" }

// decode fills what a pointer points to, which is emptied before.
func decode(body []byte, into any) error {
	if into == nil {
		return nil
	}
	if v := reflect.ValueOf(into); v.Kind() == reflect.Pointer && !v.IsNil() {
		v.Elem().SetZero()
	}
	return json.Unmarshal(body, into)
}
