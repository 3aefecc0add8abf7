package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// A large world lives long and its requests leave much garbage behind: collecting that at twice the world's size costs a
// fifth of all processor time. So the collector may wait until four times, but not beyond what the largest world needs.
const (
	garbagePercent = 300
	softMemory     = 5 << 30
)

func main() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(softMemory)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
