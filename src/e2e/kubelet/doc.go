// Package kubelet stands in for a node of a cluster on apiserver: it takes every pod that has none, runs its container as a
// process, and reports how it ended, so that Jobs end as they do in a cluster. The processes run as root of the machine would
// let a container runtime run them: in a root folder of their own (chroot), with their volumes mounted where the pod says.
//
//	node, err := kubelet.Start(ctx, kubelet.Options{Server: server, Dir: dir, Images: map[string]kubelet.Image{
//		"registry.example.com/migrate-mp2p:1": {Files: map[string]string{"/migrate-mp2p": binary}, Entrypoint: []string{"/migrate-mp2p"}},
//	}})
//	err = server.Apply(ctx, manifests, false) // a Job; its pod is run by and by
//	text, err := node.Log("nsx-system", pod)  // so does kubectl logs
//	err = node.Stop()                         // the node loses its power
//
// What it knows: one container and any init containers, restartPolicy Never; command, args and environment with their
// references; volumes of the kinds configMap, secret, projected, downwardAPI, emptyDir, hostPath and persistentVolumeClaim;
// runAsUser, runAsGroup, fsGroup, readOnlyRootFilesystem; the termination message; deletion with its grace period. A pod
// that asks for more in what decides how it runs fails with the reason NotImplemented, rather than to run differently.
// What it does not: networks of pods (all are on the host's), probes, limits, image pulls and process namespaces; tokens
// are not renewed.
//
// A program in an image must be linked statically (CGO_ENABLED=0). unshare, mount and chroot must be there, and root's rights.
// When the test is killed, so are the processes, but those with a user id other than root's end by themselves or stay: the
// kernel takes the order to die back when a process changes its user.
package kubelet
