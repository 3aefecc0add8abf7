package config

// Commands of migrate-mp2p that a configuration may ask for. Their names stand here alone.
const (
	CommandRun      = "run"
	CommandPlan     = "plan"
	CommandPrecheck = "precheck"
	CommandRollback = "rollback"
	CommandStatus   = "status"
	CommandVerify   = "verify"
)

// Commands lists them all, in the order in which messages name them.
func Commands() []string {
	return []string{CommandRun, CommandPlan, CommandPrecheck, CommandRollback, CommandStatus, CommandVerify}
}

// Writes says whether a command may write to NSX. All others only read.
func Writes(command string) bool { return command == CommandRun || command == CommandRollback }
