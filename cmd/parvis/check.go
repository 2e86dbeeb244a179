package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
)

// runConfig checks the environment, then asks each part whether it is there.
func runConfig(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 1 || args[0] != "check" {
		fmt.Fprintln(out, "Usage: parvis config check")
		return errUsage
	}
	c, err := environment()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "the configuration is complete")
	platform, cells, err := openDatabases(ctx, c)
	if err != nil {
		return err
	}
	defer platform.Close()
	defer cells.Close()
	away := 0
	look := func(name string, err error, advice string) {
		if err == nil {
			fmt.Fprintf(out, "%-28s there\n", name)
			return
		}
		away++
		fmt.Fprintf(out, "%-28s AWAY. %s\n", name, advice)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	look("the platform's database", platform.Ping(ctx), "Does Postgres run, and does PARVIS_PLATFORM_URL name it?")
	for _, name := range cellNames(ctx, cells) {
		owner, err := cells.Owner(ctx, name)
		if err == nil {
			err = owner.Ping(ctx)
		}
		look("the database of "+name, err, "Does Postgres run, and is its address right (PARVIS_CELL_URL for "+tenants.FirstCell+", parvis cell add for the others)?")
		if err == nil {
			look("the tables of "+name, current(ctx, owner), "They are missing, or older than this program. Run: parvis migrate")
		}
	}
	look("Kratos, public", reach(ctx, c.KratosPublicURL+"/health/ready"), "Does Kratos run, and does PARVIS_KRATOS_PUBLIC_URL name it?")
	look("Kratos, administration", reach(ctx, c.KratosAdminURL+"/admin/health/ready"), "Does PARVIS_KRATOS_ADMIN_URL name it?")
	look("the mail server", dial(ctx, c.SMTPURL, "25"), "Does it run, and does PARVIS_SMTP_URL name it? Requests are accepted meanwhile; mails wait.")
	if u, err := url.Parse(c.SMSURL); err == nil && c.SMSURL != "" {
		look("Kannel", dial(ctx, u, "80"), "Does it run, and does PARVIS_SMS_URL name it?")
	}
	folder, err := url.Parse(c.FilesURL)
	if err == nil {
		err = writable(folder.Path)
	}
	look("the folder of the documents", err, "Make it, and let this user write in it.")
	if away > 0 {
		return fmt.Errorf("%d parts are away", away)
	}
	return nil
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
