package model

// The kinds of manifests, with no more fields than the models need. Names and nesting
// are those of the Kubernetes API.

type manifest struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Type       string            `yaml:"type,omitempty"`
	Data       map[string]string `yaml:"data,omitempty"`
	Spec       any               `yaml:"spec,omitempty"`
	Status     any               `yaml:"status,omitempty"`
}

type metadata struct {
	Name        string            `yaml:"name"`
	Namespace   string            `yaml:"namespace,omitempty"`
	UID         string            `yaml:"uid"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type condition struct {
	Type   string `yaml:"type"`
	Status string `yaml:"status"`
}

type ipOnly struct {
	IP string `yaml:"ip"`
}

type portOnly struct {
	Port int `yaml:"port"`
}

type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type loadBalancerStatus struct {
	LoadBalancer struct {
		Ingress []ipOnly `yaml:"ingress"`
	} `yaml:"loadBalancer"`
}

type nodeStatus struct {
	Addresses  []nodeAddress `yaml:"addresses"`
	Conditions []condition   `yaml:"conditions"`
}

type nodeAddress struct {
	Type    string `yaml:"type"`
	Address string `yaml:"address"`
}

type namespaceSpec struct {
	Finalizers []string `yaml:"finalizers"`
}

type phaseStatus struct {
	Phase string `yaml:"phase"`
}

type serviceSpec struct {
	Type            string            `yaml:"type"`
	ClusterIP       string            `yaml:"clusterIP"`
	ClusterIPs      []string          `yaml:"clusterIPs"`
	IPFamilies      []string          `yaml:"ipFamilies"`
	IPFamilyPolicy  string            `yaml:"ipFamilyPolicy"`
	NodePorts       *bool             `yaml:"allocateLoadBalancerNodePorts,omitempty"`
	SessionAffinity string            `yaml:"sessionAffinity"`
	Selector        map[string]string `yaml:"selector"`
	Ports           []servicePort     `yaml:"ports"`
}

type servicePort struct {
	Name       string `yaml:"name"`
	Protocol   string `yaml:"protocol"`
	Port       int    `yaml:"port"`
	TargetPort int    `yaml:"targetPort"`
}

type podSpec struct {
	NodeName                     string      `yaml:"nodeName"`
	AutomountServiceAccountToken *bool       `yaml:"automountServiceAccountToken"`
	Containers                   []container `yaml:"containers"`
}

type container struct {
	Name           string `yaml:"name"`
	Image          string `yaml:"image"`
	ReadinessProbe *probe `yaml:"readinessProbe,omitempty"`
}

type probe struct {
	TCPSocket portOnly `yaml:"tcpSocket"`
}

type podStatus struct {
	Phase      string      `yaml:"phase"`
	Conditions []condition `yaml:"conditions"`
	HostIP     string      `yaml:"hostIP"`
	PodIP      string      `yaml:"podIP"`
	PodIPs     []ipOnly    `yaml:"podIPs"`
}

type ingressSpec struct {
	Rules []ingressRule `yaml:"rules"`
	TLS   []ingressTLS  `yaml:"tls,omitempty"`
}

type ingressRule struct {
	Host string       `yaml:"host"`
	HTTP ingressPaths `yaml:"http"`
}

type ingressPaths struct {
	Paths []ingressPath `yaml:"paths"`
}

type ingressPath struct {
	Path     string         `yaml:"path"`
	PathType string         `yaml:"pathType"`
	Backend  ingressBackend `yaml:"backend"`
}

type ingressBackend struct {
	Service backendService `yaml:"service"`
}

type backendService struct {
	Name string     `yaml:"name"`
	Port portNumber `yaml:"port"`
}

type portNumber struct {
	Number int `yaml:"number"`
}

type ingressTLS struct {
	Hosts      []string `yaml:"hosts"`
	SecretName string   `yaml:"secretName"`
}

type networkPolicySpec struct {
	PodSelector selector       `yaml:"podSelector"`
	PolicyTypes []string       `yaml:"policyTypes"`
	Ingress     []ingressPeers `yaml:"ingress"`
	Egress      []egressPeers  `yaml:"egress,omitempty"`
}

type ingressPeers struct {
	From  []policyPeer `yaml:"from"`
	Ports []policyPort `yaml:"ports"`
}

type egressPeers struct {
	To    []policyPeer `yaml:"to"`
	Ports []policyPort `yaml:"ports"`
}

type policyPeer struct {
	PodSelector selector `yaml:"podSelector"`
}

type policyPort struct {
	Protocol string `yaml:"protocol"`
	Port     int    `yaml:"port"`
}
