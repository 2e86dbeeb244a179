package hub_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/parvis-gru/parvis/api/web/webtest"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/operations"
)

const leaver = "31169" // Escalquens

// packed gives the archive of a commune of another deployment.
func packed(t *testing.T) []byte {
	t.Helper()
	d := webtest.New(t)
	commune, err := d.Deps.Operations.Open(t.Context(), tenants.System("test"), operations.Opening{Opening: tenants.Opening{HubID: d.Hub.ID, INSEE: leaver}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := d.Deps.Operations.ExportTo(t.Context(), tenants.System("test"), commune, &out, "une phrase assez longue"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// repacked gives an archive with one of its files changed.
func repacked(t *testing.T, archive []byte, file string, change func(string) string) []byte {
	t.Helper()
	plain, err := zstd.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	from, to := tar.NewReader(plain), tar.NewWriter(z)
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == file {
			body = []byte(change(string(body)))
			h.Size = int64(len(body))
		}
		if err := to.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(to.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestACommuneComesWithItsArchive(t *testing.T) {
	t.Parallel()
	whole := packed(t)
	d := deploy(t)
	b := signed(t, d)
	const path = "/communes/reprise"
	send := func(passphrase string, archive []byte) *webtest.Page {
		t.Helper()
		form := b.Get(path).Want(200, path).Form("form[enctype]").Set("passphrase", passphrase)
		if archive != nil {
			form = form.File("archive", "castanet.tar.zst", archive)
		}
		return form.Press("Envoyer l’archive")
	}
	nothing := func(what string) {
		t.Helper()
		if _, err := d.Registry.ByINSEE(t.Context(), leaver); !fault.Is(err, "not_found") {
			t.Errorf("%s: something is there (%v)", what, err)
		}
		if list, err := d.Deps.Operations.OfHub(t.Context(), d.Hub.ID, 10); err != nil || len(list) > 0 {
			t.Errorf("%s: %+v, %v", what, list, err)
		}
		if left, err := d.Deps.Files.IncomingBefore(t.Context(), d.Clock.Now().AddDate(100, 0, 0)); err != nil || len(left) > 0 {
			t.Errorf("%s: kept %v, %v", what, left, err)
		}
	}
	for what, c := range map[string]struct {
		passphrase string
		archive    []byte
		says       string
	}{
		"nothing":           {"", nil, "Choisissez l’archive"},
		"no archive":        {"", []byte("bonjour"), "n’est pas une archive"},
		"a very large file": {"", bytes.Repeat([]byte("bonjour "), 9<<20), "n’est pas une archive"},
		"cut":               {"", whole[:len(whole)*2/3], "La fin de l’archive manque"},
		"altered":           {"", repacked(t, whole, "README.txt", strings.ToUpper), "ne correspond plus"},
		"of a later one":    {"", repacked(t, whole, "manifest.json", func(s string) string { return strings.Replace(s, `"format": 1`, `"format": 2`, 1) }), "version plus récente"},
		"a wrong word":      {"une autre phrase, longue", whole, "phrase secrète"},
	} {
		p := send(c.passphrase, c.archive)
		if p.Status < 400 || p.Status > 499 || !strings.Contains(p.Text("main .error-summary, main [role=alert], main"), c.says) {
			t.Errorf("%s: %d %q", what, p.Status, p.Text("main"))
		}
		nothing(what)
	}

	p := send("une phrase assez longue", whole).Want(200, path)
	if row := p.Text("main tbody tr"); !strings.Contains(row, "Escalquens") || !strings.Contains(row, "En cours") {
		t.Errorf("the page says %q", row)
	}
	if again := send("", whole); again.Status != 409 {
		t.Errorf("sent twice: %d", again.Status)
	}
	carryOut(t, d)
	if row := b.Get(path).Text("main tbody tr"); !strings.Contains(row, "Terminé") {
		t.Errorf("the page says %q", row)
	}
	commune, err := d.Registry.ByINSEE(t.Context(), leaver)
	if err != nil || commune.State != tenants.StateLive || commune.HubID != d.Hub.ID {
		t.Fatalf("the commune is %+v, %v", commune, err)
	}
	if left, err := d.Deps.Files.IncomingBefore(t.Context(), d.Clock.Now().AddDate(100, 0, 0)); err != nil || len(left) > 0 {
		t.Errorf("kept %v, %v", left, err)
	}
	if p := send("", whole); p.Status != 409 || !strings.Contains(p.Text("main"), "déjà ouverte") {
		t.Errorf("over an open commune: %d %q", p.Status, p.Text("main"))
	}
	reader, _ := d.HubAdmin(t, tenants.HubAdmin{Role: tenants.HubReader})
	if reader.Get(path).Want(200, "").Has("main form") {
		t.Error("an observer is offered what only a manager may do")
	}
}
