package coordinator

// The phases that Phase tells, for fault rules.
const (
	// PhaseIdle is any time at which nothing is at work and no plan waits.
	PhaseIdle = "idle"
	// PhasePrecheck and PhaseMigration last while component 0 and component 1 are at work.
	PhasePrecheck  = "precheck"
	PhaseMigration = "migration"
	// PhasePaused is a plan between its components, or one that failed and waits for abort.
	PhasePaused = "paused"
	// PhaseRollback and PhaseDone last while these long calls are at work.
	PhaseRollback = "rollback"
	PhaseDone     = "done"
)

// Phase tells what the coordinator is at right now.
func (c *Coordinator) Phase() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.finishing != "":
		return c.finishing
	case c.state.Precheck.Status == statusInProgress:
		return PhasePrecheck
	case c.state.Migration.Status == statusInProgress:
		return PhaseMigration
	case c.state.Overall == statusPaused || c.state.Overall == statusFailed:
		return PhasePaused
	}
	return PhaseIdle
}
