package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/parvis-gru/parvis/api/web"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/exchange"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/proof"
)

const catalogueUsage = `Usage:
  parvis catalogue check FILE...                            what keeps procedures in our own format from being published, one line a fault
  parvis catalogue import --from wcs|ds|formio FILE...      another system's form as a procedure of ours: a JSON report of what is carried, changed and lost;
                                                            a form of Publik may come with its blocks, tables and workflow
  parvis catalogue schema                                   the JSON Schema of our format`

// maxProcedureFile bounds what is read of a file, in bytes: more than any reader accepts.
const maxProcedureFile = 16 << 20

// runCatalogue works on files alone: it needs no database and no configuration.
func runCatalogue(_ context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) > 1 && args[0] == "check":
		return checkProcedures(args[1:], out)
	case len(args) > 0 && args[0] == "import":
		return importProcedure(args[1:], out)
	case len(args) == 1 && args[0] == "schema":
		_, err := out.Write(exchange.Schema())
		return err
	}
	if len(args) > 0 {
		return wrongWords(catalogueUsage, "catalogue "+args[0])
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
		procedure, problems := exchange.Check(text)
		if procedure != nil { // readable: the proof says the same, and what the form's paths come to
			problems = nil
			report := proof.Prove(proof.Input{Procedure: procedure, Tables: carriedTables(procedure), Today: time.Now()})
			for _, f := range report.Findings {
				if f.Blocks {
					problems = append(problems, forms.Problem{Path: f.Path, Code: f.Code, Message: f.Text})
				}
			}
		}
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

// carriedTables are those that a procedure's file brings.
func carriedTables(p *catalogue.Procedure) forms.Tables {
	if len(p.Tables) == 0 {
		return nil
	}
	out := forms.Tables{}
	for _, t := range p.Tables {
		out[t.Name] = &forms.Table{Columns: t.Columns, Rows: t.Rows}
	}
	return out
}

// importProcedure prints what became of another system's files, and the procedure that
// came out, as JSON. It fails only where nothing could be read.
func importProcedure(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("catalogue import", flag.ContinueOnError)
	from := flags.String("from", "", "wcs, ds or formio")
	if err := parsed(flags, args, catalogueUsage, out); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return wrongWords(catalogueUsage, flags.Name())
	}
	var files []exchange.File
	for _, name := range flags.Args() {
		text, err := readBounded(name)
		if err != nil {
			return err
		}
		files = append(files, exchange.File{Name: name, Data: text})
	}
	report, err := exchange.Read(*from, files...)
	if err != nil {
		return errors.New(web.Sentence(err))
	}
	text := json.NewEncoder(out)
	text.SetEscapeHTML(false)
	text.SetIndent("", "  ")
	return text.Encode(report)
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
