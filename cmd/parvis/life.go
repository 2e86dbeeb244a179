package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

// lifeFlags are the words of the command line that speak of a whole commune.
type lifeFlags struct {
	siren, insee, hub, colour, slug, to, by, visa, passphrase, key *string
	days                                                           *int
	json                                                           *bool
}

func newLifeFlags(set *flag.FlagSet) lifeFlags {
	return lifeFlags{
		insee:      set.String("insee", "", "the commune's INSEE code"),
		siren:      set.String("siren", "", "the SIREN of an EPCI that opens the portal of its own services"),
		to:         set.String("to", "", "the cell to move to"),
		by:         set.String("by", "", "who says so"),
		visa:       set.String("visa", "", "that the commune keeps its archive, or the archives' visa"),
		passphrase: set.String("passphrase-file", "", "a file with the passphrase of the tracking codes"),
		key:        set.String("key", "", "the public key of the deployment that signed"),
		days:       set.Int("days", operations.DefaultDelay, "days until it is erased"),
		json:       set.Bool("json", false, "as JSON"),
	}
}

// life carries out what is done to a whole commune. It tells false for a word that is
// none of these.
func (p *program) life(ctx context.Context, out io.Writer, word string, args []string, f lifeFlags) (known bool, err error) {
	one := func(do func(context.Context, io.Writer, string, lifeFlags) error) (bool, error) {
		if len(args) != 1 {
			return false, nil
		}
		return true, do(ctx, out, args[0], f)
	}
	switch {
	case word == "list" && len(args) == 0:
		return true, p.listTenants(ctx, out, *f.json)
	case word == "create" && len(args) == 0 && (*f.insee != "") != (*f.siren != ""):
		return true, p.createTenant(ctx, out, f)
	case word == "suspend" || word == "resume":
		return one(func(ctx context.Context, out io.Writer, slug string, _ lifeFlags) error {
			return p.suspendTenant(ctx, out, word, slug)
		})
	case word == "export":
		return one(p.exportTenant)
	case word == "import":
		return one(p.importTenant)
	case word == "move" && *f.to != "":
		return one(p.moveTenant)
	case word == "delete":
		return one(p.deleteTenant)
	case word == "confirm":
		return one(p.confirmTenant)
	case word == "cancel":
		return one(p.cancelTenant)
	case word == "operations":
		return one(p.tenantOperations)
	case word == "certificate" && len(args) == 2 && args[0] == "verify":
		return true, verifyCertificate(out, args[1], orText(*f.key, p.operations.PublicKey()))
	case word == "certificate" && len(args) == 1 && args[0] == "key":
		fmt.Fprintln(out, p.operations.PublicKey())
		return true, nil
	case word == "certificate":
		return one(p.certificates)
	}
	return false, nil
}

func orText(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// tenantNamed finds a commune by its slug.
func (p *program) tenantNamed(ctx context.Context, slug string) (tenants.Tenant, error) {
	t, err := p.registry.BySlug(ctx, slug)
	if fault.Is(err, "not_found") {
		return t, fmt.Errorf("no commune has the slug %q: parvis tenant list shows them", slug)
	}
	return t, err
}

// operator is who types: the operator, or whom they name.
func operator(by string) tenants.Actor {
	return tenants.System(orText(by, "parvis tenant"))
}

// told lets an operation say on the standard error how far it is.
func (p *program) told() *operations.Service {
	last := ""
	return p.operations.Watched(func(o operations.Operation, what string) error {
		line := fmt.Sprintf("%s %s: %s", o.Kind, o.Name, what)
		if o.Total > 0 {
			line += fmt.Sprintf(" (%d of %d)", o.Done, o.Total)
		}
		if line != last {
			fmt.Fprintln(os.Stderr, line)
		}
		last = line
		return nil
	})
}

// carry carries an operation out, as the command line does: at once.
func (p *program) carry(ctx context.Context, o operations.Operation, err error) (operations.Operation, error) {
	if err != nil {
		return o, lifeFault(err)
	}
	o, err = p.told().Follow(ctx, o.ID)
	return o, lifeFault(err)
}

type listedTenant struct {
	INSEE   string `json:"insee"`
	Name    string `json:"name"`
	Slug    string `json:"slug"`
	Host    string `json:"host"`
	Hub     int64  `json:"hub,omitempty"`
	State   string `json:"state"`
	Cell    string `json:"cell"`
	Schema  string `json:"schema"`
	Epoch   int    `json:"epoch"`
	Created string `json:"created_at"`
}

func (p *program) listTenants(ctx context.Context, out io.Writer, asJSON bool) error {
	list, err := p.registry.Tenants(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		all := make([]listedTenant, len(list))
		for i, t := range list {
			all[i] = listedTenant{INSEE: t.INSEE, Name: t.Name, Slug: t.Slug, Host: p.registry.HostOf(t), Hub: t.HubID, State: string(t.State), Cell: t.Cell, Schema: t.Schema, Epoch: t.Epoch, Created: t.CreatedAt.UTC().Format(time.RFC3339)}
		}
		text := json.NewEncoder(out)
		text.SetIndent("", "  ")
		return text.Encode(all)
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, t := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.INSEE, t.Name, p.registry.HostOf(t), t.State, t.Cell, t.Schema)
	}
	return table.Flush()
}

