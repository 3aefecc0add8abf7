package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// width is that of help on a terminal.
const width = 100

// exitCodes is the key of the annotation that holds a command's exit codes, as help shows them.
const exitCodes = "exit codes"

// Code is an exit code and what it says.
type Code struct {
	Code    int
	Meaning string
}

// SetExitCodes writes them into the help of a command.
func SetExitCodes(command *cobra.Command, codes ...Code) {
	var b strings.Builder
	for _, c := range codes {
		fmt.Fprintf(&b, "  %-4d %s\n", c.Code, strings.ReplaceAll(c.Meaning, "\n", "\n       "))
	}
	if command.Annotations == nil {
		command.Annotations = map[string]string{}
	}
	command.Annotations[exitCodes] = b.String()
}

// overview is the help on a command. It needs no template, so that the linker can drop what no program calls.
func overview(command *cobra.Command) string {
	var b strings.Builder
	section := func(title, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(&b, "\n%s:\n%s\n", title, text)
		}
	}
	about := command.Long
	if about == "" {
		about = command.Short
	}
	fmt.Fprintf(&b, "%s\n", strings.TrimSpace(about))
	section("Usage", "  "+command.UseLine())
	section("Examples", command.Example)
	for _, group := range command.Groups() {
		section(group.Title, commands(command, group.ID))
	}
	rest := "Commands"
	if len(command.Groups()) > 0 {
		rest = "Other commands"
	}
	section(rest, commands(command, ""))
	section("Flags", command.LocalFlags().FlagUsagesWrapped(width))
	section("Exit codes", command.Annotations[exitCodes])
	if command.HasSubCommands() {
		fmt.Fprintf(&b, "\nFor the flags and exit codes of a command: %s COMMAND --help\n", command.CommandPath())
	}
	return b.String()
}

// commands lists those of a group below a command.
func commands(command *cobra.Command, group string) string {
	var b strings.Builder
	for _, c := range command.Commands() {
		if c.GroupID == group {
			fmt.Fprintf(&b, "  %-*s %s\n", c.NamePadding(), c.Name(), c.Short)
		}
	}
	return b.String()
}
