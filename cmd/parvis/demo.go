package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parvis-gru/parvis/api/demo"
	"github.com/parvis-gru/parvis/api/open"
)

// demonstration is everything that `parvis demo` starts.
type demonstration struct {
	*program
	data                string
	communes, cellCount int
	franceConnect       bool
	began               time.Time
	out                 io.Writer
	inbox               *demo.Inbox
	accounts            accounts
	stops               []func() // in the order of starting
}

// sicoval is the hub that the demonstration opens: its SIREN.
const (
	sicoval     = "243100633"
	sicovalSlug = "sicoval"
)

const demoUsage = "parvis demo [--addr 127.0.0.1:8080] [--data DIR] [--communes N] [--cells N] [--franceconnect]   with 1 to 36 communes, 1 to 8 cells"

func runDemo(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8080", "where the pages are served")
	data := flags.String("data", "", "where everything is kept (default: parvis-demo in the user's data folder)")
	count := flags.Int("communes", 36, "how many communes are opened, from 1 to 36")
	cells := flags.Int("cells", 1, "how many databases the communes are spread over, from 1 to 8")
	franceConnect := flags.Bool("franceconnect", false, "a commune signs its citizens in with a FranceConnect of the demonstration's own")
	if err := parsed(flags, args, demoUsage, out); err != nil {
		return err
	}
	if flags.NArg() > 0 || *count < 1 || *count > 36 || *cells < 1 || *cells > 8 {
		return misuse("the demonstration takes 1 to 36 communes, 1 to 8 cells and no other words. It is: " + howTo(demoUsage, flags.Name()))
	}
	folder, err := demoFolder(*data)
	if err != nil {
		return err
	}
	d := &demonstration{data: folder, communes: *count, cellCount: *cells, franceConnect: *franceConnect, began: time.Now(), out: out}
	defer d.stop()
	if err := d.start(ctx, *addr); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop while starting: what was done is kept
		}
		return err
	}
	return nil
}

// demoFolder gives the folder of the demonstration's data, made where missing.
func demoFolder(asked string) (string, error) {
	if asked == "" {
		base := os.Getenv("XDG_DATA_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("no folder for the data is known: name one with --data DIR (%w)", err)
			}
			base = filepath.Join(home, ".local", "share")
		}
		asked = filepath.Join(base, "parvis-demo")
	}
	folder, err := filepath.Abs(asked)
	if err == nil {
		err = os.MkdirAll(folder, 0o700) //nolint:gosec // the folder is the one that the user names
	}
	if err != nil {
		return "", fmt.Errorf("the folder %s cannot be made: %w. Name another with --data DIR", asked, err)
	}
	return folder, nil
}

// say tells what takes long, with the time since the start.
func (d *demonstration) say(line string) {
	fmt.Fprintf(d.out, "%6.1fs  %s\n", time.Since(d.began).Seconds(), line)
}

// onStop is done at the end, the last one first.
func (d *demonstration) onStop(stop func()) { d.stops = append(d.stops, stop) }

func (d *demonstration) stop() {
	for i := len(d.stops) - 1; i >= 0; i-- {
		d.stops[i]()
	}
}

// start brings everything up and serves until the context ends.
func (d *demonstration) start(ctx context.Context, addr string) error {
	public, err := listen(addr)
	if err != nil {
		return err
	}
	defer func() { _ = public.Close() }() // serveAll has closed it, where it was reached
	operator, err := listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = operator.Close() }()
	log, err := os.OpenFile(filepath.Join(d.data, "parvis.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the folder %s cannot be written in: %w. Name another with --data DIR", d.data, err)
	}
	d.onStop(func() { _ = log.Close() })
	if d.inbox, err = demo.OpenInbox(filepath.Join(d.data, "messages.jsonl")); err != nil {
		return err
	}
	d.onStop(func() { _ = d.inbox.Close() })
	started, err := d.startParts(ctx, operator.Addr().String())
	if err != nil {
		return err
	}
	c, err := started.config(d.data, public.Addr().String(), operator.Addr().String())
	if err != nil {
		return err
	}
	c.State = started.issuers()
	if d.program, err = wire(ctx, c, newLogger(log)); err != nil {
		return err
	}
	d.onStop(d.close)
	return d.serve(ctx, started, served{listener: public}, served{operator, d.internal()})
}