func (p *program) createTenant(ctx context.Context, out io.Writer, f lifeFlags) error {
	code := orText(*f.siren, *f.insee)
	o := operations.Opening{Opening: tenants.Opening{INSEE: code, Colour: *f.colour, Slug: *f.slug}}
	if *f.hub != "" {
		h, err := p.hubNamed(ctx, *f.hub)
		if err != nil {
			return err
		}
		o.HubID, o.Ready = h.ID, true
	}
	op, err := p.operations.Create(ctx, operator(*f.by), o)
	if _, err := p.carry(ctx, op, err); err != nil {
		switch {
		case fault.Is(err, "tenant_exists"):
			return fmt.Errorf("the commune %s is open already", code)
		case fault.Is(err, "epci_unknown"), *f.siren != "" && fault.Is(err, "commune_unknown"):
			return fmt.Errorf("no EPCI has the SIREN %q", *f.siren)
		case fault.Is(err, "commune_unknown"):
			return fmt.Errorf("no commune has the INSEE code %q today: look it up, merged communes have new codes", *f.insee)
		}
		return err
	}
	t, err := p.registry.ByINSEE(ctx, code)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is open at %s\n", t.Name, p.url(p.registry.HostOf(t)))
	return nil
}

func (p *program) hubNamed(ctx context.Context, slug string) (tenants.Hub, error) {
	h, err := p.registry.HubBySlug(ctx, slug)
	if fault.Is(err, "not_found") {
		return h, fmt.Errorf("there is no hub %q: open it with parvis tenant hub", slug)
	}
	return h, err
}

func (p *program) suspendTenant(ctx context.Context, out io.Writer, word, slug string) error {
	t, err := p.tenantNamed(ctx, slug)
	if err != nil {
		return err
	}
	start, said := p.operations.Suspend, "%s takes in no new request: parvis tenant resume %s opens it again\n"
	if word == "resume" {
		start, said = p.operations.Resume, "%s takes in requests again (%s)\n"
	}
	op, err := start(ctx, operator(""), t)
	if _, err := p.carry(ctx, op, err); err != nil {
		return err
	}
	fmt.Fprintf(out, said, t.Name, t.Slug)
	return nil
}

// passphraseIn reads the first line of a file: a command line is read by everybody on the
// machine.
func passphraseIn(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the passphrase cannot be read: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSpace(line); len(line) < 12 {
		return "", errors.New("a passphrase has 12 characters or more, on the first line of its file")
	}
	return line, nil
}

func (p *program) exportTenant(ctx context.Context, out io.Writer, slug string, f lifeFlags) error {
	t, err := p.tenantNamed(ctx, slug)
	if err != nil {
		return err
	}
	passphrase, err := passphraseIn(*f.passphrase)
	if err != nil {
		return err
	}
	if info, err := os.Stdout.Stat(); err == nil && out == io.Writer(os.Stdout) && info.Mode()&os.ModeCharDevice != 0 {
		return fmt.Errorf("an archive is no text: parvis tenant export %s > %s.tar.zst", slug, slug)
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	op, err := p.told().ExportTo(ctx, operator(*f.by), t, buffered, passphrase)
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return lifeFault(err)
	}
	d := op.Data.Export.Documents
	fmt.Fprintf(os.Stderr, "%s: %d requests, %d documents; manifest sha256 %s\n", t.Name, op.Data.Export.Requests, d.Present+d.Altered, op.Data.SHA256)
	if d.Missing+d.Altered > 0 {
		fmt.Fprintf(os.Stderr, "%d documents are not in the store, %d are not what came in: documents.jsonl names them\n", d.Missing, d.Altered)
	}
	return nil
}

