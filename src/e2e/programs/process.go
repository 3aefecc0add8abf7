package programs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a started program.
type Process struct {
	command *exec.Cmd
	output  *buffer
	begun   time.Time
	ended   chan struct{}
	result  Result
}

// Result is how a program ended.
type Result struct {
	// Code is the exit code; of a killed process 128 and the signal's number, as shells count.
	Code int
	// Output is standard output and standard error in one.
	Output string
	// Stdout is standard output alone.
	Stdout string
	Took   time.Duration
	// Effort is the processor's time that it used, which a loaded machine hardly lengthens.
	Effort time.Duration
}

// LastLine is the last line of standard output.
func (r Result) LastLine() string {
	lines := strings.Split(strings.TrimRight(r.Stdout, "\n"), "\n")
	return lines[len(lines)-1]
}

// buffer collects output; it may be read while the program writes.
type buffer struct {
	mu       sync.Mutex
	all, out bytes.Buffer
}

// stream is one of a process's two outputs.
type stream struct {
	to     *buffer
	stdout bool
}

func (s stream) Write(p []byte) (int, error) {
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	if s.stdout {
		s.to.out.Write(p)
	}
	return s.to.all.Write(p)
}

func (b *buffer) strings() (all, stdout string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String(), b.out.String()
}

// start starts a program. The environment is added to that of the test.
func start(dir string, environment []string, program string, arguments ...string) (*Process, error) {
	p := &Process{command: exec.Command(program, arguments...), output: &buffer{}, begun: time.Now(), ended: make(chan struct{})}
	p.command.Dir, p.command.Env = dir, append(os.Environ(), environment...)
	p.command.Stdout, p.command.Stderr = stream{p.output, true}, stream{p.output, false}
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	go func() {
		defer close(p.ended)
		// The state below says how it ended, also after a failure.
		_ = p.command.Wait()
		p.result.Code = p.command.ProcessState.ExitCode()
		if status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			p.result.Code = 128 + int(status.Signal())
		}
		p.result.Effort = p.command.ProcessState.UserTime() + p.command.ProcessState.SystemTime()
		p.result.Took = time.Since(p.begun)
		p.result.Output, p.result.Stdout = p.output.strings()
	}()
	return p, nil
}

// Wait waits for the end. When the context ends first, the process is killed and an error says so.
func (p *Process) Wait(ctx context.Context) (Result, error) {
	select {
	case <-p.ended:
		return p.result, nil
	case <-ctx.Done():
		err := p.Kill()
		<-p.ended
		return p.result, errors.Join(fmt.Errorf("waiting for %s: %w; it said:\n%s", p.command.Path, ctx.Err(), p.result.Output), err)
	}
}

// Ended is closed when the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Output is what the process has printed so far.
func (p *Process) Output() string {
	all, _ := p.output.strings()
	return all
}

// Kill ends the process at once (SIGKILL).
func (p *Process) Kill() error { return p.signal(syscall.SIGKILL) }

// Terminate asks the process to end (SIGTERM).
func (p *Process) Terminate() error { return p.signal(syscall.SIGTERM) }

// Freeze stops the process (SIGSTOP) and returns when all of its threads stand still, so that what it has written so far can
// be read as a kill would have left it. Thaw lets it go on.
func (p *Process) Freeze() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	// Its end would do as well, and is left for Wait to see.
	for {
		err := unix.Waitid(unix.P_PID, p.command.Process.Pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		switch {
		case err == nil || errors.Is(err, syscall.ECHILD):
			return nil
		case !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("waiting for %s to stop: %w", p.command.Path, err)
		}
	}
}

// Thaw lets a process that Freeze stopped go on.
func (p *Process) Thaw() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) error {
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %v to %s: %w", s, p.command.Path, err)
	}
	return nil
}
