package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// life takes a commune through what is done to communes, by the command line, while the
// pages are served.
func (s *site) life(f filed) {
	s.t.Helper()
	const slug = "castanet-tolosan"
	alive := func(what string) {
		s.t.Helper()
		a := ask(s.t, "GET", s.pages, town, "/api/v1/requests/"+f.Number, "", "X-Tracking-Code", f.TrackingCode)
		if a.status != 200 {
			s.t.Errorf("%s: the request answers %d %s", what, a.status, a.body)
		}
	}
	if out := must(s.t, s.environment, "tenant", "list", "--json"); !strings.Contains(out, `"slug": "castanet-tolosan"`) {
		s.t.Errorf("list: %s", out)
	}
	packed := s.exported(slug)
	folder := s.t.TempDir()
	whole, cut := filepath.Join(folder, "x.tar.zst"), filepath.Join(folder, "cut.tar.zst")
	for path, text := range map[string][]byte{whole: packed, cut: packed[:len(packed)/2]} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	must(s.t, s.environment, "cell", "drain", "--stop", "cell-2")
	if out := must(s.t, s.environment, "tenant", "move", slug, "--to", "cell-2"); !strings.Contains(out, "is in cell-2") {
		s.t.Errorf("move: %s", out)
	}
	alive("after the move")
	must(s.t, s.environment, "tenant", "move", "--to", "cell-1", slug)
	alive("after the move back")
	must(s.t, s.environment, "tenant", "suspend", slug)
	eventually(s.t, "the suspension", func() bool { return ask(s.t, "GET", s.pages, town, "/", "").status == 503 })
	must(s.t, s.environment, "tenant", "resume", slug)
	eventually(s.t, "the resumption", func() bool { return ask(s.t, "GET", s.pages, town, "/", "").status == 200 })
	for _, wrong := range [][]string{
		{"tenant", "import", whole}, {"tenant", "import", cut}, {"tenant", "import", filepath.Join(folder, "nothing")}, {"tenant", "move", slug, "--to", "cell-9"}, {"tenant", "move", slug, "--to", "cell-1"},
		{"tenant", "export", "nobody"}, {"tenant", "confirm", slug, "--by", "x"}, {"tenant", "delete", slug}, {"tenant", "resume", slug}, {"tenant", "certificate", "31113"},
	} {
		if out, err := parvis(s.t, s.environment, wrong...); err == nil || !strings.HasPrefix(lastLine(out), "parvis: ") {
			s.t.Errorf("parvis %q: %v: %s", wrong, err, out)
		}
	}
	s.erase(slug, whole, f)
}

// erase erases the commune and takes it in again.
func (s *site) erase(slug, whole string, f filed) {
	s.t.Helper()
	if err := os.WriteFile(whole, s.exported(slug), 0o600); err != nil {
		s.t.Fatal(err)
	}
	must(s.t, s.environment, "tenant", "delete", slug, "--by", "Claire Martin", "--days", "0")
	if out, err := parvis(s.t, s.environment, "tenant", "confirm", slug, "--by", "claire  martin", "--visa", "visa 12"); err == nil || !strings.Contains(out, "somebody else") {
		s.t.Errorf("one person's two words: %v %s", err, out)
	}
	must(s.t, s.environment, "tenant", "confirm", slug, "--by", "Hélène Petit", "--visa", "la commune conserve l’archive")
	eventually(s.t, "the erasure, by the workers", func() bool {
		return !strings.Contains(must(s.t, s.environment, "tenant", "list"), "31113")
	})
	var document string
	eventually(s.t, "the certificate", func() bool {
		out, err := parvis(s.t, s.environment, "tenant", "certificate", "31113")
		document = out
		return err == nil
	})
	path := filepath.Join(s.t.TempDir(), "certificate.json")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if out := must(s.t, s.environment, "tenant", "certificate", "verify", path); !strings.Contains(out, "confirmed by Hélène Petit") {
		s.t.Errorf("verify: %s", out)
	}
	if out := must(s.t, s.environment, "tenant", "import", whole, "--hub", "sicoval"); !strings.Contains(out, "http://"+town) || !strings.Contains(out, "agents invited") {
		s.t.Errorf("import: %s", out)
	}
	eventually(s.t, "the commune again", func() bool {
		return ask(s.t, "GET", s.pages, town, "/api/v1/requests/"+f.Number, "", "X-Tracking-Code", f.TrackingCode).status == 200
	})
}

// exported gives a commune's archive, as the command writes it.
func (s *site) exported(slug string) []byte {
	s.t.Helper()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(context.Background(), binary, "tenant", "export", slug)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, s.environment...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil || !strings.Contains(said.String(), "manifest sha256") {
		s.t.Fatalf("export: %v: %s", err, said.String())
	}
	return out.Bytes()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestPassphrasesAreLong(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p")
	for text, good := range map[string]bool{"": false, "court\n": false, "une phrase assez longue\nreste\n": true} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := passphraseIn(path); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
