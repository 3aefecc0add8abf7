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
// A process is met in the middle of something by a fault rule with hold: start the run, nsx.WaitForHold, then Process.Kill, or
// look around, and nsx.Release. A held request whose caller has died is carried out when it is let go, as NSX would one that
// was late in the network; with drop and when: before it has no effect, and with drop and when: after it had it before.
package programs
