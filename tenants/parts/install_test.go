package parts_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parvis-gru/parvis/tenants/parts"
)

func TestAptTellsAnOrdinaryUserWhatToRun(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	who := ordinary(t, dir)
	if who != nil {
		program = copyProgram(t, program)
	}
	cmd := exec.CommandContext(t.Context(), program, "apt", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	out, err := cmd.Output()
	if err == nil || !strings.Contains(string(out), "sudo apt-get install") {
		t.Errorf("it says %q (%v)", out, err)
	}
}

func TestKannelForAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	if _, _, err := parts.FindKannel(t.Context(), func(line string) { t.Log(line) }); err != nil {
		t.Fatal(err)
	}
	h := startHelper(t, ordinary(t, dir), "kannel", filepath.Join(dir, "kannel"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("without a password: status %d", res.StatusCode)
	}
}

func TestNPMInstallsOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "npm")
	var said []string
	progress := func(line string) { said = append(said, line) }
	for range 2 {
		if err := parts.NPM(t.Context(), progress, dir, "is-number@7.0.0"); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) != 1 {
		t.Errorf("fetched %d times: %q", len(said), said)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "is-number", "index.js")); err != nil {
		t.Error(err)
	}
}

func TestNPMTrustsWhatTheMachineTrusts(t *testing.T) {
	t.Parallel()
	if got := parts.NPMTrust([]string{"PATH=/bin", "NODE_EXTRA_CA_CERTS=/mine.pem"}); len(got) != 0 {
		t.Errorf("a choice of the user's is overruled by %q", got)
	}
	got := parts.NPMTrust([]string{"PATH=/bin"})
	if len(got) > 1 || len(got) == 1 && !strings.HasPrefix(got[0], "NODE_EXTRA_CA_CERTS=/etc/ssl/") {
		t.Errorf("npm would be given %q", got)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	root, err := parts.RepositoryRoot("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "cmd", "kratos", "go.mod")); err != nil {
		t.Error(err)
	}
	if root, err := parts.RepositoryRoot("/"); err == nil {
		t.Errorf("a clone is found in /: %s", root)
	}
	dir, err := parts.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Errorf("no cache folder: %v", err)
	}
}
