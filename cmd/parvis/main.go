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

// errUsage says that the command line was wrong; what to do was printed.
var errUsage = errors.New("usage")

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
	}
	fmt.Fprintln(out, "Usage: parvis COMMAND")
	for _, c := range commands() {
		fmt.Fprintf(out, "  parvis %s %s\n", c.name, c.usage)
	}
	return errUsage
}
