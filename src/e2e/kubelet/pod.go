package kubelet

import (
	"encoding/json"
	"time"
)

// The types have as much of the Kubernetes API as the stand-in reads.

type pod struct {
	Metadata struct {
		Name                       string            `json:"name"`
		Namespace                  string            `json:"namespace"`
		UID                        string            `json:"uid"`
		Labels                     map[string]string `json:"labels"`
		Annotations                map[string]string `json:"annotations"`
		DeletionTimestamp          *time.Time        `json:"deletionTimestamp"`
		DeletionGracePeriodSeconds int               `json:"deletionGracePeriodSeconds"`
	} `json:"metadata"`
	Spec struct {
		NodeName           string          `json:"nodeName"`
		HostNetwork        bool            `json:"hostNetwork"`
		RestartPolicy      string          `json:"restartPolicy"`
		ServiceAccountName string          `json:"serviceAccountName"`
		InitContainers     []container     `json:"initContainers"`
		Containers         []container     `json:"containers"`
		Volumes            []volume        `json:"volumes"`
		SecurityContext    securityContext `json:"securityContext"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

// path is the pod's in the API.
func (p *pod) path() string {
	return "/api/v1/namespaces/" + p.Metadata.Namespace + "/pods/" + p.Metadata.Name
}

type securityContext struct {
	RunAsUser              *int  `json:"runAsUser"`
	RunAsGroup             *int  `json:"runAsGroup"`
	RunAsNonRoot           *bool `json:"runAsNonRoot"`
	FSGroup                *int  `json:"fsGroup"`
	SupplementalGroups     []int `json:"supplementalGroups"`
	ReadOnlyRootFilesystem *bool `json:"readOnlyRootFilesystem"`
}

type container struct {
	Name                     string          `json:"name"`
	Image                    string          `json:"image"`
	Command                  []string        `json:"command"`
	Args                     []string        `json:"args"`
	WorkingDir               string          `json:"workingDir"`
	Env                      []variable      `json:"env"`
	EnvFrom                  []variables     `json:"envFrom"`
	VolumeMounts             []mount         `json:"volumeMounts"`
	SecurityContext          securityContext `json:"securityContext"`
	RestartPolicy            string          `json:"restartPolicy"`
	TerminationMessagePath   string          `json:"terminationMessagePath"`
	TerminationMessagePolicy string          `json:"terminationMessagePolicy"`
}

type variable struct {
	Name      string `json:"name"`
	Value     string `json:"value"`
	ValueFrom *struct {
		FieldRef        *fieldRef `json:"fieldRef"`
		ConfigMapKeyRef *keyRef   `json:"configMapKeyRef"`
		SecretKeyRef    *keyRef   `json:"secretKeyRef"`
	} `json:"valueFrom"`
}

type variables struct {
	Prefix       string     `json:"prefix"`
	ConfigMapRef *reference `json:"configMapRef"`
	SecretRef    *reference `json:"secretRef"`
}

type fieldRef struct {
	FieldPath string `json:"fieldPath"`
}

type keyRef struct {
	reference
	Key string `json:"key"`
}

type reference struct {
	Name     string `json:"name"`
	Optional bool   `json:"optional"`
}

type mount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	SubPath   string `json:"subPath"`
	ReadOnly  bool   `json:"readOnly"`
}

type volume struct {
	Name      string           `json:"name"`
	ConfigMap *objectSource    `json:"configMap"`
	Secret    *objectSource    `json:"secret"`
	Projected *projectedSource `json:"projected"`
	Downward  *downwardSource  `json:"downwardAPI"`
	EmptyDir  *json.RawMessage `json:"emptyDir"`
	HostPath  *struct {
		Path string `json:"path"`
	} `json:"hostPath"`
	Claim *struct {
		ClaimName string `json:"claimName"`
		ReadOnly  bool   `json:"readOnly"`
	} `json:"persistentVolumeClaim"`
}

// objectSource is a volume's ConfigMap or Secret; only the latter's volumes call the name secretName.
type objectSource struct {
	Name        string      `json:"name"`
	SecretName  string      `json:"secretName"`
	Optional    bool        `json:"optional"`
	DefaultMode *int        `json:"defaultMode"`
	Items       []keyToPath `json:"items"`
}

type keyToPath struct {
	Key  string `json:"key"`
	Path string `json:"path"`
	Mode *int   `json:"mode"`
}

type downwardSource struct {
	DefaultMode *int `json:"defaultMode"`
	Items       []struct {
		Path     string    `json:"path"`
		Mode     *int      `json:"mode"`
		FieldRef *fieldRef `json:"fieldRef"`
	} `json:"items"`
}

type projectedSource struct {
	DefaultMode *int `json:"defaultMode"`
	Sources     []struct {
		ConfigMap           *objectSource   `json:"configMap"`
		Secret              *objectSource   `json:"secret"`
		Downward            *downwardSource `json:"downwardAPI"`
		ServiceAccountToken *struct {
			Audience          string `json:"audience"`
			ExpirationSeconds int    `json:"expirationSeconds"`
			Path              string `json:"path"`
		} `json:"serviceAccountToken"`
	} `json:"sources"`
}