func (p *program) importTenant(ctx context.Context, out io.Writer, path string, f lifeFlags) error {
	in := operations.Incoming{Slug: *f.slug}
	if *f.hub != "" {
		h, err := p.hubNamed(ctx, *f.hub)
		if err != nil {
			return err
		}
		in.HubID = h.ID
	}
	var err error
	if in.Passphrase, err = passphraseIn(*f.passphrase); err != nil {
		return err
	}
	file, err := os.Open(path) //nolint:gosec // the operator names their own file
	if err != nil {
		return fmt.Errorf("the archive cannot be read: %w", err)
	}
	defer file.Close()
	op, err := p.told().Import(ctx, operator(*f.by), bufio.NewReaderSize(file, 1<<20), in)
	if err != nil {
		return lifeFault(err)
	}
	t, err := p.registry.ByID(ctx, op.TenantID)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is open at %s: %d requests, %d documents, %d agents invited (parvis work sends it)\n",
		t.Name, p.url(p.registry.HostOf(t)), op.Data.Export.Requests, op.Data.Files, op.Data.Agents)
	if op.Data.Codes < int(op.Data.Export.Requests) {
		fmt.Fprintf(out, "the tracking codes that citizens hold go on working; of %d requests the town cannot tell them again (export with --passphrase-file)\n", int(op.Data.Export.Requests)-op.Data.Codes)
	}
	return nil
}

func (p *program) moveTenant(ctx context.Context, out io.Writer, slug string, f lifeFlags) error {
	t, err := p.tenantNamed(ctx, slug)
	if err != nil {
		return err
	}
	op, err := p.operations.Move(ctx, operator(*f.by), t, *f.to)
	if op, err = p.carry(ctx, op, err); err != nil {
		return cellFault(err, *f.to)
	}
	fmt.Fprintf(out, "%s is in %s; its writes waited for %d ms, and what it left in %s is dropped in a day\n", t.Name, *f.to, op.Data.Paused, op.Data.From)
	return nil
}

func (p *program) deleteTenant(ctx context.Context, out io.Writer, slug string, f lifeFlags) error {
	t, err := p.tenantNamed(ctx, slug)
	if err != nil {
		return err
	}
	if *f.by == "" {
		return errors.New("an erasure is asked for by somebody: --by NAME")
	}
	op, err := p.operations.Delete(ctx, operator(*f.by), t, *f.days)
	if err != nil {
		return lifeFault(err)
	}
	fmt.Fprintf(out, "%s will be erased %d days after somebody else confirms it: parvis tenant confirm %s --by NAME --visa WORDS, or the pages of the hub or the commune (%s)\n", t.Name, *f.days, t.Slug, op.ID)
	return nil
}

func (p *program) confirmTenant(ctx context.Context, out io.Writer, slug string, f lifeFlags) error {
	t, op, err := p.erasureOf(ctx, slug)
	if err != nil {
		return err
	}
	if *f.by == "" {
		return errors.New("an erasure is confirmed by somebody: --by NAME")
	}
	if op, err = p.operations.Confirm(ctx, operator(*f.by), t, op.ID, *f.visa); err != nil {
		return lifeFault(err)
	}
	fmt.Fprintf(out, "%s is suspended, and is erased after %s; until then: parvis tenant cancel %s\n", t.Name, op.NotBefore.UTC().Format(time.RFC3339), t.Slug)
	return nil
}

func (p *program) cancelTenant(ctx context.Context, out io.Writer, slug string, f lifeFlags) error {
	t, op, err := p.erasureOf(ctx, slug)
	if err != nil {
		return err
	}
	if _, err := p.operations.Cancel(ctx, operator(*f.by), t, op.ID); err != nil {
		return lifeFault(err)
	}
	fmt.Fprintf(out, "%s is not erased\n", t.Name)
	return nil
}

