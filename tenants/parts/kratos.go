package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// kratosStartLimit bounds Kratos's migrations and its start.
const kratosStartLimit = 2 * time.Minute

// KratosDatabase is the name of Kratos's own database, and KratosExtensions what it needs.
const KratosDatabase = "kratos"

// KratosExtensions gives the Postgres extensions that Kratos's migrations ask for.
func KratosExtensions() []string { return []string{"pg_trgm", "btree_gin"} }

// KratosOptions say how Ory Kratos is started.
type KratosOptions struct {
	// Bin is the program, from [BuildKratos].
	Bin string
	// DSN of its own database, which exists and has [KratosExtensions].
	DSN string
	// DataDir keeps its secrets (mode 0600), its generated configuration and its
	// log. Whoever loses the secrets makes every enrolled second factor useless.
	DataDir string
	// PublicPort and AdminPort on 127.0.0.1; 0 takes free ones.
	PublicPort, AdminPort int
	// CourierURL is our endpoint for its mails: each is POSTed there as the JSON of
	// [KratosMail], with the header "Authorization: Bearer CourierToken". Any
	// answer but 2xx is tried again.
	CourierURL string
	// CourierToken proves that a mail comes from this Kratos.
	CourierToken string
	// SessionLifespan of a Kratos session; 0 means 1 hour: our own session is the
	// one that lasts.
	SessionLifespan time.Duration
	// Issuer is the name that authenticator apps show; empty means Parvis.
	Issuer string
	// Progress is told what takes long.
	Progress Progress
}

// KratosMail is the body of the requests to CourierURL.
type KratosMail struct {
	// Recipient is the address.
	Recipient string `json:"recipient"`
	// TemplateType is Kratos's name of the mail: recovery_code_valid,
	// recovery_code_invalid, verification_code_valid, verification_code_invalid.
	TemplateType string `json:"template_type"`
	// TemplateData are its values: recovery_code, verification_code, to, identity …
	TemplateData map[string]any `json:"template_data"`
	// TransientPayload is what we gave with the flow; null where nothing was given.
	TransientPayload map[string]any `json:"transient_payload"`
}

// Kratos is a running Ory Kratos.
type Kratos struct {
	public, admin int
	proc          *process
}

// StartKratos writes Kratos's configuration, brings its database up to date, starts it
// and waits until it is ready. It ends with this process.
func StartKratos(ctx context.Context, opts KratosOptions) (*Kratos, error) {
	ctx, cancel := context.WithTimeout(ctx, kratosStartLimit)
	defer cancel()
	if opts.DSN == "" || opts.CourierURL == "" || opts.CourierToken == "" || opts.DataDir == "" {
		return nil, errors.New("start Ory Kratos: its database, data folder, courier address or courier token is missing")
	}
	dir, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return nil, fmt.Errorf("start Ory Kratos: %w", err)
	}
	opts.DataDir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("start Ory Kratos: %w", err)
	}
	if err := migrateKratos(ctx, opts); err != nil {
		return nil, fmt.Errorf("migrate Ory Kratos: %w", err)
	}
	var k *Kratos
	for range 5 {
		if k, err = launchKratos(ctx, opts); err == nil || !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "address already in use") {
			break
		}
		if opts.PublicPort != 0 && opts.AdminPort != 0 {
			break
		}
	}
	return k, err
}

// migrateKratos runs Kratos's own migrations; those done already are passed over.
func migrateKratos(ctx context.Context, opts KratosOptions) error {
	path, err := writeKratosConfig(opts, 1, 1)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, opts.Bin, "migrate", "sql", "-e", "--yes", "--config", path)
	kratosEnv(cmd, opts)
	return run(cmd)
}

// kratosEnv gives Kratos its secrets by its environment rather than by arguments, which
// everyone on the machine can read.
func kratosEnv(cmd *exec.Cmd, opts KratosOptions) {
	cmd.Dir = opts.DataDir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + opts.DataDir, "SQA_OPT_OUT=true", "DSN=" + opts.DSN, "GOMEMLIMIT=200MiB"}
}

func launchKratos(ctx context.Context, opts KratosOptions) (*Kratos, error) {
	k := &Kratos{public: opts.PublicPort, admin: opts.AdminPort}
	for _, port := range []*int{&k.public, &k.admin} {
		if *port != 0 {
			continue
		}
		free, err := freePort()
		if err != nil {
			return nil, err
		}
		*port = free
	}
	path, err := writeKratosConfig(opts, k.public, k.admin)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(opts.Bin, "serve", "--watch-courier", "--config", path) // it outlives the context of its start
	kratosEnv(cmd, opts)
	logPath := filepath.Join(opts.DataDir, "kratos.log")
	offset := logSize(logPath)
	k.proc, err = startProcess(cmd, processOptions{name: "Ory Kratos", logPath: logPath, stop: syscall.SIGTERM, grace: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: 2 * time.Second}
	ready := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.AdminURL()+"/admin/health/ready", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("not ready: status %d", res.StatusCode)
		}
		return nil
	}
	if err := k.proc.waitReady(ctx, offset, ready); err != nil {
		k.proc.end()
		return nil, err
	}
	return k, nil
}

// PublicURL is the base of Kratos's public API, without a slash at its end.
func (k *Kratos) PublicURL() string { return "http://127.0.0.1:" + strconv.Itoa(k.public) }

// AdminURL is the base of Kratos's admin API, without a slash at its end. Whoever
// reaches it can do everything: it must never be reachable from outside.
func (k *Kratos) AdminURL() string { return "http://127.0.0.1:" + strconv.Itoa(k.admin) }

// Done is closed when Kratos has ended, however.
func (k *Kratos) Done() <-chan struct{} { return k.proc.done }

// Stop ends Kratos in order. It can be called twice.
func (k *Kratos) Stop() { k.proc.end() }

// writeKratosConfig writes the generated configuration (mode 0600: it holds secrets).
func writeKratosConfig(opts KratosOptions, public, admin int) (string, error) {
	config, err := kratosConfig(opts, public, admin)
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write Kratos's configuration: %w", err)
	}
	path := filepath.Join(opts.DataDir, "kratos.json")
	if err := writeFileAtomic(path, text); err != nil {
		return "", fmt.Errorf("write Kratos's configuration: %w", err)
	}
	return path, nil
}
