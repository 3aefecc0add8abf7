// Package apiserver runs a real Kubernetes API on loopback: etcd and kube-apiserver with RBAC and a CA of its own, and
// kube-controller-manager where a test needs what its controllers do. There is neither scheduler nor kubelet.
// `scripts/kubernetes-tools` builds the programs; the environment variable MP2P_KUBERNETES names their folder.
//
//	server, err := apiserver.Start(ctx, apiserver.Options{Manifests: file}) // file is what `nsxsim manifests` printed
//	token := server.AddToken("somebody", "some-group")                      // may do nothing until RBAC says so
//	code, body, err := server.Do(ctx, apiserver.Request{Path: "/api/v1/pods?limit=500", Token: token})
//	err = server.Stop()
//
// Objects in Manifests have the uids that the manifests give them, which the API grants to nobody: they are written into
// etcd before the API server starts, as JSON, which it reads like its own protobuf. Its cache is therefore right from the
// first answer on. A world too large to be loaded by each test is loaded once (Save) and then started from (EtcdData).
//
// The processes end with the one that started them, also when that is killed. Their ports are bound by this process and
// shared with them (SO_REUSEPORT), so that several servers and other tests never take each other's.
package apiserver
