package parts

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// stateLoginPackage is the npm package that plays FranceConnect and ProConnect.
const stateLoginPackage = "oidc-provider@9.13.3"

// stateLoginStartLimit bounds its installation and its start.
const stateLoginStartLimit = 2 * time.Minute

//go:embed state_login.mjs
var stateLoginProgram []byte

// StateLoginOptions say which of the State's identity providers is played.
type StateLoginOptions struct {
	Kind     string // franceconnect or proconnect
	Dir      string // takes the program and its log
	Progress Progress
}

// StateLogin is a running provider of identity, for tests alone: it believes whatever
// name is typed.
type StateLogin struct {
	port int
	proc *process
}

// StateClient is a client as a provider registers it.
type StateClient struct {
	ID       string   `json:"client_id"`
	Secret   string   `json:"client_secret"`
	Redirect []string `json:"redirect_uris"`
	Logout   []string `json:"post_logout_redirect_uris"`
}

// StatePerson is somebody who can sign in, by typing the ID.
type StatePerson struct {
	ID     string         `json:"id"`
	ACR    string         `json:"acr,omitempty"` // eidas1 where empty
	AMR    []string       `json:"amr,omitempty"` // pwd where empty
	Claims map[string]any `json:"claims"`
}

// StartStateLogin installs the npm package where it is missing, starts a provider on
// 127.0.0.1 and waits until it answers. It ends with this process.
func StartStateLogin(ctx context.Context, opts StateLoginOptions) (*StateLogin, error) {
	ctx, cancel := context.WithTimeout(ctx, stateLoginStartLimit)
	defer cancel()
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(cache, "oidc-provider")
	if err := NPM(ctx, opts.Progress, folder, stateLoginPackage); err != nil {
		return nil, err
	}
	node, err := Node(ctx, opts.Progress, cache)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("start a provider of identity: %w", err)
	}
	program := filepath.Join(opts.Dir, "state_login.mjs")
	if err := writeFileAtomic(program, stateLoginProgram); err != nil {
		return nil, fmt.Errorf("start a provider of identity: %w", err)
	}
	var s *StateLogin
	for range 5 {
		if s, err = launchStateLogin(ctx, opts, node, program, folder); err == nil || !errors.Is(err, errEnded) {
			break
		}
	}
	return s, err
}

func launchStateLogin(ctx context.Context, opts StateLoginOptions, node, program, folder string) (*StateLogin, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &StateLogin{port: port}
	cmd := exec.Command(node, program, folder, opts.Kind, strconv.Itoa(port)) // it outlives the context of its start
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + opts.Dir}
	logPath := filepath.Join(opts.Dir, opts.Kind+".log")
	offset := logSize(logPath)
	if s.proc, err = startProcess(cmd, processOptions{name: opts.Kind, logPath: logPath, stop: syscall.SIGTERM, grace: 5 * time.Second}); err != nil {
		return nil, err
	}
	err = s.proc.waitReady(ctx, offset, func(ctx context.Context) error {
		return s.call(ctx, http.MethodGet, "/api/v2/.well-known/openid-configuration", nil)
	})
	if err != nil {
		s.proc.end()
		return nil, err
	}
	return s, nil
}

func (s *StateLogin) call(ctx context.Context, method, path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("ask a provider of identity: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.Host()+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("ask a provider of identity: %w", err)
	}
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Do(r)
	if err != nil {
		return fmt.Errorf("ask a provider of identity: %w", err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("ask a provider of identity: status %d", answer.StatusCode)
	}
	return nil
}

// Host is where it listens: host and port.
func (s *StateLogin) Host() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// Issuer is its address as an OpenID Connect issuer.
func (s *StateLogin) Issuer() string { return "http://" + s.Host() + "/api/v2" }

// PutClient registers a client, or changes it.
func (s *StateLogin) PutClient(ctx context.Context, c StateClient) error {
	return s.call(ctx, http.MethodPost, "/_test/client", c)
}

// PutPerson lets somebody sign in, or changes who they are.
func (s *StateLogin) PutPerson(ctx context.Context, p StatePerson) error {
	return s.call(ctx, http.MethodPost, "/_test/person", p)
}

// Stop ends it. It can be called twice.
func (s *StateLogin) Stop() { s.proc.end() }
