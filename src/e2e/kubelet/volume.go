package kubelet

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"nsx-mp2p/e2e/apiserver"
)

// errNotImplemented is wrapped by what the stand-in cannot do, however often it is tried.
var errNotImplemented = errors.New("the stand-in for the kubelet cannot do this")

// file is a file of a volume.
type file struct {
	path    string
	content []byte
	mode    os.FileMode
}

// volume makes a volume's folder, below the pod's unless it outlives it, and says whether it can be written.
func (k *Kubelet) volume(ctx context.Context, p *pod, v volume, dir string) (folder string, writable bool, err error) {
	folder = filepath.Join(dir, "volumes", v.Name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", false, err
	}
	var files []file
	switch {
	case v.ConfigMap != nil:
		files, err = k.configMap(ctx, p, v.ConfigMap, v.ConfigMap.DefaultMode)
	case v.Secret != nil:
		files, err = k.secret(ctx, p, v.Secret, v.Secret.DefaultMode)
	case v.Downward != nil:
		files, err = downward(p, v.Downward, v.Downward.DefaultMode)
	case v.Projected != nil:
		files, err = k.projected(ctx, p, v.Projected)
	case v.Claim != nil:
		folder, err = k.claim(ctx, p, v.Claim.ClaimName)
		return folder, !v.Claim.ReadOnly, err
	case v.EmptyDir != nil:
		return folder, true, share(p, folder, 0o777)
	case v.HostPath != nil:
		folder = filepath.Join(k.dir, "node", filepath.Clean("/"+v.HostPath.Path))
		return folder, true, os.MkdirAll(folder, 0o755)
	default:
		err = fmt.Errorf("a volume of this kind: %w", errNotImplemented)
	}
	if err != nil {
		return "", false, fmt.Errorf("making the volume %s: %w", v.Name, err)
	}
	for _, f := range files {
		if err := writeFile(p, folder, f); err != nil {
			return "", false, fmt.Errorf("making the volume %s: %w", v.Name, err)
		}
	}
	return folder, false, nil
}

