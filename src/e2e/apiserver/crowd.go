package apiserver

import (
	"bytes"
	"context"
	"crypto/sha1"
	"fmt"
	"text/template"
)

// podsPerNamespace spreads a crowd of pods over namespaces.
const podsPerNamespace = 250

// crowdNamespace and crowdPod look as a controller and a kubelet leave them: what a list transfers is mostly what a manifest
// does not have, about 5 kB for a pod.
var (
	crowdNamespace = template.Must(template.New("namespace").Parse(`{"apiVersion":"v1","kind":"Namespace","metadata":{
"name":"{{.Namespace}}","uid":"{{.NamespaceUID}}","creationTimestamp":"` + born + `","labels":{"kubernetes.io/metadata.name":"{{.Namespace}}"}},
"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}`))
	crowdPod = template.Must(template.New("pod").Parse(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{.Name}}",
"generateName":"shop-7d4b9c6f58-","namespace":"{{.Namespace}}","uid":"{{.UID}}","creationTimestamp":"` + born + `",
"labels":{"app.kubernetes.io/name":"shop","app.kubernetes.io/instance":"{{.Namespace}}","app.kubernetes.io/part-of":"store",
"pod-template-hash":"7d4b9c6f58","tier":"backend"},"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9100",
"checksum/config":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},"ownerReferences":[{"apiVersion":"apps/v1",
"kind":"ReplicaSet","name":"shop-7d4b9c6f58","uid":"{{.NamespaceUID}}","controller":true,"blockOwnerDeletion":true}],
"managedFields":[{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"` + born + `","fieldsType":"FieldsV1",
"fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/port":{},"f:prometheus.io/scrape":{}},"f:generateName":{},
"f:labels":{".":{},"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/name":{},"f:app.kubernetes.io/part-of":{},"f:pod-template-hash":{},
"f:tier":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"{{.NamespaceUID}}\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"shop\"}":{".":{},
"f:env":{".":{},"k:{\"name\":\"LOG_LEVEL\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},
"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{},
"f:requests":{}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},
"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}},{"manager":"kubelet","operation":"Update","apiVersion":"v1",
"time":"` + born + `","subresource":"status","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},
"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},
"f:podIPs":{".":{},"k:{\"ip\":\"{{.IP}}\"}":{".":{},"f:ip":{}}},"f:startTime":{}}}}]},"spec":{"volumes":[{"name":"kube-api-access",
"projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt",
"items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1",
"fieldPath":"metadata.namespace"}}]}}]}}],"containers":[{"name":"shop","image":"registry.example.com/store/shop:1.42.0",
"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"POD_NAME",
"valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}],"resources":{"limits":{"cpu":"500m","memory":"512Mi"},
"requests":{"cpu":"100m","memory":"256Mi"}},"volumeMounts":[{"name":"kube-api-access","readOnly":true,
"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],"livenessProbe":{"httpGet":{"path":"/live","port":8080,"scheme":"HTTP"},
"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"readinessProbe":{"httpGet":{"path":"/ready","port":8080,
"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log",
"terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,
"dnsPolicy":"ClusterFirst","serviceAccountName":"default","nodeName":"{{.Node}}","schedulerName":"default-scheduler","tolerations":[
{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},
{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,
"preemptionPolicy":"PreemptLowerPriority"},"status":{"phase":"Running","conditions":[
{"type":"Initialized","status":"True","lastTransitionTime":"` + born + `"},{"type":"Ready","status":"True","lastTransitionTime":"` + born + `"},
{"type":"ContainersReady","status":"True","lastTransitionTime":"` + born + `"},{"type":"PodScheduled","status":"True",
"lastTransitionTime":"` + born + `"}],"hostIP":"192.168.0.10","podIP":"{{.IP}}","podIPs":[{"ip":"{{.IP}}"}],"startTime":"` + born + `",
"containerStatuses":[{"name":"shop","state":{"running":{"startedAt":"` + born + `"}},"ready":true,"started":true,"restartCount":0,
"image":"registry.example.com/store/shop:1.42.0","imageID":"registry.example.com/store/shop@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
"containerID":"containerd://{{.UID}}"}],"qosClass":"Burstable"}}`))
)

// crowd is what the templates are filled with.
type crowd struct {
	Namespace, NamespaceUID, Name, UID, IP, Node string
}

// loadCrowd writes this many pods, and the namespaces that they need, into etcd. The same number gives the same bytes.
func loadCrowd(ctx context.Context, to *etcd, pods int) error {
	var text bytes.Buffer
	put := func(key string, of *template.Template, values crowd) error {
		text.Reset()
		if err := of.Execute(&text, values); err != nil {
			return fmt.Errorf("making %s: %w", key, err)
		}
		return to.put(ctx, key, bytes.Clone(text.Bytes()))
	}
	var one crowd
	for i := range pods {
		if i%podsPerNamespace == 0 {
			one.Namespace = fmt.Sprintf("crowd-%04d", i/podsPerNamespace)
			one.NamespaceUID = crowdUID(one.Namespace)
			if err := put("/registry/namespaces/"+one.Namespace, crowdNamespace, one); err != nil {
				return err
			}
		}
		one.Name = fmt.Sprintf("shop-7d4b9c6f58-%06d", i)
		one.UID = crowdUID(one.Name)
		one.IP = fmt.Sprintf("10.%d.%d.%d", 128+i>>16, i>>8&0xff, i&0xff)
		one.Node = fmt.Sprintf("crowd-node-%03d", i%500)
		if err := put("/registry/pods/"+one.Namespace+"/"+one.Name, crowdPod, one); err != nil {
			return err
		}
	}
	return nil
}

// crowdUID makes a uid from a name.
func crowdUID(name string) string {
	sum := sha1.Sum([]byte(name))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
