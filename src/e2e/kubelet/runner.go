package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"nsx-mp2p/e2e/apiserver"
)

// runner runs one pod.
type runner struct {
	kubelet *Kubelet
	pod     *pod
	// deleted gets the grace period when somebody deletes the pod.
	deleted chan time.Duration
	// process is the running container's, under the lock of kubelet.
	process *os.Process
}

// ended is how a container ended.
type ended struct {
	code           int
	reason         string
	message        string
	begun, stopped time.Time
}

// run takes a pod from Pending to its end, and removes it when it is deleted. When the context ends, it drops all.
func (r *runner) run(ctx context.Context) {
	if phase := r.pod.Status.Phase; phase != "Succeeded" && phase != "Failed" {
		r.live(ctx)
	}
	select {
	case <-ctx.Done():
	case <-r.deleted:
		r.persist(ctx, r.remove)
	}
}

// delete says that the pod is being deleted, to whoever of the runner asks next.
func (r *runner) delete(grace time.Duration) {
	select {
	case r.deleted <- grace:
	default: // it knows
	}
}

// persist does something against the API until it takes or the node loses its power.
func (r *runner) persist(ctx context.Context, do func(context.Context) error) {
	for ctx.Err() == nil {
		err := do(ctx)
		if err == nil || errors.Is(err, errNotFound) {
			return
		}
		sleep(ctx, again)
	}
}

// live binds the pod, runs its containers and reports how they ended.
func (r *runner) live(ctx context.Context) {
	if r.pod.Spec.NodeName == "" {
		r.persist(ctx, r.bind)
	}
	begun := time.Now()
	fail := func(reason, message string) {
		r.report(ctx, "Failed", r.pod.Spec.Containers, &ended{code: 128, reason: reason, message: message, begun: begun, stopped: time.Now()})
	}
	if r.pod.Status.Phase == "Running" { // of a node that has lost its power: its containers are gone
		fail("NodeRestarted", "the node was started anew")
		return
	}
	if why := r.unknown(); why != "" {
		fail("NotImplemented", why)
		return
	}
	var last ended
	for i, c := range append(r.pod.Spec.InitContainers[:len(r.pod.Spec.InitContainers):len(r.pod.Spec.InitContainers)], r.pod.Spec.Containers...) {
		isMain := i == len(r.pod.Spec.InitContainers)
		var err error
		last, err = r.container(ctx, c, isMain)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			fail("NotImplemented", err.Error())
			return
		}
		if last.code != 0 {
			break
		}
	}
	phase := "Succeeded"
	if last.code != 0 {
		phase = "Failed"
	}
	r.report(ctx, phase, r.pod.Spec.Containers, &last)
}

// unknown says what the pod asks for and the stand-in would do otherwise.
func (r *runner) unknown() string {
	spec := r.pod.Spec
	switch {
	case spec.RestartPolicy != "Never":
		return "restartPolicy " + spec.RestartPolicy
	case len(spec.Containers) != 1:
		return "more than one container"
	}
	for _, c := range append(spec.InitContainers[:len(spec.InitContainers):len(spec.InitContainers)], spec.Containers...) {
		if _, ok := r.kubelet.images[c.Image]; !ok {
			return "the image " + c.Image + " is not among the node's"
		}
		if c.WorkingDir != "" && c.WorkingDir != "/" {
			return "workingDir"
		}
		if c.RestartPolicy != "" {
			return "restartPolicy of a container"
		}
	}
	return ""
}

func (r *runner) bind(ctx context.Context) error {
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Binding","metadata":{"name":%q},"target":{"kind":"Node","name":%q}}`, r.pod.Metadata.Name, nodeName)
	return r.kubelet.call(ctx, apiserver.Request{Method: http.MethodPost, Path: r.pod.path() + "/binding", Body: []byte(body)}, &struct{}{})
}

// remove ends a pod that is being deleted, as the kubelet does when its containers have ended.
func (r *runner) remove(ctx context.Context) error {
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"preconditions":{"uid":%q}}`, r.pod.Metadata.UID)
	return r.kubelet.call(ctx, apiserver.Request{Method: http.MethodDelete, Path: r.pod.path(), Body: []byte(body)}, &struct{}{})
}

// report writes the pod's status. With end its container has ended, otherwise it runs.
func (r *runner) report(ctx context.Context, phase string, of []container, end *ended) {
	const layout = time.RFC3339
	ready := "False"
	var states []map[string]any
	for _, c := range of {
		state := map[string]any{}
		switch {
		case end != nil:
			state["terminated"] = map[string]any{
				"exitCode": end.code, "reason": end.reason, "message": end.message,
				"startedAt": end.begun.UTC().Format(layout), "finishedAt": end.stopped.UTC().Format(layout),
			}
			state["running"], state["waiting"] = nil, nil
		case phase == "Running":
			ready = "True"
			state["running"] = map[string]any{"startedAt": time.Now().UTC().Format(layout)}
			state["waiting"] = nil
		}
		states = append(states, map[string]any{
			"name": c.Name, "image": c.Image, "imageID": c.Image, "restartCount": 0, "ready": ready == "True", "started": ready == "True", "state": state,
		})
	}
	now := time.Now().UTC().Format(layout)
	var conditions []map[string]any
	for kind, status := range map[string]string{"PodScheduled": "True", "Initialized": "True", "Ready": ready, "ContainersReady": ready} {
		conditions = append(conditions, map[string]any{"type": kind, "status": status, "lastTransitionTime": now})
	}
	status := map[string]any{
		"phase": phase, "hostIP": "127.0.0.1", "podIP": "127.0.0.1", "podIPs": []map[string]any{{"ip": "127.0.0.1"}}, "startTime": now,
		"conditions": conditions, "containerStatuses": states,
	}
	r.persist(ctx, func(ctx context.Context) error {
		return r.kubelet.patch(ctx, r.pod.path()+"/status", map[string]any{"status": status})
	})
}

// wait reports why a container does not start yet.
func (r *runner) wait(ctx context.Context, c container, why error) {
	status := map[string]any{"containerStatuses": []map[string]any{{
		"name": c.Name, "image": c.Image, "imageID": "", "restartCount": 0, "ready": false,
		"state": map[string]any{"waiting": map[string]any{"reason": "CreateContainerConfigError", "message": why.Error()}},
	}}}
	_ = r.kubelet.patch(ctx, r.pod.path()+"/status", map[string]any{"status": status}) // said for people; the next try says it again
}
