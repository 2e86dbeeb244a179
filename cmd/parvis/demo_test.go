package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/demo"
)

// openFolder is a folder that Postgres's own user can enter where we are root: the
// database is then kept in it, and goes with it.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "parvis-demo-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // on purpose
		t.Fatal(err)
	}
	return dir
}

// The demonstration keeps what was done in it: stopped, killed, killed while it was
// filling its communes, and asked for more of them.
func TestDemonstration(t *testing.T) {
	t.Parallel()
	data, addr := openFolder(t), fmt.Sprintf("127.0.0.1:%d", port(t))
	run := func(communes string, more ...string) *process {
		return start(t, nil, append([]string{"demo", "--addr", addr, "--data", data, "--communes", communes}, more...)...)
	}
	accounts := func() demo.Accounts {
		return decode[demo.Accounts](t, ask(t, "GET", addr, "localhost", "/demo/accounts.json", ""), 200)
	}
	const patience = 3 * time.Minute // a machine that builds Kratos first, or is busy

	p := run("2")
	p.says("filling 3 portals", patience) // the EPCI’s own among them
	p.end(syscall.SIGKILL)                // in the middle of it
	p = run("2")
	p.says("\nready in ", patience)
	a := accounts()
	if len(a.Tenants) != 3 || len(a.Tenants[0].Agents) != 3 || a.Hub.Admin.Password == "" {
		t.Fatalf("the accounts are %+v", a)
	}
	town, token := a.Tenants[0].Host, []string{"Authorization", "Bearer " + a.Tenants[0].Agents[0].APIToken}
	count := func() int {
		t.Helper()
		return decode[struct{ Total int }](t, ask(t, "GET", addr, town, "/api/v1/requests", "", token...), 200).Total
	}
	before := count()
	if before < 20 {
		t.Errorf("the largest commune has %d requests", before)
	}
	f := decode[filed](t, ask(t, "POST", addr, town, "/api/v1/requests", aReport), 201)
	told := func() int {
		n := 0
		for _, m := range decode[[]demo.Message](t, ask(t, "GET", addr, "localhost", "/demo/messages.json", ""), 200) {
			if strings.Contains(m.Text, f.Number) && m.Tenant == a.Tenants[0].Slug {
				n++
			}
		}
		return n
	}
	eventually(t, "the receipt and the text message", func() bool { return told() >= 2 })

	p.end(syscall.SIGKILL)
	eventually(t, "the port is free", func() bool { return closed(addr) })
	p = run("3")
	p.says("\nready in ", patience)
	if got := count(); got != before+1 {
		t.Errorf("%d requests after kill -9; want %d", got, before+1)
	}
	if told() != 2 {
		t.Errorf("%d messages after kill -9; want 2", told())
	}
	if again := accounts(); len(again.Tenants) != 4 {
		t.Errorf("%d portals; want 4", len(again.Tenants))
	}
	if a := ask(t, "GET", addr, town, "/api/v1/requests/"+f.Number, "", "X-Tracking-Code", f.TrackingCode); a.status != 200 {
		t.Errorf("the request of before: %d", a.status)
	}
	p.end(syscall.SIGTERM)
	if p.err != nil {
		t.Errorf("a demonstration that is told to stop ends with %v: %s", p.err, p.out)
	}
	// Spread over a second database, which the next commune is placed in.
	p = run("4", "--cells", "2")
	p.says("\nready in ", patience)
	operator := regexp.MustCompile(`Operator\s+http://(\S+)/metrics`).FindStringSubmatch(p.out.String())
	if len(operator) == 0 {
		t.Fatalf("no address of the operator: %s", p.out)
	}
	cells := ask(t, "GET", operator[1], "x", "/metrics", "").body
	for _, want := range []string{`parvis_cell_tenants{cell="cell-1"} 4`, `parvis_cell_tenants{cell="cell-2"} 1`} {
		if !strings.Contains(cells, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, portal := range accounts().Tenants {
		if a := ask(t, "GET", addr, portal.Host, "/", ""); a.status != 200 || !strings.Contains(a.body, portal.Name) {
			t.Errorf("%s answers %d", portal.Host, a.status)
		}
	}
	p.end(syscall.SIGTERM)
	p = run("4") // both are found again
	p.says("\nready in ", patience)
	if strings.Contains(p.out.String(), "filling") || strings.Contains(p.out.String(), "requests are in") {
		t.Errorf("a second start fills again: %s", p.out)
	}
	if other, err := parvis(t, nil, "demo", "--addr", "127.0.0.1:0", "--data", data); err == nil || !strings.Contains(other, "in use") {
		t.Errorf("two demonstrations on one folder: %v: %s", err, other)
	}
}
