// Package cli is what the command lines of this module's programs have in common: what is wrong usage, how that is said,
// and how help is laid out. It knows nothing of NSX, of the product and of the simulator.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// UsageError is a command line that cannot be carried out. Nothing was done.
type UsageError struct {
	command *cobra.Command
	err     error
}

func (e *UsageError) Error() string { return e.err.Error() }

func (e *UsageError) Unwrap() error { return e.err }

// Usage says that the command line is wrong for this command.
func Usage(command *cobra.Command, err error) error { return &UsageError{command, err} }

// Usagef is Usage with a text.
func Usagef(command *cobra.Command, format string, args ...any) error {
	return Usage(command, fmt.Errorf(format, args...))
}

// Explain prints the nearest help: how the command is used, and where more is said.
func (e *UsageError) Explain(w io.Writer) {
	if !e.command.HasParent() {
		fmt.Fprintf(w, "\n%s", overview(e.command))
		return
	}
	fmt.Fprintf(w, "\nUsage: %s\nFor its flags and exit codes: %s --help\n", e.command.UseLine(), e.command.CommandPath())
}

// Execute carries out a command line. Its error is a UsageError when that is wrong. Commands fail by their own errors.
func Execute(ctx context.Context, root *cobra.Command, args []string) error {
	prepare(root, args)
	// Cobra would look at the flags first, and say of "migrat --config x" that it does not know --config. It would also
	// obey the hidden commands with which shells ask for completions.
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && named(root, args[0]) == nil {
		return unknown(root, "command", args[0])
	}
	return root.ExecuteContext(ctx)
}

// prepare gives all commands what they have in common.
func prepare(root *cobra.Command, args []string) {
	root.SilenceErrors, root.SilenceUsage, root.DisableSuggestions = true, true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	root.Args = noCommand
	root.SetHelpCommand(help(root))
	root.InitDefaultHelpCmd()
	root.InitDefaultHelpFlag()
	root.DisableFlagsInUseLine = true
	root.SetHelpFunc(func(command *cobra.Command, _ []string) { command.Print(overview(command)) })
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error {
		return Usage(command, flagError(command, args, err))
	})
	for _, command := range root.Commands() {
		command.DisableFlagsInUseLine = true
		if command.Args == nil {
			command.Args = noArguments
		}
	}
}

// help is the command that prints what --help prints. Cobra's own ends in 0 whatever it is asked for.
func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:         "help [COMMAND]",
		Short:       "print help on a command",
		Long:        "Prints help on a command, or without one on the program.",
		Example:     fmt.Sprintf("  %[1]s help\n  %[1]s help %[2]s", root.Name(), root.Commands()[0].Name()),
		Annotations: root.Annotations, // it can go wrong in no other way than the program itself
		Args: func(command *cobra.Command, args []string) error {
			if len(args) > 1 {
				return unexpected(command, args[1])
			}
			return nil
		},
		RunE: func(command *cobra.Command, args []string) error {
			topic := root
			if len(args) > 0 {
				topic = named(root, args[0])
			}
			if topic == nil {
				return unknown(root, "help topic", args[0])
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
	}
}

// named is the command of this very name, or nil.
func named(root *cobra.Command, name string) *cobra.Command {
	i := slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == name })
	if i < 0 {
		return nil
	}
	return root.Commands()[i]
}

func unknown(root *cobra.Command, what, name string) error {
	var known []string
	for _, command := range root.Commands() {
		known = append(known, command.Name())
	}
	return Usagef(root, "unknown %s %q; known are %s", what, name, strings.Join(known, ", "))
}

// noCommand refuses what follows the program's own flags: where a command stands, cobra has found it.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unknown(root, "command", args[0])
	}
	return nil
}

func noArguments(command *cobra.Command, args []string) error {
	if len(args) > 0 {
		return unexpected(command, args[0])
	}
	return nil
}

func unexpected(command *cobra.Command, arg string) error {
	return Usagef(command, "unexpected argument %q for %s", arg, command.CommandPath())
}

// flagError says what is wrong with a flag: with one dash, as Go's own flags may be written, with another command's, or with
// its value.
func flagError(command *cobra.Command, args []string, err error) error {
	for _, arg := range args {
		if name := singleDash(arg); command.Flags().Lookup(name) != nil {
			return fmt.Errorf("unknown flag -%s: write it with two dashes, --%s", name, name)
		}
	}
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return err
	}
	// pflag would print the whole argument, with a value that may be a secret.
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		name, _, _ := strings.Cut(letters, "=")
		return fmt.Errorf("unknown flag: -%s; flags have two dashes", name)
	}
	var owners []string
	for _, other := range command.Root().Commands() {
		if name := missing.GetSpecifiedName(); other.Flags().Lookup(name) != nil {
			owners = append(owners, other.Name())
		}
	}
	switch {
	case len(owners) > 0 && command.HasParent():
		return fmt.Errorf("unknown flag: --%s belongs to command %s, not to %s", missing.GetSpecifiedName(), strings.Join(owners, ", "), command.Name())
	case len(owners) > 0:
		return fmt.Errorf("no command given, and --%s belongs to one", missing.GetSpecifiedName())
	}
	return err
}

// singleDash is the name of a flag such as -config or -config=x; one letter is no such name.
func singleDash(arg string) string {
	name, dash := strings.CutPrefix(arg, "-")
	name, _, _ = strings.Cut(name, "=")
	if !dash || len(name) < 2 || strings.HasPrefix(name, "-") {
		return ""
	}
	return name
}