// writeFile writes a file as the kubelet does: of root, and readable by the pod's fsGroup if it has one.
func writeFile(p *pod, folder string, f file) error {
	if !filepath.IsLocal(f.path) {
		return fmt.Errorf("the path %q leaves the volume", f.path)
	}
	path := filepath.Join(folder, f.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	group := -1
	if g := p.Spec.SecurityContext.FSGroup; g != nil {
		group, f.mode = *g, f.mode|0o440
	}
	return errors.Join(os.WriteFile(path, f.content, 0o600), os.Chown(path, -1, group), os.Chmod(path, f.mode))
}

// share gives a folder to the pod's fsGroup, or leaves it with a mode.
func share(p *pod, folder string, mode os.FileMode) error {
	group := p.Spec.SecurityContext.FSGroup
	if group == nil {
		return os.Chmod(folder, mode)
	}
	return errors.Join(os.Chown(folder, -1, *group), os.Chmod(folder, mode|0o775|os.ModeSetgid))
}

// Claim is the folder of a PersistentVolumeClaim's volume. It is there since a pod first had it.
func (k *Kubelet) Claim(namespace, name string) string {
	return filepath.Join(k.dir, "claims", namespace, name)
}

// claim finds the volume of a claim and reports the claim as bound.
func (k *Kubelet) claim(ctx context.Context, p *pod, name string) (string, error) {
	path := "/api/v1/namespaces/" + p.Metadata.Namespace + "/persistentvolumeclaims/" + name
	if err := k.get(ctx, path, &struct{}{}); err != nil {
		return "", err
	}
	if err := k.patch(ctx, path+"/status", map[string]any{"status": map[string]any{"phase": "Bound"}}); err != nil {
		return "", err
	}
	folder := k.Claim(p.Metadata.Namespace, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	return folder, share(p, folder, 0o755)
}

func (k *Kubelet) configMap(ctx context.Context, p *pod, from *objectSource, mode *int) ([]file, error) {
	content, err := k.configMapData(ctx, p, reference{from.Name, from.Optional})
	if err != nil {
		return nil, err
	}
	return pick("ConfigMap "+from.Name, content, from, mode)
}

func (k *Kubelet) secret(ctx context.Context, p *pod, from *objectSource, mode *int) ([]file, error) {
	name := cmp.Or(from.SecretName, from.Name)
	content, err := k.secretData(ctx, p, reference{name, from.Optional})
	if err != nil {
		return nil, err
	}
	return pick("Secret "+name, content, from, mode)
}

// pick makes files of keys: of all, or of those that the source lists.
func pick(name string, content map[string][]byte, from *objectSource, defaultMode *int) ([]file, error) {
	var files []file
	if from.Items == nil {
		for key, value := range content {
			files = append(files, file{key, value, modeOf(nil, defaultMode)})
		}
		return files, nil
	}
	for _, item := range from.Items {
		value, ok := content[item.Key]
		if !ok && !from.Optional {
			return nil, fmt.Errorf("%s has no key %q", name, item.Key)
		}
		if ok {
			files = append(files, file{item.Path, value, modeOf(item.Mode, defaultMode)})
		}
	}
	return files, nil
}

func modeOf(own, otherwise *int) os.FileMode {
	for _, mode := range []*int{own, otherwise} {
		if mode != nil {
			return os.FileMode(*mode)
		}
	}
	return 0o644
}

// excuse takes the absence of an optional object for none of its keys.
func (r reference) excuse(err error) error {
	if r.Optional && errors.Is(err, errNotFound) {
		return nil
	}
	return err
}

func (k *Kubelet) configMapData(ctx context.Context, p *pod, from reference) (map[string][]byte, error) {
	var object struct {
		Data       map[string]string `json:"data"`
		BinaryData map[string][]byte `json:"binaryData"`
	}
	err := k.get(ctx, "/api/v1/namespaces/"+p.Metadata.Namespace+"/configmaps/"+from.Name, &object)
	if err = from.excuse(err); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for key, value := range object.Data {
		all[key] = []byte(value)
	}
	for key, value := range object.BinaryData {
		all[key] = value
	}
	return all, nil
}

func (k *Kubelet) secretData(ctx context.Context, p *pod, from reference) (map[string][]byte, error) {
	var object struct {
		Data map[string]string `json:"data"`
	}
	err := k.get(ctx, "/api/v1/namespaces/"+p.Metadata.Namespace+"/secrets/"+from.Name, &object)
	if err = from.excuse(err); err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for key, value := range object.Data {
		if all[key], err = base64.StdEncoding.DecodeString(value); err != nil {
			return nil, fmt.Errorf("reading the Secret %s: %w", from.Name, err)
		}
	}
	return all, nil
}

func downward(p *pod, from *downwardSource, defaultMode *int) ([]file, error) {
	var files []file
	for _, item := range from.Items {
		if item.FieldRef == nil {
			return nil, fmt.Errorf("the file %s without fieldRef: %w", item.Path, errNotImplemented)
		}
		value, err := field(p, item.FieldRef.FieldPath)
		if err != nil {
			return nil, err
		}
		files = append(files, file{item.Path, []byte(value), modeOf(item.Mode, defaultMode)})
	}
	return files, nil
}

// field is what a fieldRef names.
func field(p *pod, path string) (string, error) {
	switch path {
	case "metadata.name":
		return p.Metadata.Name, nil
	case "metadata.namespace":
		return p.Metadata.Namespace, nil
	case "metadata.uid":
		return p.Metadata.UID, nil
	case "spec.nodeName":
		return nodeName, nil
	case "spec.serviceAccountName":
		return p.Spec.ServiceAccountName, nil
	case "status.podIP", "status.hostIP":
		return "127.0.0.1", nil
	}
	for prefix, values := range map[string]map[string]string{"metadata.labels['": p.Metadata.Labels, "metadata.annotations['": p.Metadata.Annotations} {
		if key, ok := strings.CutPrefix(path, prefix); ok {
			return values[strings.TrimSuffix(key, "']")], nil
		}
	}
	return "", fmt.Errorf("the field %s: %w", path, errNotImplemented)
}

func (k *Kubelet) projected(ctx context.Context, p *pod, from *projectedSource) ([]file, error) {
	var all []file
	for _, source := range from.Sources {
		var files []file
		var err error
		switch {
		case source.ConfigMap != nil:
			files, err = k.configMap(ctx, p, source.ConfigMap, from.DefaultMode)
		case source.Secret != nil:
			files, err = k.secret(ctx, p, source.Secret, from.DefaultMode)
		case source.Downward != nil:
			files, err = downward(p, source.Downward, from.DefaultMode)
		case source.ServiceAccountToken != nil:
			var token string
			token, err = k.token(ctx, p, source.ServiceAccountToken.Audience, source.ServiceAccountToken.ExpirationSeconds)
			files = []file{{source.ServiceAccountToken.Path, []byte(token), 0o600}}
			if p.Spec.SecurityContext.FSGroup == nil && !isRoot(p) {
				files[0].mode = 0o644 // so does the kubelet
			}
		default:
			err = fmt.Errorf("a projected source of this kind: %w", errNotImplemented)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// isRoot tells whether any container of the pod runs as root, as far as the pod says.
func isRoot(p *pod) bool {
	for _, c := range append(p.Spec.InitContainers, p.Spec.Containers...) {
		user := c.SecurityContext.RunAsUser
		if user == nil {
			user = p.Spec.SecurityContext.RunAsUser
		}
		if user == nil || *user == 0 {
			return true
		}
	}
	return false
}

// token asks for a token of the pod's ServiceAccount that is good for as long as the pod is there.
func (k *Kubelet) token(ctx context.Context, p *pod, audience string, seconds int) (string, error) {
	spec := map[string]any{
		"expirationSeconds": max(seconds, 600), // the API's minimum
		"boundObjectRef":    map[string]any{"kind": "Pod", "apiVersion": "v1", "name": p.Metadata.Name, "uid": p.Metadata.UID},
	}
	if audience != "" {
		spec["audiences"] = []string{audience}
	}
	body, err := json.Marshal(map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
	if err != nil {
		return "", fmt.Errorf("encoding a request for a token: %w", err)
	}
	var answer struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	path := "/api/v1/namespaces/" + p.Metadata.Namespace + "/serviceaccounts/" + p.Spec.ServiceAccountName + "/token"
	err = k.call(ctx, apiserver.Request{Method: http.MethodPost, Path: path, Body: body}, &answer)
	return answer.Status.Token, err
}
