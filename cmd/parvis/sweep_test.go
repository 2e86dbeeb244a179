package main

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// nowhere is an environment whose parts are all away, with a folder for temporary files.
func nowhere(t *testing.T, temporary string) []string {
	t.Helper()
	var environment []string
	for name, value := range map[string]string{
		"PARVIS_PLATFORM_URL": "postgres://p:p@127.0.0.1:1/p", "PARVIS_CELL_URL": "postgres://p:p@127.0.0.1:1/p", "PARVIS_MASTER_KEY": strings.Repeat("5e", 32), "PARVIS_BASE_DOMAIN": base,
		"PARVIS_PUBLIC_URL": "http://" + base, "PARVIS_KRATOS_PUBLIC_URL": "http://127.0.0.1:1", "PARVIS_KRATOS_ADMIN_URL": "http://127.0.0.1:1", "PARVIS_COURIER_TOKEN": strings.Repeat("c0", 32),
		"PARVIS_SMTP_URL": "smtp://127.0.0.1:1", "PARVIS_MAIL_FROM": "ne-pas-repondre@parvis.test", "PARVIS_FILES_URL": "file://" + t.TempDir(), "PARVIS_METRICS_ADDR": "127.0.0.1:0", "TMPDIR": temporary,
	} {
		environment = append(environment, name+"="+value)
	}
	return environment
}

// beginning writes the beginning of an archive, which ends when the program that reads it
// does.
func beginning(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "archive.tar.zst")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pipe.Close() })
	packed, err := zstd.NewWriter(pipe, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewWriter(packed)
	for _, name := range []string{"README.txt", "tables/request.jsonl"} {
		const text = `{"applicant": "Jeanne Dupont"}` + "\n"
		if err := in.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(in, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := packed.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

// unpacked lists where the citizens' files of an archive lie in the clear.
func unpacked(t *testing.T, temporary string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(temporary, "parvis-import-*", "tables", "request.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A program that is killed while it unpacks an archive leaves citizens' files in the clear:
// whatever is started next removes them, and nothing that a living program works on.
func TestWhatAKilledProgramLeftUnpackedIsSwept(t *testing.T) {
	t.Parallel()
	temporary := t.TempDir()
	environment := nowhere(t, temporary)
	foreign := filepath.Join(temporary, "parvis-import-mine")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	dying := start(t, environment, "tenant", "import", beginning(t))
	eventually(t, "an archive is unpacked", func() bool { return len(unpacked(t, temporary)) == 1 })
	dying.end(syscall.SIGKILL)
	left := unpacked(t, temporary)
	if len(left) != 1 {
		t.Fatalf("killed, it left %v", left)
	}
	living := start(t, environment, "tenant", "import", beginning(t)) // its own start sweeps
	eventually(t, "the next one is unpacked", func() bool {
		now := unpacked(t, temporary)
		return len(now) == 1 && now[0] != left[0]
	})
	for _, next := range [][]string{{"tenant", "list"}, {"tenant", "export", "nobody"}} {
		if out, err := parvis(t, environment, next...); err == nil {
			t.Errorf("parvis %q without a database: %s", next, out)
		}
		if len(unpacked(t, temporary)) != 1 {
			t.Errorf("parvis %q swept what a living program works on", next)
		}
	}
	living.end(syscall.SIGKILL)
	_ = start(t, environment, "work") // ends with the test, like serve
	eventually(t, "all is swept", func() bool { return len(unpacked(t, temporary)) == 0 })
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a folder that is none of ours: %v", err)
	}
}
