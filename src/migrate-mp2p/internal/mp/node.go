package mp

// Node is the manager node that a run is pinned to.
type Node struct {
	ID        string // node uuid, GET /api/v1/node
	Address   string // host:port as configured
	Version   string // product_version, GET /api/v1/node/version
	ClusterID string // GET /api/v1/cluster
}
