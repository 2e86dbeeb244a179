package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants/identity"
	"github.com/parvis-gru/parvis/tenants/parts"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "parvis-e2e-")
	if err == nil {
		binary = filepath.Join(dir, "parvis")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// output keeps what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is a running program.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
	err  error
}

// start runs the program with this environment alone, until the test ends.
func start(t *testing.T, environment []string, args ...string) *process {
	t.Helper()
	return startWith(t, "", environment, args...)
}

// startWith starts the program with something on its standard input.
func startWith(t *testing.T, input string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, args...), out: &output{}, done: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, environment...)
	p.cmd.Stdin = strings.NewReader(input)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = p.out, p.out, time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() { p.end(syscall.SIGTERM) })
	return p
}

// end sends a signal and waits.
func (p *process) end(signal syscall.Signal) {
	p.t.Helper()
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.done:
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
		p.t.Errorf("%v did not end: %s", p.cmd.Args, p.out)
	}
}

// says waits until the program has written this.
func (p *process) says(text string, patience time.Duration) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(p.out.String(), text) {
			return
		}
		select {
		case <-p.done:
			p.t.Fatalf("it ended without %q (%v): %s", text, p.err, p.out)
		default:
		}
	}
	p.t.Fatalf("no %q after %s: %s", text, patience, p.out)
}

// parvis runs a command to its end and gives what it wrote.
func parvis(t *testing.T, environment []string, args ...string) (string, error) {
	t.Helper()
	return parvisWith(t, "", environment, args...)
}

// parvisWith runs the program to its end with something on its standard input.
func parvisWith(t *testing.T, input string, environment []string, args ...string) (string, error) {
	t.Helper()
	p := startWith(t, input, environment, args...)
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		t.Fatalf("%v takes too long: %s", args, p.out)
	}
	return p.out.String(), p.err
}

func must(t *testing.T, environment []string, args ...string) string {
	t.Helper()
	out, err := parvis(t, environment, args...)
	if err != nil {
		t.Fatalf("parvis %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// answered is an HTTP answer, read whole.
type answered struct {
	status int
	header http.Header
	body   string
}

// visitor is the address that the tests' requests come from: it must stand in no log.
const visitor = "127.0.0.9"

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
	DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(visitor)}}).DialContext,
}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// ask sends a request to an address, under a host name; header pairs at the end.
func ask(t *testing.T, method, addr, host, path, body string, header ...string) answered {
	t.Helper()
	a, err := tryAsk(method, addr, host, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tryAsk(method, addr, host, path, body string, header ...string) (answered, error) {
	r, err := http.NewRequest(method, "http://"+addr+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	r.Host = host
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, string(text)}, err
}

// eventually tries until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func port(t *testing.T) int {
	t.Helper()
	p, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// site is real parts and the environment that names them.
type site struct {
	t               *testing.T
	pg              *parts.Postgres
	pgOptions       parts.PostgresOptions
	mails           *parts.SMTPSink
	texts           *parts.SMSSink
	pages, operator string
	environment     []string
	values          map[string]string
	courierToken    string
	logs            []*process
}

const base = "parvis.test"

// newSite starts Postgres, Kratos, an SMTP server and an SMS endpoint.
func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, pages: fmt.Sprintf("127.0.0.1:%d", port(t)), operator: fmt.Sprintf("127.0.0.1:%d", port(t)), courierToken: strings.Repeat("c0", 32)}
	ctx := context.Background()
	data := filepath.Join(dir, "postgres")
	bin, err := parts.FindPostgres(ctx, parts.Options{Bin: os.Getenv("PARVIS_PG_BIN"), DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	s.pgOptions = parts.PostgresOptions{BinDir: bin, DataDir: data, Port: port(t)}
	s.postgres()
	for _, name := range []string{databaseName, parts.KratosDatabase} {
		if err := s.pg.CreateOwner(ctx, name, "database-s3cret", name); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.pg.CreateDatabase(ctx, parts.KratosDatabase, parts.KratosExtensions()...); err != nil {
		t.Fatal(err)
	}
	program, err := parts.BuildKratos(ctx, parts.KratosBuild{})
	if err != nil {
		t.Fatal(err)
	}
	kratos, err := parts.StartKratos(ctx, parts.KratosOptions{
		Bin: program, DSN: s.pg.RoleDSN(parts.KratosDatabase, "database-s3cret", parts.KratosDatabase), DataDir: filepath.Join(dir, "kratos"),
		PublicPort: port(t), AdminPort: port(t), CourierURL: "http://" + s.operator + "/kratos/courier", CourierToken: s.courierToken, SessionLifespan: identity.CitizenLife,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kratos.Stop)
	if s.mails, err = parts.StartSMTP(parts.SMTPOptions{Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.mails.Stop)
	if s.texts, err = parts.StartSMSSink(parts.SMSSinkOptions{User: "parvis", Password: "kannel-s3cret", Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.texts.Stop)
	url := s.pg.RoleDSN(databaseName, "database-s3cret", databaseName)
	s.values = map[string]string{
		"PARVIS_PLATFORM_URL": url, "PARVIS_CELL_URL": url, "PARVIS_MASTER_KEY": strings.Repeat("5e", 32), "PARVIS_BASE_DOMAIN": base,
		"PARVIS_PUBLIC_URL": "http://" + base, "PARVIS_ADDR": s.pages, "PARVIS_METRICS_ADDR": s.operator,
		"PARVIS_KRATOS_PUBLIC_URL": kratos.PublicURL(), "PARVIS_KRATOS_ADMIN_URL": kratos.AdminURL(), "PARVIS_COURIER_TOKEN": s.courierToken,
		"PARVIS_SMTP_URL": "smtp://" + s.mails.Addr(), "PARVIS_MAIL_FROM": "ne-pas-repondre@parvis.test",
		"PARVIS_SMS_URL": s.texts.SendURL(), "PARVIS_SMS_USER": "parvis", "PARVIS_SMS_PASSWORD": "kannel-s3cret",
		"PARVIS_FILES_URL": "file://" + filepath.Join(dir, "files"),
	}
	for name, value := range s.values {
		s.environment = append(s.environment, name+"="+value)
	}
	return s
}

// postgres starts Postgres, for the first time or again.
func (s *site) postgres() {
	s.t.Helper()
	var err error
	if s.pg, err = parts.StartPostgres(context.Background(), s.pgOptions); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.pg.Stop)
}

// program is the site's own parts in this process, to do what pages would take long
// to do.
func (s *site) program() *program {
	s.t.Helper()
	c, err := readConfig(func(name string) (string, bool) { v, ok := s.values[name]; return v, ok })
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := wire(context.Background(), c, newLogger(io.Discard))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.close)
	return p
}

func (s *site) run(args ...string) *process {
	s.t.Helper()
	p := start(s.t, s.environment, args...)
	s.logs = append(s.logs, p)
	return p
}

// mail waits for a mail to somebody whose subject holds a word.
func (s *site) mail(to, word string) parts.Mail {
	s.t.Helper()
	var found parts.Mail
	eventually(s.t, "a mail about "+word, func() bool {
		for _, m := range s.mails.Messages() {
			if strings.Join(m.To, "") == to && strings.Contains(m.Subject, word) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// closed tells whether nobody listens any more.
func closed(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err != nil
}

func decode[T any](t *testing.T, a answered, status int) T {
	t.Helper()
	var v T
	if a.status != status {
		t.Fatalf("the answer is %d: %s; want %d", a.status, a.body, status)
	}
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatal(errors.Join(err, errors.New(a.body)))
	}
	return v
}
