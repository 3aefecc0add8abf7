package kubelet

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// enter mounts a container's root folder and its volumes in a mount namespace of its own, so that the mounts end with the
// process, and becomes the container's command. Arguments: root folder, host name, whether the root folder is
// read-only, then mode, source and target of each mount, --, and for env the variables (a shell loses names with dots) and the
// command.
const enter = `set -eu
root=$1 readonly=$3
echo "$2" >/proc/sys/kernel/hostname
shift 3
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
for device in null zero random urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
while [ "$1" != -- ]; do
  mount --bind "$2" "$root$3"
  [ "$1" = rw ] || mount -o remount,ro,bind "$root$3"
  shift 3
done
shift
[ "$readonly" = false ] || mount -o remount,ro,bind "$root"
exec env -i "$@"`

// path is the container's unless its pod says otherwise, and that of the programs that enter it.
const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// The API's defaults and bounds of termination messages.
const (
	maxMessage      = 4096
	maxMessageOfLog = 2048
)

// container runs one container to its end. It waits for what the container needs and is not there yet. An error is what
// can never be done.
func (r *runner) container(ctx context.Context, c container, isMain bool) (ended, error) {
	var command *exec.Cmd
	var message string
	for {
		var err error
		if command, message, err = r.prepare(ctx, c); err == nil {
			break
		}
		if errors.Is(err, errNotImplemented) || ctx.Err() != nil {
			return ended{}, err
		}
		r.wait(ctx, c, err)
		select {
		case grace := <-r.deleted:
			r.delete(grace) // for run
			return ended{code: 137, reason: "ContainerStatusUnknown", begun: time.Now(), stopped: time.Now()}, nil
		case <-ctx.Done():
			return ended{}, ctx.Err()
		case <-time.After(again):
		}
	}
	log, err := os.OpenFile(r.kubelet.logFile(r.pod, c.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return ended{}, err
	}
	defer func() { _ = log.Close() }() // the container wrote it
	command.Stdout, command.Stderr = log, log
	end := ended{begun: time.Now()}
	finished, err := r.start(command)
	if err != nil {
		return ended{}, err
	}
	if isMain {
		r.report(ctx, "Running", r.pod.Spec.Containers, nil)
	}
	r.supervise(ctx, command, finished)
	end.stopped, end.code, end.reason = time.Now(), command.ProcessState.ExitCode(), "Completed"
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		end.code = 128 + int(status.Signal())
	}
	if end.code != 0 {
		end.reason = "Error"
	}
	end.message = r.terminationMessage(c, message, end.code)
	return end, nil
}

// start starts the command; the channel is closed when it has ended.
func (r *runner) start(command *exec.Cmd) (<-chan struct{}, error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, finished := make(chan error), make(chan struct{})
	go func() {
		// The kernel takes the death of the thread that forked for that of the parent: it must last as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(finished)
		err := command.Start()
		if err == nil {
			r.kubelet.mu.Lock()
			r.process = command.Process
			r.kubelet.mu.Unlock()
		}
		started <- err
		if err == nil {
			_ = command.Wait() // the process's state says how it ended
			r.kubelet.mu.Lock()
			r.process = nil
			r.kubelet.mu.Unlock()
		}
	}()
	return finished, <-started
}

