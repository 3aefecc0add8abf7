package apiserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// born is when loaded objects were made. It is fixed, so that the same manifests give the same bytes.
const born = "2026-01-01T00:00:00Z"

// storage says where the API server keeps the kinds that can be loaded, below /registry. Seen in etcd of Kubernetes 1.36;
// some have the names of Kubernetes' youth.
var storage = map[string]string{
	"v1/Namespace": "namespaces", "v1/Node": "minions", "v1/Pod": "pods", "v1/Secret": "secrets", "v1/ConfigMap": "configmaps",
	"v1/Service": "services/specs", "v1/ServiceAccount": "serviceaccounts",
	"networking.k8s.io/v1/Ingress": "ingress", "networking.k8s.io/v1/NetworkPolicy": "networkpolicies",
}

// object is a Kubernetes object in JSON's types, and what is needed of it here.
type object struct {
	fields                                 map[string]any
	apiVersion, kind, namespace, name, uid string
}

func (o object) String() string {
	return o.kind + " " + strings.TrimPrefix(o.namespace+"/"+o.name, "/")
}

// documents calls do with each object of a stream of YAML documents, one at a time, since a large world has many.
func documents(from io.Reader, do func(object) error) error {
	lines := bufio.NewReader(from)
	var document bytes.Buffer
	one := func() error {
		defer document.Reset()
		var fields map[string]any
		if err := yaml.Unmarshal(document.Bytes(), &fields); err != nil {
			return fmt.Errorf("reading a manifest: %w\n%s", err, document.Bytes())
		}
		if len(fields) == 0 { // between two separators may be nothing
			return nil
		}
		o := object{fields: fields}
		meta, _ := fields["metadata"].(map[string]any)
		for path, value := range map[*string]any{
			&o.apiVersion: fields["apiVersion"], &o.kind: fields["kind"], &o.name: meta["name"], &o.namespace: meta["namespace"], &o.uid: meta["uid"],
		} {
			*path, _ = value.(string)
		}
		if o.apiVersion == "" || o.kind == "" || o.name == "" {
			return fmt.Errorf("reading a manifest: apiVersion, kind or metadata.name is missing\n%s", document.Bytes())
		}
		return do(o)
	}
	for {
		line, err := lines.ReadBytes('\n')
		if bytes.Equal(bytes.TrimSpace(line), []byte("---")) {
			if err := one(); err != nil {
				return err
			}
		} else {
			document.Write(line)
		}
		if errors.Is(err, io.EOF) {
			return one()
		}
		if err != nil {
			return fmt.Errorf("reading the manifests: %w", err)
		}
	}
}

// stored is where the API server looks for the object, and what it finds: the object with its own uid and the marks of one
// that the API made. Its resourceVersion is not stored, it is etcd's revision of the key.
func (o object) stored() (key string, value []byte, err error) {
	folder, ok := storage[o.apiVersion+"/"+o.kind]
	if !ok {
		return "", nil, fmt.Errorf("loading %s: objects of %s cannot be loaded, only applied", o, o.apiVersion)
	}
	if o.uid == "" {
		return "", nil, fmt.Errorf("loading %s: it has no metadata.uid", o)
	}
	meta := o.fields["metadata"].(map[string]any) // or there would be no uid
	if _, ok := meta["creationTimestamp"]; !ok {
		meta["creationTimestamp"] = born
	}
	if strings.HasPrefix(o.apiVersion, "networking.k8s.io/") { // these count the changes of their spec
		if _, ok := meta["generation"]; !ok {
			meta["generation"] = 1
		}
	}
	key = "/registry/" + folder + "/"
	if o.namespace != "" {
		key += o.namespace + "/"
	}
	if value, err = json.Marshal(o.fields); err != nil {
		return "", nil, fmt.Errorf("loading %s: %w", o, err)
	}
	return key + o.name, value, nil
}

// load writes the objects of manifests into etcd, where no API server may run on it yet.
func load(ctx context.Context, to *etcd, manifests io.Reader) error {
	return documents(manifests, func(o object) error {
		key, value, err := o.stored()
		if err != nil {
			return err
		}
		return to.put(ctx, key, value)
	})
}
