// Command parvis is the whole platform: the demonstration, the servers, the
// workers and the operator's tools, in one binary.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// command is a word of the command line.
type command struct {
	name  string
	usage string
	run   func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"demo", "[--addr 127.0.0.1:8080] [--data DIR] [--communes N] [--cells N]   everything on embedded defaults, with 36 real communes", runDemo},
		{"serve", "                      the pages and the API (configuration from the environment)", runServe},
		{"work", "                       the workers: mail, deadlines, statistics", runWork},
		{"migrate", "[--status]           bring the databases to this version", runMigrate},
		{"cell", "list|add|address|limit|drain   the databases that communes are placed in", runCell},
		{"tenant", "create|list|export|import|move|…   the communes, the hubs and their first administrators", runTenant},
		{"catalogue", "check|import|schema   procedures as files: are they right, what do other systems' become, what is our format", runCatalogue},
		{"token", "issue|revoke|list      the agents' API tokens", runToken},
		{"config", "check                 is the environment complete? is each part there?", runConfig},
	}
}

// errUsage says that nothing was asked for; what can be was printed.
var errUsage = errors.New("usage")

// misuse is a command line that is none: one line that says why.
type misuse string

// Error gives the line.
func (m misuse) Error() string { return string(m) }

// parsed reads the flags of a command. Asked for help it prints what the command is for;
// a flag that is wrong is a misuse.
func parsed(flags *flag.FlagSet, args []string, usage string, out io.Writer) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(out, usage)
	} else if err != nil {
		err = misuse(fmt.Sprintf("%v. It is: %s", err, howTo(usage, flags.Name())))
	}
	return err
}

// wrongWords says of a command with the wrong words how it is written, or that there is
// none, out of the usage that explains it.
func wrongWords(usage, command string) error {
	if how := howTo(usage, command); how != command {
		return misuse("words are missing, or there are too many. It is: " + how)
	}
	area, _, _ := strings.Cut(command, " ")
	return misuse(fmt.Sprintf("there is no command %q: parvis %s shows which there are", "parvis "+command, area))
}

// howTo finds the lines of a usage that write a command, without what they explain; where
// none does it gives the command.
func howTo(usage, command string) string {
	var found []string
	for line := range strings.Lines(usage) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "parvis "+command); ok && (rest == "" || rest[0] == ' ') {
			how, _, _ := strings.Cut(line, "   ")
			found = append(found, strings.TrimSpace(how))
		}
	}
	if len(found) == 0 {
		return command
	}
	return strings.Join(found, ", or ")
}

func main() {
	boundMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, errUsage), errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "parvis: "+err.Error())
		if _, misused := errors.AsType[misuse](err); misused {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(ctx, args[1:], out)
			}
		}
		if args[0] != "help" && !strings.HasPrefix(args[0], "-") {
			return misuse(fmt.Sprintf("there is no command %q: parvis shows which there are", args[0]))
		}
	}
	fmt.Fprintln(out, "Usage: parvis COMMAND")
	for _, c := range commands() {
		fmt.Fprintf(out, "  parvis %s %s\n", c.name, c.usage)
	}
	return errUsage
}
