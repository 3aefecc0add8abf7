package model

// platformKubernetes is the Platform of a cluster of vanilla Kubernetes.
const platformKubernetes = "kubernetes"

// kubeSystemNamespaces are those of every cluster in which pods run.
var kubeSystemNamespaces = []string{"default", "kube-system"}

// Kubernetes returns a Kubernetes cluster whose NCP works in Manager mode, a second,
// small cluster on the same Tier-0, and what the administrator made around them.
// Scale 1 is about 500 objects of the cluster and it grows in proportion.
func Kubernetes(scale int, seed int64, options Options) (*World, error) {
	options = options.withDefaults("k8scluster")
	b, err := newWorld(platformKubernetes, scale, seed, options)
	if err != nil {
		return nil, err
	}
	ground := b.ground(options.Cluster)
	b.adminObjects(ground)
	b.adminSections()
	first := Foundation{Name: options.Cluster, Platform: platformKubernetes, Identity: options.Identity}
	spec := b.kubernetes(first, ground, scale, room{blockID: ground.blocks[0], block: "10.0.0.0"})
	spec.clientSSL = b.clientSSLProfile()
	spec.sharedTier1 = options.SharedTier1
	spec.ingressNAT = options.Rare
	b.kubeCluster(spec)
	second := b.kubernetes(Foundation{Name: options.Cluster + "-other", Platform: platformKubernetes, Identity: options.Cluster + "-other-ncp"}, ground, 1, room{
		ordinal: 1, blockID: ground.blocks[1], block: "172.16.0.0", externals: 40_000, links: 16_000, machines: 32_000,
	})
	second.teams = 1
	b.kubeCluster(second)
	b.defaultSections()
	return b.finishWith(ground, scale, options)
}

// kubernetes announces a cluster to the world and says how it is built.
func (b *builder) kubernetes(user Foundation, on ground, scale int, at room) kubeSpec {
	b.world.Foundations = append(b.world.Foundations, user)
	return kubeSpec{
		name: user.Name, identity: user.Identity, systemNamespaces: kubeSystemNamespaces, teams: teamsPerScale * scale,
		on: on, at: at, nodeSwitch: on.deployment, firstNode: address("192.168.0.10", at.machines), nodeOwner: ownerAdmin,
	}
}

// clientSSLProfile adds the administrator's client SSL profile that NCP's
// configuration names (ncp.ini: client_ssl_profile).
func (b *builder) clientSSLProfile() string {
	const name = "corporate-client-ssl"
	id := b.add("loadbalancer/client-ssl-profiles", ownerAdmin, fields{
		"resource_type": "LbClientSslProfile", "display_name": name,
		"protocols": []string{"TLS_V1_2"}, "ciphers": []string{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	})
	b.world.Shared = append(b.world.Shared, Shared{Kind: "LB_CLIENT_SSL_PROFILE", List: "lb_client_ssl_profiles", ID: id, DisplayName: name})
	return id
}
