package apiserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// process is a program that runs until it is stopped. What it prints goes to a file.
type process struct {
	name, log string
	command   *exec.Cmd
	ended     chan struct{}
}

// startProcess starts a program whose log, and whose home, lie in a folder.
func startProcess(dir, program string, arguments ...string) (*process, error) {
	name := filepath.Base(program)
	p := &process{name: name, log: filepath.Join(dir, name+".log"), command: exec.Command(program, arguments...), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the log of %s: %w", name, err)
	}
	p.command.Dir, p.command.Env = dir, []string{"HOME=" + dir, "TMPDIR=" + dir} // ETCD_* of the tester's would be options
	p.command.Stdout, p.command.Stderr = log, log
	// The signal of a terminal goes to its process group: these are stopped by us, in their order.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		// The kernel takes the death of the thread that forked for that of the parent: it must last as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.command.Start()
		started <- err
		if err == nil {
			_ = p.command.Wait() // how it ended is asked of its log
		}
		_ = log.Close() // nothing of ours is in it
		close(p.ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return p, nil
}

// end asks the process to end, with SIGKILL or with a signal that lets it close its files, and waits until it has.
func (p *process) end(with syscall.Signal) error {
	if err := p.signal(with); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(patience):
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.ended
	return fmt.Errorf("%s had not ended %v after %v and was killed", p.name, patience, with)
}

func (p *process) signal(s syscall.Signal) error {
	if err := p.command.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %v to %s: %w", s, p.name, err)
	}
	return nil
}

// until asks again and again whether something is so. It ends with an error when the context does, when the process ends,
// or when asking fails for good; why is what the last question found, for the error.
func (p *process) until(ctx context.Context, what string, ask func() (so bool, why error)) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	var last error
	for {
		so, why := ask()
		if so {
			return nil
		}
		if why != nil && ctx.Err() == nil {
			last = why
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s: %s ended; its log ends:\n%s", what, p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; last answer: %v; the log of %s ends:\n%s", what, ctx.Err(), last, p.name, p.tail())
		case <-again.C:
		}
	}
}

// tail is the end of the log.
func (p *process) tail() []byte {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	const lines = 30
	at := len(text)
	for range lines + 1 {
		if at = bytes.LastIndexByte(text[:at], '\n'); at < 0 {
			return text
		}
	}
	return text[at+1:]
}
