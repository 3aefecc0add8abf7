package coordinator

// The phases that Phase tells, for fault rules.
const (
	// PhaseIdle is any time at which nothing is at work and no plan waits.
	PhaseIdle = "idle"
	// PhasePrecheck and PhaseMigration last while component 0 and component 1 are at work, in either mode; an
	// aborted migration is at work to its end.
	PhasePrecheck  = "precheck"
	PhaseMigration = "migration"
	// PhasePaused is a plan between its components, or one that failed and waits for what comes next.
	PhasePaused = "paused"
	// PhaseRollback lasts while mp-to-policy/rollback or the plan's own rollback is at work, PhaseDone while DONE is.
	PhaseRollback = "rollback"
	PhaseDone     = "done"
	// PhaseCancel lasts while a GENERIC promotion is being cancelled.
	PhaseCancel = "cancel"
)

// Phase tells what the coordinator is at right now.
func (c *Coordinator) Phase() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.call != nil:
		return c.call.phase
	case c.state.Undo != nil && c.state.Undo.Cancel:
		return PhaseCancel
	case c.state.Undo != nil:
		return PhaseRollback
	case c.state.Precheck.Status == statusInProgress:
		return PhasePrecheck
	case c.state.Migration.Status == statusInProgress, c.state.Orphan != nil:
		return PhaseMigration
	case c.state.Overall == statusPaused || c.state.Overall == statusFailed:
		return PhasePaused
	}
	return PhaseIdle
}
