package sdk_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/bindings"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/core"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/data"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/protocol"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/protocol/client"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// session is the SDK's connection to one simulated NSX. It is a connector, so that the SDK's clients are made from it,
// and it keeps the last call for those who judge it. It serves one caller at a time.
type session struct {
	client.Connector
	last exchange
	http *http.Client
	// sign adds the caller's name and password to calls that the SDK does not have.
	sign func(*http.Request)
}

// exchange is one call of the SDK, and what NSX answered on the wire.
type exchange struct {
	call   call
	status int
	answer []byte
	// promised is the status that the SDK's metadata give for success.
	promised int
}

// connect makes a session with the SDK's own connector. Options say how to log in.
func connect(server *nsxsim.Server, config *tls.Config, options ...client.ConnectorOption) *session {
	s := &session{}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(server.CA())
	config.RootCAs = roots
	transport := &http.Transport{TLSClientConfig: config}
	DeferCleanup(transport.CloseIdleConnections)
	s.http = &http.Client{Transport: &wire{session: s, next: transport}}
	options = append([]client.ConnectorOption{
		client.UsingRest(nil),
		client.WithHttpClient(s.http),
		client.WithDecorators(func(next core.APIProvider) core.APIProvider { return &caller{session: s, next: next} }),
	}, options...)
	s.Connector = client.NewConnector(server.URL(), options...)
	return s
}

// caller notes which operation of the SDK is called.
type caller struct {
	session *session
	next    core.APIProvider
}

func (c *caller) Invoke(service, operation string, input data.DataValue, ctx *core.ExecutionContext) core.MethodResult {
	c.session.last = exchange{}
	metadata, err := ctx.ConnectionMetadata(core.RESTMetadataKey)
	Expect(err).NotTo(HaveOccurred())
	rest := metadata.(protocol.OperationRestMetadata)
	c.session.last = exchange{
		call:     call{Service: service, Operation: operation, Method: rest.HttpMethod(), Template: requestOf(rest)},
		promised: rest.SuccessCode(),
	}
	result := c.next.Invoke(service, operation, input, ctx)
	made.add(c.session.last.call, result.IsSuccess())
	return result
}

// requestOf is the operation's URL with the query that tells it from others at the same path.
func requestOf(rest protocol.OperationRestMetadata) string {
	if rest.DispatchParam() == "" {
		return plain(rest.UrlTemplate())
	}
	return plain(rest.UrlTemplate()) + "?" + rest.DispatchParam()
}

// wire sends the SDK's requests to where NSX has them, and keeps the answers.
type wire struct {
	session *session
	next    http.RoundTripper
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Path, r.URL.RawPath = plain(r.URL.Path), plain(r.URL.RawPath)
	response, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading the answer to %s %s: %w", r.Method, r.URL, err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	w.session.last.status, w.session.last.answer = response.StatusCode, body
	return response, nil
}

// strictly expects that the last call succeeded, and that its answer is what the SDK says of the value that it made of
// it: no field too much, none missing, all of the right kind.
func (s *session) strictly(value any, err error) {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred(), "%s: %s", s.last.call, s.last.answer)
	Expect(s.last.status).To(Equal(s.last.promised), "status of %s", s.last.call)
	Expect(api(s.last.call).problems(s.last.answer, typeOf(value))).To(BeEmpty(), "answer to %s: %s", s.last.call, s.last.answer)
}

// accepted expects that the last call succeeded without an answer.
func (s *session) accepted(err error) {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred(), "%s: %s", s.last.call, s.last.answer)
	Expect(s.last.status).To(BeElementOf(voidStatus(s.last.promised)), "status of %s", s.last.call)
	Expect(s.last.answer).To(BeEmpty(), "answer to %s", s.last.call)
}

// refused expects that NSX refused the last call, that the SDK made one of its own errors of it, and that the answer
// is an error as both APIs have it.
func (s *session) refused(err error, status int) {
	GinkgoHelper()
	Expect(err).To(HaveOccurred(), "%s", s.last.call)
	Expect(s.last.status).To(Equal(status), "status of %s: %s", s.last.call, s.last.answer)
	Expect(api(s.last.call).problems(s.last.answer, api(s.last.call).failure())).To(BeEmpty(), "answer to %s: %s", s.last.call, s.last.answer)
}

// plainly makes a call that the SDK does not have. A form or nothing is sent, and the answer was read.
func (s *session) plainly(method, path string, form url.Values) *http.Response {
	GinkgoHelper()
	request, err := http.NewRequest(method, s.Address()+path, strings.NewReader(form.Encode()))
	Expect(err).NotTo(HaveOccurred())
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if s.sign != nil {
		s.sign(request)
	}
	response, err := s.http.Do(request)
	Expect(err).NotTo(HaveOccurred())
	return response
}

// typeOf is the SDK's description of a value that it returned.
func typeOf(value any) bindings.BindingType {
	GinkgoHelper()
	pointer := reflect.New(reflect.TypeOf(value))
	if described, ok := pointer.Interface().(interface{ GetType__() bindings.BindingType }); ok {
		return described.GetType__()
	}
	Expect(value).To(BeAssignableToTypeOf(&data.StructValue{}), "a value that the SDK gives a type, or one that tells its type itself")
	return bindings.NewDynamicStructType(nil)
}
