package front

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// codeRejected is the error_code of paths that NSX's front refuses before anybody looks at them (vmware-samples nsx-t
// issue 41).
const codeRejected = 400

// PathNote is what the coverage says of paths that the front refuses.
const PathNote = "a Policy path with characters beyond printable ASCII is refused with 400/400 whatever the verb, encoded or not, " +
	"and so are %, ;, backslash and an encoded slash; " +
	"why: a client reports the first with its text, which is that of a web framework that by default refuses the others too"

// rejected is the answer of NSX's front to a path that it does not let in, nil for others. path is as it was sent.
func rejected(path string) *api.Error {
	if !strings.HasPrefix(path, api.PolicyPrefix+"/") {
		return nil
	}
	refuse := func(format string, args ...any) *api.Error {
		return &api.Error{Status: http.StatusBadRequest, Code: codeRejected, Module: api.ModuleCommon, Message: fmt.Sprintf(format, args...), Bare: true}
	}
	for part := range strings.SplitSeq(path, "/") {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return refuse("The request was rejected because the URL cannot be decoded: %s.", err)
		}
		for _, r := range decoded {
			if r < ' ' || r > '~' {
				return refuse("The servletPath was rejected because it can only contain printable ASCII characters.")
			}
			if strings.ContainsRune(`/%;\`, r) {
				return refuse("The request was rejected because the URL contained a potentially malicious String %q", string(r))
			}
		}
	}
	return nil
}
