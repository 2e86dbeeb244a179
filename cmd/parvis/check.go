package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/domains"
)

// runConfig checks the environment, then asks each part whether it is there.
func runConfig(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "check" {
		return misuse("parvis config knows one word: parvis config check")
	}
	c, err := environment()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the configuration is complete")
	i := &inspection{out: out}
	platform, cells, err := openDatabases(ctx, c)
	if err != nil {
		return err
	}
	defer platform.Close()
	defer cells.Close()
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	i.look("the platform's database", platform.Ping(ctx), "Does Postgres run, and does PARVIS_PLATFORM_URL name it?")
	for _, name := range cellNames(ctx, cells) {
		owner, err := cells.Owner(ctx, name)
		if err == nil {
			err = owner.Ping(ctx)
		}
		i.look("the database of "+name, err, "Does Postgres run, and is its address right (PARVIS_CELL_URL for "+tenants.FirstCell+", parvis cell add for the others)?")
		if err == nil {
			i.look("the tables of "+name, current(ctx, owner), "They are missing, or older than this program. Run: parvis migrate")
		}
	}
	i.look("Kratos, public", reach(ctx, c.KratosPublicURL+"/health/ready"), "Does Kratos run, and does PARVIS_KRATOS_PUBLIC_URL name it?")
	i.look("Kratos, administration", reach(ctx, c.KratosAdminURL+"/admin/health/ready"), "Does PARVIS_KRATOS_ADMIN_URL name it?")
	i.look("the mail server", dial(ctx, c.SMTPURL, "25"), "Does it run, and does PARVIS_SMTP_URL name it? Requests are accepted meanwhile; mails wait.")
	if u, err := url.Parse(c.SMSURL); err == nil && c.SMSURL != "" {
		i.look("Kannel", dial(ctx, u, "80"), "Does it run, and does PARVIS_SMS_URL name it?")
	}
	folder, err := url.Parse(c.FilesURL)
	if err == nil {
		err = writable(folder.Path)
	}
	i.look("the folder of the documents", err, "Make it, and let this user write in it.")
	i.pdf(ctx, c)
	i.names(ctx, c)
	if i.away > 0 {
		return fmt.Errorf("%d parts are away", i.away)
	}
	return nil
}

// inspection tells, line by line, what answers, and counts what does not.
type inspection struct {
	out  io.Writer
	away int
}

func (i *inspection) look(name string, err error, advice string) {
	if err == nil {
		i.tell(name, "there")
		return
	}
	i.away++
	i.tell(name, "AWAY. "+advice)
}

func (i *inspection) tell(name, text string) { fmt.Fprintf(i.out, "%-28s %s\n", name, text) }

// names looks at what stands outside of the deployment: the DNS, and the authority where
// TLS ends here. Where it does not, a DNS that is not heard is told, and fails nothing:
// only communes' own host names wait for it.
func (i *inspection) names(ctx context.Context, c config) {
	const name = "the DNS"
	probe := "config-check." + c.BaseDomain // any name below it: communes' hosts want a record for all
	leads, err := domains.Leads(ctx, c.DNSResolver, probe)
	advice := "It does not answer: communes' own host names cannot be checked. Is PARVIS_DNS_RESOLVER right (or the first server of /etc/resolv.conf)?"
	if err != nil && c.TLSAddr == "" && c.DNSResolver == "" {
		i.tell(name, "not heard. "+advice)
	} else {
		i.look(name, err, advice)
	}
	if err == nil {
		i.tell("hosts below "+c.BaseDomain, whither(leads, c.PublicAddresses, c.BaseDomain))
	}
	authority, err := c.authority()
	if authority == nil && err == nil {
		return
	}
	if err == nil {
		err = authority.Reach(ctx)
	}
	switch {
	case errors.Is(err, domains.ErrUntrusted):
		advice = "It answers at " + c.ACMEDirectory + ", but this machine does not trust its certificate: name the one it is signed by in PARVIS_ACME_ROOTS."
	case errors.Is(err, domains.ErrOther):
		advice = "Something answers at " + c.ACMEDirectory + ", but it is no ACME directory: is PARVIS_ACME_DIRECTORY right?"
	case errors.Is(err, domains.ErrAway):
		advice = "It does not answer at " + c.ACMEDirectory + " within ten seconds: is PARVIS_ACME_DIRECTORY right, and may this machine reach the internet? Certificates that are there go on; no new one comes."
	case err != nil:
		advice = err.Error()
	}
	i.look("the certificate authority", err, advice)
}

// whither says where the communes' hosts lead, and what to do where that is not here.
func whither(leads, ours []netip.Addr, base string) string {
	if len(leads) == 0 {
		return "lead nowhere: communes need a DNS record for *." + base + " (A and AAAA, or CNAME)."
	}
	text := "lead to " + addresses(leads)
	if len(ours) > 0 && !slices.ContainsFunc(leads, func(a netip.Addr) bool { return slices.Contains(ours, a) }) {
		return text + ", and PARVIS_PUBLIC_ADDRESSES says " + addresses(ours) + ": one of them is wrong."
	}
	return text
}

func addresses(list []netip.Addr) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = a.String()
	}
	return strings.Join(words, ", ")
}

// cellNames lists the cells; before the first migration there is one.
func cellNames(ctx context.Context, cells *tenants.Cells) []string {
	list, err := cells.List(ctx)
	if err != nil {
		return []string{tenants.FirstCell}
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	return names
}

// current tells whether every commune's tables are of this version.
func current(ctx context.Context, cell *pgxpool.Pool) error {
	list, err := migrations.Status(ctx, cell)
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.Version < migrations.Tenant.Version() || s.Error != "" {
			return errors.New("behind")
		}
	}
	return nil
}

func reach(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %d", response.StatusCode)
	}
	return nil
}

func dial(ctx context.Context, u *url.URL, port string) error {
	if u.Port() != "" {
		port = u.Port()
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return err
	}
	_ = f.Close()
	return os.Remove(f.Name())
}
