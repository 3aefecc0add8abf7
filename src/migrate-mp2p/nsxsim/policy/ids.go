package policy

import (
	"errors"
	"fmt"
	"strings"
)

// maxID is the longest id (nsx-operator: NSX refuses longer ones).
const maxID = 255

// unfit are printable characters that no id may hold, since NSX's front refuses paths with them, encoded or not: those
// of which a URL is made, and the blank (ASSUMED; NCP's docs and the vSphere CPI replace or avoid blanks and slashes).
const unfit = " /?#%\\;"

// CheckID says why something cannot be the id of a Policy object, nil if it can. Ids are printable ASCII (vmware-samples
// nsx-t issue 41), of 1 to 255 characters, and more than periods (NCP docs).
func CheckID(id string) error {
	if id == "" {
		return errors.New("an id cannot be empty")
	}
	if len(id) > maxID {
		return fmt.Errorf("the id %.40q... has %d characters, at most %d are possible", id, len(id), maxID)
	}
	if strings.Trim(id, ".") == "" {
		return fmt.Errorf("the id %q is nothing but periods", id)
	}
	for _, r := range id {
		if r < ' ' || r > '~' {
			return fmt.Errorf("the id %q holds %q, only printable ASCII characters are possible", id, r)
		}
		if strings.ContainsRune(unfit, r) {
			return fmt.Errorf("the id %q holds %q, which is not possible", id, r)
		}
	}
	return nil
}
