package director

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// handler answers the requests that the bosh CLI makes for env, upload-release, update-runtime-config, deploy, errands,
// run-errand, tasks, cancel-task, vms and delete-vm.
func (d *Director) handler() http.Handler {
	mux := http.NewServeMux()
	for _, empty := range []string{"GET /releases", "GET /configs", "GET /stemcells", "POST /packages/matches", "POST /packages/matches_compiled"} {
		mux.HandleFunc(empty, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, []any{}) })
	}
	mux.HandleFunc("GET /info", d.getInfo)
	mux.HandleFunc("POST /releases", d.postRelease)
	mux.HandleFunc("POST /deployments", d.postDeployment)
	mux.HandleFunc("POST /runtime_configs", d.postRuntimeConfig)
	for _, diff := range []string{"POST /deployments/{deployment}/diff", "POST /runtime_configs/diff"} {
		mux.HandleFunc(diff, func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, map[string]any{"context": map[string]any{}, "diff": []any{}})
		})
	}
	mux.HandleFunc("GET /deployments/{deployment}/errands", d.getErrands)
	mux.HandleFunc("POST /deployments/{deployment}/errands/{errand}/runs", d.postErrandRun)
	mux.HandleFunc("GET /deployments/{deployment}/vms", d.getVMs)
	mux.HandleFunc("DELETE /vms/{cid}", d.deleteVMRequest)
	mux.HandleFunc("GET /tasks", d.getTasks)
	mux.HandleFunc("GET /tasks/{id}", d.withTask(func(w http.ResponseWriter, _ *http.Request, t *task) { writeJSON(w, t) }))
	mux.HandleFunc("GET /tasks/{id}/output", d.withTask(getOutput))
	mux.HandleFunc("DELETE /task/{id}", d.withTask(func(w http.ResponseWriter, _ *http.Request, t *task) {
		t.cancel()
		w.WriteHeader(http.StatusNoContent)
	}))
	mux.HandleFunc("GET /resources/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, d.blobFile(r.PathValue("id")))
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		if r.URL.Path != "/info" && password != d.password {
			http.Error(w, "Not authorized", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (d *Director) getInfo(w http.ResponseWriter, r *http.Request) {
	info := map[string]any{
		"name": "loopback director stand-in", "uuid": "00000000-0000-4000-8000-000000000001", "version": "280.0.0 (stand-in)",
		"user": nil, "cpi": "namespaces", "features": map[string]any{},
		"user_authentication": map[string]any{"type": "basic", "options": map[string]any{}},
	}
	if user, _, ok := r.BasicAuth(); ok {
		info["user"] = user
	}
	writeJSON(w, info)
}

func (d *Director) postRelease(w http.ResponseWriter, r *http.Request) {
	file, err := os.CreateTemp(d.options.Dir, "release-*.tgz")
	if err == nil {
		_, err = io.Copy(file, r.Body)
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}
	if err != nil {
		http.Error(w, fmt.Sprintf("keeping the release: %v", err), http.StatusInternalServerError)
		return
	}
	redirect(w, d.newTask("create release", "", func(_ context.Context, t *task) error {
		return t.step("Extracting release", "Extracting release", func() error { return d.addRelease(file.Name()) })
	}))
}

func (d *Director) postDeployment(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, fmt.Sprintf("reading the manifest: %v", err), http.StatusBadRequest)
		return
	}
	m, err := parseManifest(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	redirect(w, d.newTask("create deployment", m.Name, func(ctx context.Context, t *task) error { return d.deploy(ctx, t, m) }))
}

func (d *Director) getErrands(w http.ResponseWriter, r *http.Request) {
	names := []map[string]string{}
	for _, group := range d.deployment(r.PathValue("deployment")).Groups {
		for _, job := range group.Jobs {
			names = append(names, map[string]string{"name": job.Name})
		}
	}
	writeJSON(w, names)
}

func (d *Director) postErrandRun(w http.ResponseWriter, r *http.Request) {
	deployment, errand := r.PathValue("deployment"), r.PathValue("errand")
	var wanted struct{ Instances []instanceFilter }
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		http.Error(w, fmt.Sprintf("reading which instances are to run the errand: %v", err), http.StatusBadRequest)
		return
	}
	redirect(w, d.newTask("run errand "+errand+" from deployment "+deployment, deployment, func(ctx context.Context, t *task) error {
		return d.runErrand(ctx, t, deployment, errand, wanted.Instances)
	}))
}

func (d *Director) getVMs(w http.ResponseWriter, r *http.Request) {
	deployment := r.PathValue("deployment")
	redirect(w, d.newTask("retrieve vm-stats", deployment, func(_ context.Context, t *task) error {
		for _, vm := range d.vmsOf(deployment) {
			if err := t.addResult(map[string]any{
				"vm_cid": vm.cid, "job_name": vm.instance.Group, "index": vm.instance.Index, "id": vm.instance.ID, "job_state": "running", "active": true, "ips": []string{"127.0.0.1"},
			}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (d *Director) deleteVMRequest(w http.ResponseWriter, r *http.Request) {
	cid := r.PathValue("cid")
	redirect(w, d.newTask("delete vm "+cid, "", func(_ context.Context, t *task) error {
		for _, vm := range d.vmsOf("") {
			if vm.cid == cid {
				return t.step("Delete VM", cid, func() error { return d.deleteVM(vm) })
			}
		}
		return fmt.Errorf("deleting VM %q: there is no such VM", cid)
	}))
}

func (d *Director) getTasks(w http.ResponseWriter, r *http.Request) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	tasks := []*task{}
	for _, t := range d.tasks {
		t.mutex.Lock()
		running := t.state == "processing"
		t.mutex.Unlock()
		if running || !strings.Contains(r.URL.Query().Get("state"), "processing") {
			tasks = append(tasks, t)
		}
	}
	writeJSON(w, tasks)
}

func (d *Director) withTask(next func(http.ResponseWriter, *http.Request, *task)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		d.mutex.Lock()
		known := err == nil && id >= 1 && id <= len(d.tasks)
		var t *task
		if known {
			t = d.tasks[id-1]
		}
		d.mutex.Unlock()
		if !known {
			http.Error(w, "Task not found", http.StatusNotFound)
			return
		}
		next(w, r, t)
	}
}

// getOutput serves the bytes of a task's output from the offset that the CLI asks for.
func getOutput(w http.ResponseWriter, r *http.Request, t *task) {
	output := t.output(r.URL.Query().Get("type"))
	rest, ranged := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if !ranged {
		_, _ = w.Write(output) // a reader that has gone needs no answer
		return
	}
	offset, err := strconv.Atoi(strings.TrimSuffix(rest, "-"))
	if err != nil || offset >= len(output) {
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(output[offset:]) // likewise
}

func (d *Director) blobFile(id string) string {
	return filepath.Join(d.options.Dir, "blobs", filepath.Base(id))
}

func redirect(w http.ResponseWriter, t *task) {
	w.Header().Set("Location", fmt.Sprintf("/tasks/%d", t.id))
	w.WriteHeader(http.StatusFound)
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
