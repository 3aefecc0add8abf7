package updates

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// A certificate's body comes without its private key. That NSX keeps the key when such a body is sent back is what the
// first updated certificate has to show before any other is touched.

// CertificateHarmedError says that a certificate is not what it was before its tags or name were changed.
type CertificateHarmedError struct {
	Path string
	Text string
}

func (e *CertificateHarmedError) Error() string {
	return fmt.Sprintf("updating certificate %s: afterwards %s; the other certificates are left as they are: "+
		"compare it with the NSX backup, then waive the remaining ones with migration.waive_updates", e.Path, e.Text)
}

// checkCertificate compares private key and users of a certificate with what they were before its update.
func (a *applier) checkCertificate(ctx context.Context, c change) error {
	var after json.RawMessage
	if err := a.API.GetPolicy(ctx, c.update.Path, &after); err != nil {
		return fmt.Errorf("reading certificate %s after its update: %w", c.update.Path, err)
	}
	keyBefore, usersBefore, err := keyAndUsers(c.body)
	if err != nil {
		return fmt.Errorf("reading certificate %s: %w", c.update.Path, err)
	}
	keyAfter, usersAfter, err := keyAndUsers(after)
	switch {
	case err != nil:
		return fmt.Errorf("reading certificate %s after its update: %w", c.update.Path, err)
	case keyBefore && !keyAfter:
		return &CertificateHarmedError{Path: c.update.Path, Text: "its private key is missing"}
	case !slices.Equal(usersBefore, usersAfter):
		return &CertificateHarmedError{Path: c.update.Path, Text: fmt.Sprintf("it is used by %q instead of %q", usersAfter, usersBefore)}
	}
	a.certificateSafe = true
	return nil
}

func keyAndUsers(body json.RawMessage) (hasKey bool, users []string, err error) {
	var certificate struct {
		HasPrivateKey bool              `json:"has_private_key"`
		UsedBy        []json.RawMessage `json:"used_by"`
	}
	if err := json.Unmarshal(body, &certificate); err != nil {
		return false, nil, err
	}
	for _, user := range certificate.UsedBy {
		users = append(users, string(user))
	}
	slices.Sort(users)
	return certificate.HasPrivateKey, users, nil
}
