package records

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// volatileFilesystems lose their content with the machine.
var volatileFilesystems = map[string]bool{"tmpfs": true, "ramfs": true}

// boshData is where BOSH mounts the ephemeral disk, which goes away with the VM.
const boshData = "/var/vcap/data"

// checkMounted makes sure that dir is on a disk of its own. Without a persistent disk the folder lies on the
// machine's root disk, which BOSH throws away after an errand.
func checkMounted(dir string, mountInfo []byte) error {
	real, err := resolve(dir)
	if err != nil {
		return fmt.Errorf("finding the mount of records folder %s: %w", dir, err)
	}
	point, kind, err := mountOf(real, string(mountInfo))
	switch {
	case err != nil:
		return fmt.Errorf("finding the mount of records folder %s: %w", dir, err)
	case point == "/" || point == "":
		return &ErrNotMounted{Dir: dir, Reason: "nothing is mounted there, so it lies on the machine's own disk"}
	case within(point, boshData):
		return &ErrNotMounted{Dir: dir, Reason: point + " is BOSH's ephemeral disk, which goes away with the VM; the persistent one is mounted at /var/vcap/store"}
	case volatileFilesystems[kind]:
		return &ErrNotMounted{Dir: dir, Reason: fmt.Sprintf("%s is a %s, which lives in memory", point, kind)}
	}
	return nil
}

// resolve follows the symbolic links of a path whose last folders need not exist yet.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	missing := ""
	for {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(real, missing), nil
		}
		if !errors.Is(err, fs.ErrNotExist) || path == "/" {
			return "", err
		}
		path, missing = filepath.Dir(path), filepath.Join(filepath.Base(path), missing)
	}
}

// mountOf finds the innermost mount point that holds path, and its filesystem type. The format is that of
// /proc/self/mountinfo (proc_pid_mountinfo(5)): the mount point is the fifth field, the type follows a lone "-".
func mountOf(path, mountInfo string) (point, kind string, err error) {
	for n, line := range strings.Split(strings.TrimSpace(mountInfo), "\n") {
		before, after, found := strings.Cut(line, " - ")
		fields, more := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 6 || len(more) < 1 {
			return "", "", fmt.Errorf("mountinfo line %d is not understood: %q", n+1, line)
		}
		candidate := unescape(fields[4])
		// On equal length the later line wins: it is mounted on top.
		if within(path, candidate) && len(candidate) >= len(point) {
			point, kind = candidate, more[0]
		}
	}
	return point, kind, nil
}

func within(path, folder string) bool {
	return folder == "/" || path == folder || strings.HasPrefix(path, folder+"/")
}

// unescape undoes the kernel's octal escapes for blank, tab, newline and backslash.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if code, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(code))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// checkFree refuses to begin on a disk with less than need bytes free.
func checkFree(dir string, need uint64) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return fmt.Errorf("measuring the free space of %s: %w", dir, err)
	}
	if free := stat.Bavail * uint64(stat.Bsize); free < need {
		return &ErrNoSpace{Dir: dir, Free: free, Need: need}
	}
	return nil
}