// supervise waits until a container has ended. A deleted pod's is asked to end and killed after its grace period; when the
// node loses its power, it is killed.
func (r *runner) supervise(ctx context.Context, command *exec.Cmd, finished <-chan struct{}) {
	kill := func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) } // its group; it may have ended
	select {
	case <-finished:
		return
	case <-ctx.Done():
	case grace := <-r.deleted:
		r.delete(grace) // for run, which then removes the pod
		_ = command.Process.Signal(syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-finished:
			return
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	kill()
	<-finished
}

// prepare makes the root folder, the volumes and the command of a container. message is the file of its termination message.
func (r *runner) prepare(ctx context.Context, c container) (command *exec.Cmd, message string, err error) {
	dir := r.kubelet.podDir(r.pod)
	image := r.kubelet.images[c.Image]
	root := filepath.Join(dir, "root-"+c.Name)
	if err := makeRoot(root, image); err != nil {
		return nil, "", err
	}
	environment, err := r.environment(ctx, c)
	if err != nil {
		return nil, "", err
	}
	mounts, err := r.mounts(ctx, c, dir, root)
	if err != nil {
		return nil, "", err
	}
	message = filepath.Join(dir, "message-"+c.Name)
	if err := errors.Join(os.WriteFile(message, nil, 0o600), os.Chmod(message, 0o666)); err != nil {
		return nil, "", err
	}
	target := cmp.Or(c.TerminationMessagePath, "/dev/termination-log")
	if err := touch(filepath.Join(root, target)); err != nil {
		return nil, "", err
	}
	mounts = append(mounts, "rw", message, target)

	user, groups, err := r.user(c, image)
	if err != nil {
		return nil, "", err
	}
	hostname := r.pod.Metadata.Name
	if r.pod.Spec.HostNetwork {
		hostname = nodeName
	}
	readOnly := c.SecurityContext.ReadOnlyRootFilesystem != nil && *c.SecurityContext.ReadOnlyRootFilesystem
	run := image.Entrypoint
	if len(c.Command) > 0 {
		run = c.Command
	}
	arguments := []string{"--mount", "--uts", "--propagation", "private", "sh", "-c", enter, "sh", root, hostname, strconv.FormatBool(readOnly)}
	chroot, err := exec.LookPath("chroot")
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errNotImplemented, err)
	}
	arguments = append(append(arguments, mounts...), "--", path, "HOSTNAME="+hostname)
	arguments = append(append(arguments, environment...), chroot, "--userspec="+user, "--groups="+groups, root)
	for _, word := range append(slices.Clone(run), c.Args...) {
		arguments = append(arguments, expand(word, environment))
	}
	command = exec.Command("unshare", arguments...)
	command.Env = []string{path}
	return command, message, nil
}

func makeRoot(root string, image Image) error {
	if err := os.MkdirAll(filepath.Join(root, "proc"), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o755); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		return err
	}
	for _, device := range []string{"null", "zero", "random", "urandom"} {
		if err := touch(filepath.Join(root, "dev", device)); err != nil {
			return err
		}
	}
	for to, from := range image.Files {
		if err := copyFile(filepath.Join(root, to), from); err != nil {
			return fmt.Errorf("making a container's root folder: %w", err)
		}
	}
	return nil
}

// touch makes an empty file to be mounted over, with its folders.
func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

