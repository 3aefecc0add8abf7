package director

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// task is one piece of work of the Director, as `bosh tasks` lists them.
type task struct {
	id          int
	description string
	deployment  string
	started     time.Time
	cancel      context.CancelFunc

	mutex   sync.Mutex
	state   string // processing, done, error
	summary string
	events  bytes.Buffer // JSON lines, shown while the task runs
	results bytes.Buffer // JSON lines, for the CLI's command
	index   int
}

// newTask starts work in the background and returns its task. Work that has failed leaves its error as the last event.
func (d *Director) newTask(description, deployment string, work func(context.Context, *task) error) *task {
	ctx, cancel := context.WithCancel(context.Background())
	d.mutex.Lock()
	t := &task{id: len(d.tasks) + 1, description: description, deployment: deployment, started: time.Now(), cancel: cancel, state: "processing"}
	d.tasks = append(d.tasks, t)
	d.mutex.Unlock()
	go func() {
		defer cancel()
		err := work(ctx, t)
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.state, t.summary = "done", description
		if err != nil {
			t.state, t.summary = "error", err.Error()
			t.writeEvent(map[string]any{"time": time.Now().Unix(), "error": map[string]any{"code": 450001, "message": err.Error()}})
		}
	}()
	return t
}

// step runs one visible step of a task: the CLI shows its stage, what it works on, and how it ended.
func (t *task) step(stage, what string, work func() error) error {
	t.mutex.Lock()
	t.index++
	event := map[string]any{"time": time.Now().Unix(), "stage": stage, "tags": []string{}, "total": 1, "task": what, "index": t.index, "state": "started", "progress": 0}
	t.writeEvent(event)
	t.mutex.Unlock()

	err := work()

	t.mutex.Lock()
	defer t.mutex.Unlock()
	event["time"], event["state"], event["progress"] = time.Now().Unix(), "finished", 100
	if err != nil {
		event["state"], event["data"] = "failed", map[string]any{"error": err.Error()}
	}
	t.writeEvent(event)
	return err
}

// writeEvent needs the mutex to be held.
func (t *task) writeEvent(event map[string]any) {
	if err := json.NewEncoder(&t.events).Encode(event); err != nil {
		fmt.Fprintf(&t.events, "{\"error\":{\"message\":%q}}\n", err)
	}
}

// addResult adds a line to the task's result.
func (t *task) addResult(result any) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return json.NewEncoder(&t.results).Encode(result)
}

// output is a copy of what the task has written so far, of the kind "event" or "result".
func (t *task) output(kind string) []byte {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	switch kind {
	case "event":
		return bytes.Clone(t.events.Bytes())
	case "result":
		return bytes.Clone(t.results.Bytes())
	}
	return nil
}

// MarshalJSON is the task as the Director's API shows it.
func (t *task) MarshalJSON() ([]byte, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return json.Marshal(map[string]any{
		"id": t.id, "state": t.state, "description": t.description, "deployment": t.deployment, "user": "admin",
		"result": t.summary, "started_at": t.started.Unix(), "timestamp": t.started.Unix(),
	})
}
