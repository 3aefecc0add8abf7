// Package programs builds the two programs and runs them as people do: the simulated NSX as a server, the errand as a
// process with a folder that stands for its VM's disks. Tests say what must come out.
//
//	built, err := programs.Build(ctx, folder)              // once per test process
//	nsx, err := built.StartNSX(folder, "--scale", "1")     // nsxsim serve
//	machine := built.NewMachine(folder, nsx)
//	err = machine.Configure(programs.Changes{"migration.resources": "shared"})
//	result, err := machine.Run(ctx, "run")                 // result.Code, result.Output, result.LastLine()
//	report, err := nsx.Check("tas1")                       // nsxsim check, of the live state or the saved one
//	requests, err := nsx.Requests()                        // the journal over all starts
//	err = nsx.Stop()                                       // saves the state; nsx.Start() goes on from it
//
// Processes that hang are reached by a fault rule with a delay: start the run, nsx.WaitForFault, then Process.Kill.
// Note that the simulator carries a request out when its caller dies during a delay, as NSX would; a rule with drop
// and when: before hangs without an effect, one with drop and when: after has the effect first.
package programs
