package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// target is the folder of the tables, seen from src/e2e.
const target = "../migrate-mp2p/nsxsim/schema"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run() error {
	for _, t := range tables() {
		content, err := write(t)
		if err != nil {
			return err
		}
		name := filepath.Join(target, t.file)
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			return fmt.Errorf("writing the table: %w", err)
		}
	}
	return nil
}
