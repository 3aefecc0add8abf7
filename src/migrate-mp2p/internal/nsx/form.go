package nsx

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

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
	path string // the Policy path that was asked for, if one was
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
	if path, named := rawjson.Text(members.Raw("path")); named && o.path != "" && path != o.path {
		return fmt.Errorf("it is the object at %s, which was not asked for", path)
	}
	return decode(body, o.into)
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
