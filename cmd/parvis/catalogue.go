package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parvis-gru/parvis/tenants/exchange"
)

const catalogueUsage = `Usage:
  parvis catalogue check FILE...    what keeps procedures in our own format from being published, one line a fault
  parvis catalogue schema           the JSON Schema of that format`

// maxProcedureFile bounds what is read of a file, in bytes: more than any reader accepts.
const maxProcedureFile = 16 << 20

// runCatalogue works on files alone: it needs no database and no configuration.
func runCatalogue(_ context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) > 1 && args[0] == "check":
		return checkProcedures(args[1:], out)
	case len(args) == 1 && args[0] == "schema":
		_, err := out.Write(exchange.Schema())
		return err
	}
	fmt.Fprintln(out, catalogueUsage)
	return errUsage
}

// checkProcedures prints one line a fault: the file, the place in it, what is wrong and what
// to do. A file that cannot be opened does not stop the others.
func checkProcedures(names []string, out io.Writer) error {
	faults := 0
	for _, name := range names {
		text, err := readBounded(name)
		if err != nil {
			faults++
			fmt.Fprintf(out, "%s: %v\n", name, err)
			continue
		}
		_, problems := exchange.Check(text)
		for _, p := range problems {
			faults++
			if p.Path != "" {
				fmt.Fprintf(out, "%s: %s: %s\n", name, p.Path, p.Message)
			} else {
				fmt.Fprintf(out, "%s: %s\n", name, p.Message)
			}
		}
	}
	if faults > 0 {
		return fmt.Errorf("%d faults", faults)
	}
	return nil
}

// readBounded reads a file, or refuses it where it is larger than any reader accepts.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the operator names their own file
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxProcedureFile+1))
	if err == nil && len(text) > maxProcedureFile {
		err = errors.New("larger than 16 MB")
	}
	return text, err
}
