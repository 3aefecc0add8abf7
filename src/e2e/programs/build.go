package programs

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// product is the module that both programs are built from.
const product = "nsx-mp2p/migrate-mp2p"

// Programs are the two built programs.
type Programs struct {
	// Migrate and Sim are the paths of migrate-mp2p and nsxsim.
	Migrate, Sim string
}

// In are the programs that Build left in a folder; another process of the same test may have built them.
func In(folder string) *Programs {
	return &Programs{Migrate: filepath.Join(folder, "migrate-mp2p"), Sim: filepath.Join(folder, "nsxsim")}
}

// Build builds both programs into a folder, from the product's own module and its vendored packages. Flags are further
// ones of go build, such as "-tags=crashtest".
func Build(ctx context.Context, folder string, flags ...string) (*Programs, error) {
	find := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", product)
	module, err := find.Output()
	if err != nil {
		return nil, fmt.Errorf("finding the module %s: %w", product, err)
	}
	arguments := append([]string{"build", "-buildvcs=false", "-o", folder + string(filepath.Separator)}, flags...)
	build := exec.CommandContext(ctx, "go", append(arguments, "./cmd/migrate-mp2p", "./cmd/nsxsim")...)
	build.Dir = string(bytes.TrimSpace(module))
	if output, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the programs: %w\n%s", err, output)
	}
	return In(folder), nil
}