func (p *program) erasureOf(ctx context.Context, slug string) (tenants.Tenant, operations.Operation, error) {
	t, err := p.tenantNamed(ctx, slug)
	if err != nil {
		return t, operations.Operation{}, err
	}
	op, err := p.operations.Erasure(ctx, t)
	if fault.Is(err, "operation_unknown") {
		err = fmt.Errorf("nobody asked that %s be erased: parvis tenant delete %s --by NAME", t.Name, t.Slug)
	}
	return t, op, err
}

func (p *program) tenantOperations(ctx context.Context, out io.Writer, slug string, _ lifeFlags) error {
	t, err := p.tenantNamed(ctx, slug)
	if err != nil {
		return err
	}
	list, err := p.operations.OfTenant(ctx, t.ID, 50)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, o := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", o.CreatedAt.UTC().Format(time.RFC3339), o.Kind, o.State, o.Step, o.AskedName, o.Error)
	}
	return table.Flush()
}

// certificates prints the signed certificates of a commune that was erased, by its code.
func (p *program) certificates(ctx context.Context, out io.Writer, insee string, _ lifeFlags) error {
	list, err := p.operations.Erasures(ctx, 0, insee)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("no commune with the INSEE code %q was erased here", insee)
	}
	for _, e := range list {
		fmt.Fprintln(out, e.Document)
	}
	return nil
}

func verifyCertificate(out io.Writer, path, key string) error {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names their own file
	if err != nil {
		return fmt.Errorf("the certificate cannot be read: %w", err)
	}
	c, err := operations.Verify(text, key)
	if err != nil {
		return errors.New("the certificate is not one that this deployment signed, or it was altered")
	}
	fmt.Fprintf(out, "%s (%s) was erased on %s: %d requests, %d documents; asked by %s, confirmed by %s; its archive's manifest is %s\n",
		c.Name, c.INSEE, c.ErasedAt.Format(time.DateOnly), c.Tables["request"], c.Documents, c.AskedBy, c.ConfirmedBy, c.Export)
	return nil
}

// lifeLines say in a line what to do.
var lifeLines = map[string]string{
	"archive_unreadable": "this is no archive of a commune: take the file that parvis tenant export wrote",
	"archive_cut":        "the archive's end is missing: copy it again",
	"archive_altered":    "the archive does not agree with its checksums: it was altered or damaged; take the original",
	"archive_unsafe":     "the archive holds a file that no archive of ours holds: nothing was taken in",
	"archive_too_large":  "the archive unpacks beyond the limits: nothing was taken in",
	"archive_later":      "the archive was made by a later version: install it, and parvis migrate",
	"passphrase":         "the passphrase does not open the archive's tracking codes",
	"tenant_exists":      "the commune is open already: an archive is not taken in over it",
	"slug_taken":         "the slug is another's: choose one with --slug",
	"slug_invalid":       "a slug has letters from a to z, digits and hyphens",
	"tenant_in_cell":     "the commune is in that cell already",
	"tenant_state":       "the commune's state does not allow it: parvis tenant list shows it",
	"operation_pending":  "something else is being done to the commune: parvis tenant operations SLUG shows it",
	"operation_running":  "another program carries it out at this moment",
	"operation_over":     "it is over, or confirmed already",
	"export_missing":     "a commune is erased only after an archive of the last 30 days: parvis tenant export SLUG > x.tar.zst",
	"export_outdated":    "the commune changed since its last archive: make another one",
	"same_person":        "somebody else than who asked has to confirm it",
	"visa_missing":       "say with --visa that the commune keeps its archive, or the number of the archives' visa",
	"delay_invalid":      "the delay is 0 to 365 days",
	"tenant_busy":        "the commune's connections do not end: try again",
	"database_away":      "a database does not answer; what was begun is resumed by parvis work",
}

func lifeFault(err error) error {
	if err == nil {
		return nil
	}
	if line, ok := lifeLines[fault.Of(err).Code]; ok {
		return lineError{line, err}
	}
	return err
}

// lineError is an error that says in one line what to do.
type lineError struct {
	line string
	err  error
}

// Error gives the line.
func (e lineError) Error() string { return e.line }

// Unwrap gives the error behind it.
func (e lineError) Unwrap() error { return e.err }
