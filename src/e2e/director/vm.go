package director

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// boot runs as the first process of a VM's namespaces and becomes its agent.
// $1 is the VM's folder, $2 the agent, $3 the persistent disk's folder or nothing.
const boot = `set -e
mount --make-rprivate /
mount --bind "$1" /var/vcap
mount -t proc proc /proc
[ -z "$3" ] || mount --bind "$3" /var/vcap/store
exec env -i PATH=/usr/bin:/bin "$2" -P dummy -M dummy -b /var/vcap -C /var/vcap/bosh/agent.json`

// vm is a folder mounted on /var/vcap in namespaces of its own, with an agent in it.
type vm struct {
	cid      string
	instance Instance
	dir      string
	process  *exec.Cmd
	exited   chan struct{}
	agent    *agent
}

// createVM starts a VM and waits until its agent answers. disk is the persistent disk's folder; empty for none.
func (d *Director) createVM(instance Instance, disk string) (*vm, error) {
	d.mutex.Lock()
	d.lastCID++
	v := &vm{cid: fmt.Sprintf("vm-%d", d.lastCID), instance: instance, exited: make(chan struct{})}
	d.mutex.Unlock()
	v.dir = filepath.Join(d.options.Dir, "vms", v.cid)

	if err := d.prepareFolder(v); err != nil {
		return nil, fmt.Errorf("creating VM %s: %w", v.cid, err)
	}
	if disk != "" {
		if err := os.MkdirAll(disk, 0o755); err != nil {
			return nil, fmt.Errorf("creating the disk of VM %s: %w", v.cid, err)
		}
	}
	v.process = exec.Command("sh", "-c", boot, "sh", v.dir, d.options.Agent, disk)
	v.process.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Setsid:     true,            // a terminal's Ctrl-C is for the Director, which then deletes its VMs
		Pdeathsig:  syscall.SIGKILL, // and a Director that is killed takes them along
	}
	log, err := os.Create(filepath.Join(v.dir, "agent.log"))
	if err != nil {
		return nil, fmt.Errorf("creating VM %s: %w", v.cid, err)
	}
	v.process.Stdout, v.process.Stderr = log, log
	err = v.process.Start()
	if closeErr := log.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("starting VM %s: %w", v.cid, err)
	}
	go func() {
		_ = v.process.Wait() // a VM ends by being killed
		close(v.exited)
	}()
	d.mutex.Lock()
	d.vms[v.cid] = v
	d.mutex.Unlock()
	if err := v.waitForAgent(); err != nil {
		return nil, errors.Join(err, d.deleteVM(v))
	}
	return v, nil
}

// prepareFolder lays out what a stemcell and a CPI would leave for the agent.
func (d *Director) prepareFolder(v *vm) error {
	for _, dir := range []string{"bosh", "instance", "store"} {
		if err := os.MkdirAll(filepath.Join(v.dir, dir), 0o755); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return err
	}
	v.agent = newAgent("https://mbus:loopback@"+address, d.certificate.certificatePEM)

	const settingsFile = "/var/vcap/bosh/file-settings.json"
	source := map[string]any{"Type": "File", "SettingsPath": settingsFile}
	files := map[string]any{
		"agent.json": map[string]any{"Infrastructure": map[string]any{"Settings": map[string]any{"Sources": []any{source}}}},
		"file-settings.json": map[string]any{
			"agent_id": v.cid,
			"mbus":     v.agent.url,
			"vm":       map[string]any{"name": v.cid},
			"disks":    map[string]any{"persistent": map[string]any{}},
			// The agent maps this very path to the folder that its own /blobs/ address writes.
			"blobstore": map[string]any{"provider": "local", "options": map[string]any{"blobstore_path": "/var/vcap/micro_bosh/data/cache"}},
			"env": map[string]any{"bosh": map[string]any{"mbus": map[string]any{"cert": map[string]any{
				"certificate": string(d.certificate.certificatePEM), "private_key": string(d.certificate.keyPEM),
			}}}},
			"networks": map[string]any{"default": map[string]any{"type": "manual", "ip": "127.0.0.1"}},
		},
	}
	for name, content := range files {
		text, err := json.Marshal(content)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(v.dir, "bosh", name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (v *vm) waitForAgent() error {
	deadline := time.After(10 * time.Minute) // it only ends what hangs
	for {
		_, err := v.agent.call("ping")
		if err == nil {
			return nil
		}
		select {
		case <-v.exited:
			log, _ := os.ReadFile(filepath.Join(v.dir, "agent.log")) // without it the message is merely shorter
			return fmt.Errorf("starting VM %s: its agent ended: %.2000s", v.cid, log)
		case <-deadline:
			return fmt.Errorf("starting VM %s: %w", v.cid, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// deleteVM kills everything in a VM and deletes its folder; a VM that is gone already is fine.
func (d *Director) deleteVM(v *vm) error {
	d.mutex.Lock()
	delete(d.vms, v.cid)
	d.mutex.Unlock()
	// With the first process of the PID namespace the kernel kills all others in it.
	if err := v.process.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing VM %s: %w", v.cid, err)
	}
	<-v.exited
	if err := os.RemoveAll(v.dir); err != nil {
		return fmt.Errorf("deleting VM %s: %w", v.cid, err)
	}
	return nil
}

// vmsOf lists the VMs of a deployment; those of all deployments for an empty name.
func (d *Director) vmsOf(deployment string) []*vm {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	var vms []*vm
	for _, v := range d.vms {
		if deployment == "" || v.instance.Deployment == deployment {
			vms = append(vms, v)
		}
	}
	return vms
}
