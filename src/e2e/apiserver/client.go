package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Request is one request to the API. The zero value of Method is GET, that of Token is AdminToken, and that of ContentType
// application/json.
type Request struct {
	Method, Path string
	Token        string
	ContentType  string
	Body         []byte
}

// Do sends a request and returns the answer's status code and body; an answer of failure is no error.
func (s *Server) Do(ctx context.Context, r Request) (code int, body []byte, err error) {
	response, err := s.Open(ctx, r)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, nil, fmt.Errorf("reading the answer to %s %s: %w", r.Method, r.Path, err)
	}
	return response.StatusCode, body, nil
}

// Open sends a request and returns the answer, whose body the caller reads (a watch never ends by itself) and closes.
func (s *Server) Open(ctx context.Context, r Request) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, s.URL+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	if r.Token == "" {
		r.Token = s.AdminToken
	}
	if r.ContentType == "" {
		r.ContentType = "application/json"
	}
	request.Header.Set("Authorization", "Bearer "+r.Token)
	request.Header.Set("Content-Type", r.ContentType)
	response, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("calling the API server: %w", err)
	}
	return response, nil
}

// Apply applies manifests (YAML documents) as the administrator by server-side apply with strict field validation, as
// `kubectl apply --server-side` does: an unknown field is an error. With dryRun all is checked and nothing kept, but a
// namespace that only the same manifests make is then missing.
func (s *Server) Apply(ctx context.Context, manifests io.Reader, dryRun bool) error {
	return documents(manifests, func(o object) error {
		path, err := s.path(ctx, o)
		if err != nil {
			return fmt.Errorf("applying %s: %w", o, err)
		}
		body, err := json.Marshal(o.fields)
		if err != nil {
			return fmt.Errorf("applying %s: %w", o, err)
		}
		query := url.Values{"fieldManager": {"test"}, "force": {"true"}, "fieldValidation": {"Strict"}}
		if dryRun {
			query.Set("dryRun", "All")
		}
		code, answer, err := s.Do(ctx, Request{
			Method: http.MethodPatch, Path: path + "?" + query.Encode(), ContentType: "application/apply-patch+yaml", Body: body,
		})
		if err != nil {
			return fmt.Errorf("applying %s: %w", o, err)
		}
		if code >= 300 {
			return fmt.Errorf("applying %s: %d: %s", o, code, answer)
		}
		return nil
	})
}

// path asks the API how objects of this kind are called in URLs, and whether they are in namespaces.
func (s *Server) path(ctx context.Context, o object) (string, error) {
	group := "/apis/" + o.apiVersion
	if !strings.Contains(o.apiVersion, "/") {
		group = "/api/" + o.apiVersion
	}
	code, body, err := s.Do(ctx, Request{Path: group})
	if err != nil {
		return "", err
	}
	var list struct {
		Resources []struct {
			Name       string `json:"name"`
			Kind       string `json:"kind"`
			Namespaced bool   `json:"namespaced"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(body, &list); code != http.StatusOK || err != nil {
		return "", fmt.Errorf("looking up %s: %d: %s", o.apiVersion, code, body)
	}
	for _, resource := range list.Resources {
		if resource.Kind != o.kind || strings.Contains(resource.Name, "/") { // with a slash they are subresources
			continue
		}
		if !resource.Namespaced {
			return group + "/" + resource.Name + "/" + o.name, nil
		}
		namespace := o.namespace
		if namespace == "" {
			namespace = "default"
		}
		return group + "/namespaces/" + namespace + "/" + resource.Name + "/" + o.name, nil
	}
	return "", fmt.Errorf("looking up %s: the API server has no such kind", o.kind)
}