// serve opens the communes, fills them, and serves until the context ends.
func (d *demonstration) serve(ctx context.Context, parts *demoParts, public, operator served) error {
	if err := parts.prepare(ctx); err != nil {
		return err
	}
	list, err := d.openCommunes(ctx, d.communes)
	if err != nil {
		return err
	}
	// Kratos posts its mails to the operator's port, so that is open first.
	background, cancel := context.WithCancel(ctx)
	defer cancel()
	var group errgroup.Group
	group.Go(func() error { defer cancel(); return serveAll(background, operator) })
	if err := parts.startKratos(ctx); err != nil {
		return err
	}
	if err := d.seed(ctx, list, parts.state); err != nil {
		return err
	}
	site := demo.New(demo.Config{UI: d.ui, Inbox: d.inbox, Accounts: d.accounts.forPages, Site: open.Site(true)})
	if public.handler, err = d.handler(site, true); err != nil {
		return err
	}
	group.Go(func() error { defer cancel(); return serveAll(background, public) })
	group.Go(func() error { defer cancel(); return d.work(background) })
	group.Go(func() error { defer cancel(); return parts.watch(background) })
	d.announce(operator.listener.Addr().String())
	err = group.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// announce ends the start with the table of addresses and accounts.
func (d *demonstration) announce(operator string) {
	a := d.accounts.forPages()
	table := tabwriter.NewWriter(d.out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "\nWHO\tADDRESS\tACCOUNT\tPASSWORD\n")
	people := func(name, address string, accounts ...demo.Agent) {
		for _, one := range accounts {
			fmt.Fprintf(table, "%s\t%s\t%s (%s)\t%s\n", name, address, one.Email, one.Role, one.Password)
			name, address = "", ""
		}
	}
	people(a.Hub.Name, a.Hub.URL, append([]demo.Agent{a.Hub.Admin}, a.Hub.Others...)...)
	for _, t := range a.Tenants {
		people(t.Name, t.URL+"/agents", t.Agents...)
	}
	fmt.Fprintf(table, "\nAll addresses\t%s\n", d.url(d.registry.BaseDomain()))
	fmt.Fprintf(table, "Mails and texts\t%s/demo/messages\n", d.url(d.registry.BaseDomain()))
	if d.franceConnect {
		fmt.Fprintf(table, "FranceConnect\tof Ramonville-Saint-Agne\t%s\n", statePerson.ID)
	}
	fmt.Fprintf(table, "Operator\thttp://%s/metrics\n", operator)
	fmt.Fprintf(table, "Data\t%s\n", d.data)
	_ = table.Flush() // the terminal is gone: nothing to do
	portal := d.url(d.registry.BaseDomain())
	if len(a.Tenants) > 0 {
		portal = a.Tenants[0].URL
	}
	fmt.Fprintf(d.out, "\nready in %.1f s: %s\n", time.Since(d.began).Seconds(), portal)
}

// secret gives a secret of the demonstration, kept in its folder from the first
// start on.
func (d *demonstration) secret(name string) (string, error) {
	return keptSecret(filepath.Join(d.data, name))
}

func keptSecret(path string) (string, error) {
	kept, err := os.ReadFile(path) //nolint:gosec // a file of the demonstration's own folder
	if err == nil && len(kept) >= 64 {
		return strings.TrimSpace(string(kept)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	text := hex.EncodeToString(random)
	return text, writeWhole(path, []byte(text))
}

// writeWhole writes a file so that a crash leaves the old one or the new one.
func writeWhole(path string, content []byte) error {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the demonstration's own folder
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// config is the environment of the demonstration: what a production server reads,
// filled with the parts that were started.
func (p *demoParts) config(data, public, operator string) (config, error) {
	_, port, _ := strings.Cut(public, ":")
	files := url.URL{Scheme: "file", Path: filepath.Join(data, "files")}
	environment := map[string]string{
		"PARVIS_PLATFORM_URL":      p.databaseURL,
		"PARVIS_CELL_URL":          p.databaseURL,
		"PARVIS_MASTER_KEY":        p.masterKey,
		"PARVIS_BASE_DOMAIN":       "localhost",
		"PARVIS_PUBLIC_URL":        "http://localhost:" + port,
		"PARVIS_ADDR":              public,
		"PARVIS_METRICS_ADDR":      operator,
		"PARVIS_KRATOS_PUBLIC_URL": p.kratosPublicURL(),
		"PARVIS_KRATOS_ADMIN_URL":  p.kratosAdminURL(),
		"PARVIS_COURIER_TOKEN":     p.courierToken,
		"PARVIS_SMTP_URL":          "smtp://" + p.smtp.Addr(),
		"PARVIS_MAIL_FROM":         "ne-pas-repondre@parvis.example",
		"PARVIS_SMS_URL":           p.sms.SendURL(),
		"PARVIS_SMS_USER":          smsUser,
		"PARVIS_SMS_PASSWORD":      p.courierToken,
		"PARVIS_FILES_URL":         files.String(),
		"PARVIS_NODE":              p.typst[0],
		"PARVIS_TYPST_DIR":         p.typst[1],
	}
	return readConfig(func(name string) (string, bool) { v, ok := environment[name]; return v, ok })
}
