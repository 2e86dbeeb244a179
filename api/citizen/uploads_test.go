package citizen_test

import (
	"bytes"
	"context"
	"github.com/parvis-gru/parvis/api/web/webtest"
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
)

// Whoever takes a file back wants it gone, and must not be able to fill the disk with
// files that nobody asks for.
func TestBytesOfARemovedFileGoAtOnce(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	kept := func() (keys []string) {
		d.Write(t, d.Tenant, tenants.System("test"), func(ctx context.Context, tx *tenants.Tx) (err error) {
			keys, err = tenants.All[string](ctx, tx, `select blob_key from document`)
			return err
		})
		return keys
	}
	gone := func(keys []string) {
		t.Helper()
		for _, key := range keys {
			if _, err := d.Deps.Files.Open(t.Context(), d.Tenant, files.Document{BlobKey: key}); !fault.Is(err, "document_unknown") {
				t.Errorf("the bytes are still there: %v", err)
			}
		}
	}
	b := d.Browser(t)
	choose := func() {
		seller(t, b).Form(stepForm).Set("type", "particulier").File("identite", "carte.pdf", pdf).Submit().Want(200, "/demarches/"+sale+"/formulaire/vente")
	}
	choose()
	keys := kept()
	if len(keys) != 1 {
		t.Fatalf("%d files", len(keys))
	}
	p := b.Get("/demarches/"+sale+"/formulaire/organisateur").Form(stepForm).Press("Retirer").Want(200, "/demarches/"+sale+"/formulaire/organisateur")
	gone(keys)
	p.Form(stepForm).Set("type", "particulier").File("identite", "carte.pdf", pdf).Submit().Want(200, "/demarches/"+sale+"/formulaire/vente")
	keys = kept()
	b.Get("/demarches/" + sale + "/formulaire/organisateur").Form(`form[action$="/effacer"]`).Submit()
	gone(keys)
}

func TestANetworkCannotFillTheDisk(t *testing.T) {
	t.Parallel()
	step := seller(t, deploy(t).Browser(t))
	for sent := 0; sent < 600; sent += 20 {
		form := step.Form(stepForm).Set("type", "particulier")
		for i := range 20 {
			form.File("identite", strconv.Itoa(i)+".pdf", bytes.Clone(pdf))
		}
		if p := form.Submit(); strings.Contains(strings.Join(p.Texts(".error-summary li"), " "), "beaucoup d’essais") {
			if p.Form(stepForm).Value("type") != "particulier" {
				t.Error("what was typed is lost")
			}
			return
		}
	}
	t.Error("six hundred files, and no rest")
}

func TestStepsSentByAMachineAreSlowedDownAndAClassIsNot(t *testing.T) {
	t.Parallel()
	d := deploy(t)
	send := func(b *webtest.Browser, times int) (last *webtest.Page) {
		step := begin(t, b, report)
		for range times {
			if last = step.Form(stepForm).Set("email", "pas une adresse").Submit(); last.Status == 429 {
				return last
			}
		}
		return last
	}
	if last := send(d.Browser(t), 120); last.Status != 429 || last.Header.Get("Retry-After") == "" {
		t.Errorf("120 steps of one draft end with %d, Retry-After %q", last.Status, last.Header.Get("Retry-After"))
	}
	for range 5 { // the same address, each with their own draft
		if last := send(d.Browser(t), 15); last.Status == 429 {
			t.Error("somebody else behind the address is slowed down too")
		}
	}
}