func copyFile(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // only read
	info, err := source.Stat()
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// mounts makes the volumes that a container mounts, and the places in its root folder where they go.
func (r *runner) mounts(ctx context.Context, c container, dir, root string) ([]string, error) {
	var all []string
	for _, m := range c.VolumeMounts {
		at := slices.IndexFunc(r.pod.Spec.Volumes, func(v volume) bool { return v.Name == m.Name })
		if at < 0 {
			return nil, fmt.Errorf("mounting %s: the pod has no such volume", m.Name)
		}
		source, writable, err := r.kubelet.volume(ctx, r.pod, r.pod.Spec.Volumes[at], dir)
		if err != nil {
			return nil, err
		}
		target := filepath.Join(root, m.MountPath)
		if m.SubPath != "" {
			if source = filepath.Join(source, filepath.Clean("/"+m.SubPath)); writable {
				err = os.MkdirAll(source, 0o755)
			}
		}
		info, statErr := os.Stat(source)
		if err = errors.Join(err, statErr); err != nil {
			return nil, fmt.Errorf("mounting %s: %w", m.Name, err)
		}
		if info.IsDir() {
			err = os.MkdirAll(target, 0o755)
		} else {
			err = touch(target)
		}
		if err != nil {
			return nil, fmt.Errorf("mounting %s: %w", m.Name, err)
		}
		mode := "ro"
		if writable && !m.ReadOnly {
			mode = "rw"
		}
		all = append(all, mode, source, m.MountPath)
	}
	return all, nil
}

// user is what chroot takes for user and groups.
func (r *runner) user(c container, image Image) (user, groups string, err error) {
	pick := func(own, pods *int, otherwise int) int {
		if own != nil {
			return *own
		}
		if pods != nil {
			return *pods
		}
		return otherwise
	}
	ofPod := r.pod.Spec.SecurityContext
	uid := pick(c.SecurityContext.RunAsUser, ofPod.RunAsUser, image.User)
	gid := pick(c.SecurityContext.RunAsGroup, ofPod.RunAsGroup, image.Group)
	for _, nonRoot := range []*bool{ofPod.RunAsNonRoot, c.SecurityContext.RunAsNonRoot} {
		if nonRoot != nil && *nonRoot && uid == 0 {
			return "", "", errors.New("container has runAsNonRoot and image will run as root")
		}
	}
	all := []string{strconv.Itoa(gid)}
	for _, group := range ofPod.SupplementalGroups {
		all = append(all, strconv.Itoa(group))
	}
	if ofPod.FSGroup != nil {
		all = append(all, strconv.Itoa(*ofPod.FSGroup))
	}
	return fmt.Sprintf("+%d:+%d", uid, gid), strings.Join(all, ","), nil
}

// environment is what the container gets, as NAME=value: how the API is reached, then what the pod says.
func (r *runner) environment(ctx context.Context, c container) ([]string, error) {
	host, port, _ := strings.Cut(strings.TrimPrefix(r.kubelet.server.URL, "https://"), ":")
	all := []string{"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port, "KUBERNETES_SERVICE_PORT_HTTPS=" + port}
	for _, from := range c.EnvFrom {
		var content map[string][]byte
		var err error
		switch {
		case from.ConfigMapRef != nil:
			content, err = r.kubelet.configMapData(ctx, r.pod, *from.ConfigMapRef)
		case from.SecretRef != nil:
			content, err = r.kubelet.secretData(ctx, r.pod, *from.SecretRef)
		}
		if err != nil {
			return nil, err
		}
		for key, value := range content {
			all = append(all, from.Prefix+key+"="+string(value))
		}
	}
	for _, v := range c.Env {
		value, err := r.value(ctx, v, all)
		if err != nil {
			return nil, fmt.Errorf("making the variable %s: %w", v.Name, err)
		}
		all = append(all, v.Name+"="+value)
	}
	return all, nil
}

func (r *runner) value(ctx context.Context, v variable, known []string) (string, error) {
	if v.ValueFrom == nil {
		return expand(v.Value, known), nil
	}
	var content map[string][]byte
	var from *keyRef
	var err error
	switch {
	case v.ValueFrom.FieldRef != nil:
		return field(r.pod, v.ValueFrom.FieldRef.FieldPath)
	case v.ValueFrom.ConfigMapKeyRef != nil:
		from = v.ValueFrom.ConfigMapKeyRef
		content, err = r.kubelet.configMapData(ctx, r.pod, from.reference)
	case v.ValueFrom.SecretKeyRef != nil:
		from = v.ValueFrom.SecretKeyRef
		content, err = r.kubelet.secretData(ctx, r.pod, from.reference)
	default:
		return "", fmt.Errorf("its source: %w", errNotImplemented)
	}
	if err != nil {
		return "", err
	}
	value, ok := content[from.Key]
	if !ok && !from.Optional {
		return "", fmt.Errorf("%s has no key %q", from.Name, from.Key)
	}
	return string(value), nil
}

// expand replaces $(NAME) by the variable's value, the last one that has the name; $$ stands for a dollar.
func expand(text string, environment []string) string {
	var to strings.Builder
	for text != "" {
		switch {
		case strings.HasPrefix(text, "$$"):
			to.WriteByte('$')
			text = text[2:]
			continue
		case strings.HasPrefix(text, "$("):
			name, rest, closed := strings.Cut(text[2:], ")")
			at := -1
			for i, one := range environment {
				if strings.HasPrefix(one, name+"=") {
					at = i
				}
			}
			if closed && at >= 0 {
				to.WriteString(environment[at][len(name)+1:])
				text = rest
				continue
			}
		}
		to.WriteByte(text[0])
		text = text[1:]
	}
	return to.String()
}

// terminationMessage is what the container left for its status: its file, or of a failed one the end of its log if the pod
// wants that.
func (r *runner) terminationMessage(c container, file string, code int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	if len(text) > maxMessage {
		text = text[:maxMessage]
	}
	if len(text) > 0 || code == 0 || c.TerminationMessagePolicy != "FallbackToLogsOnError" {
		return string(text)
	}
	if text, err = os.ReadFile(r.kubelet.logFile(r.pod, c.Name)); err != nil {
		return err.Error()
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	text = bytes.Join(lines[max(0, len(lines)-81):], nil) // 80 and what follows the last one
	return string(text[max(0, len(text)-maxMessageOfLog):])
}
