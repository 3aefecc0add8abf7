package cluster

import (
	"fmt"
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sectionService is where the saved state holds whether the coordinator's service runs.
const sectionService = "coordinator-service"

// Service is the migration coordinator's service. It belongs to one node: while it runs there, another node refuses to
// start it (ASSUMED; the docs only say that it must run on one node).
type Service struct {
	store       *store.Store
	clock       api.Clock
	delay       time.Duration
	coordinator api.Coordinator

	mu    sync.Mutex
	state serviceState
	timer api.Timer
}

// serviceState is what is saved.
type serviceState struct {
	// Node is where the service runs or starts; empty when it is stopped.
	Node     string `json:"node"`
	Starting bool   `json:"starting"`
	PID      int    `json:"pid"`
}

// NewService makes the service as the state has it; after a restore it is stopped.
func NewService(st *store.Store, clock api.Clock, delay time.Duration, coordinator api.Coordinator, restored bool) (*Service, error) {
	v := &Service{store: st, clock: clock, delay: delay, coordinator: coordinator}
	err := st.View(func(tx *store.Tx) error {
		_, err := tx.Section(sectionService, &v.state)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("loading the state of the coordinator's service: %w", err)
	}
	if v.state.PID == 0 {
		v.state.PID = 4000
	}
	if restored {
		v.state.Node, v.state.Starting = "", false
		return v, v.save()
	}
	if v.state.Starting {
		v.timer = clock.AfterFunc(delay, v.up)
	}
	return v, nil
}

// GoOnFrom keeps the process ids of an earlier world from being given out again.
func (v *Service) GoOnFrom(before *Service) {
	if before == nil {
		return
	}
	before.mu.Lock()
	pid := before.state.PID
	before.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state.Node == "" {
		v.state.PID = max(v.state.PID, pid)
	}
}

// Runs tells whether the service answers on a node.
func (v *Service) Runs(node string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state.Node == node && !v.state.Starting
}

// status is the answer of .../status for a node.
func (v *Service) status(node string) map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.statusLocked(node)
}

func (v *Service) statusLocked(node string) map[string]any {
	if v.state.Node != node || v.state.Starting {
		return map[string]any{"runtime_state": "stopped", "monitor_runtime_state": "stopped", "pids": []int{}, "health": "STABLE"}
	}
	return map[string]any{
		"runtime_state": "running", "monitor_runtime_state": "running", "health": "STABLE",
		"pids": []int{v.state.PID, v.state.PID + 1}, "monitor_pid": v.state.PID - 1,
	}
}

// Act carries out start, stop or restart on a node and returns the status.
func (v *Service) Act(node, action string) (map[string]any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if action != "stop" && v.state.Node != "" && v.state.Node != node {
		return nil, api.BadRequest(30700, api.ModuleCoordinator,
			"The migration coordinator runs on %s already; stop it there first.", v.state.Node)
	}
	if action != "start" && v.state.Node == node {
		if err := v.down(); err != nil {
			return nil, err
		}
	}
	if action != "stop" && v.state.Node == "" {
		v.state.Node, v.state.Starting = node, true
		if err := v.save(); err != nil {
			return nil, err
		}
		if v.delay > 0 {
			v.timer = v.clock.AfterFunc(v.delay, v.up)
		} else {
			v.upLocked()
		}
	}
	return v.statusLocked(node), nil
}

// up ends the start.
func (v *Service) up() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state.Starting {
		v.upLocked()
	}
}

func (v *Service) upLocked() {
	v.state.Starting = false
	v.state.PID += 10
	if v.coordinator != nil {
		v.coordinator.ServiceStarted(v.state.Node)
	}
	// The section always encodes; the in-memory state is what counts.
	_ = v.save()
}

// down stops the service where it is.
func (v *Service) down() error {
	if v.timer != nil {
		v.timer.Stop()
		v.timer = nil
	}
	was := v.state
	v.state.Node, v.state.Starting = "", false
	if v.coordinator != nil && !was.Starting {
		v.coordinator.ServiceStopped(was.Node)
	}
	return v.save()
}

// Crash is a restart without any delay.
func (v *Service) Crash() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	node := v.state.Node
	if node == "" || v.state.Starting {
		return nil
	}
	if err := v.down(); err != nil {
		return err
	}
	v.state.Node = node
	v.upLocked()
	return nil
}

func (v *Service) save() error {
	return v.store.Update(func(tx *store.Tx) error { return tx.SetSection(sectionService, v.state) })
}

func (v *Service) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.timer != nil {
		v.timer.Stop()
	}
}
