package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob/memblob"

	"github.com/parvis-gru/parvis/migrations"
	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/archive"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/pgtest"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func TestSQL(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}

var system = tenants.System("test")

// town is a commune with requests, and its store.
type town struct {
	*pgtest.Env
	t       *testing.T
	store   *files.Store
	codes   map[string]string // by number
	version int
}

func newTown(t *testing.T) *town {
	t.Helper()
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { _ = bucket.Close() })
	return &town{Env: pgtest.Schema(t), t: t, store: files.New(bucket), codes: map[string]string{}, version: migrations.Tenant.Version()}
}

func (w *town) do(fn func(ctx context.Context, tx *tenants.Tx) error) {
	w.t.Helper()
	w.Write(w.t, w.Tenant, system, fn)
}

// live fills the commune: settings, catalogue, agents, citizens, requests, documents.
func (w *town) live(count int) {
	w.t.Helper()
	agent := tenants.Actor{Kind: tenants.ActorAgent, ID: tenants.NewID(), Name: "Ada Ministre", Role: tenants.RoleAdmin}
	w.do(func(ctx context.Context, tx *tenants.Tx) error {
		if err := tenants.PutSettings(ctx, tx, tenants.Settings{
			PostalAddress: "Place Jean Jaurès\n31320 Castanet-Tolosan", Email: "mairie@castanet.example", Phone: "05 61 71 70 00",
			Mayor: "Camille Martin", SignatoryName: "Camille Martin", SignatoryTitle: "Maire",
			Court: tenants.Court{Name: "Tribunal administratif de Toulouse", PostalAddress: "68 rue Raymond IV\n31068 Toulouse Cedex 7"},
			DPO:   tenants.DPO{Name: "Dominique Petit", Email: "dpo@sicoval.example"},
		}, 0); err != nil {
			return err
		}
		if err := catalogue.Install(ctx, tx); err != nil {
			return err
		}
		if err := catalogue.SetOpen(ctx, tx, "courrier-maire", true); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into agent (id, subject, email, given_name, family_name, role, created_at) values ($1, 's', 'ada@castanet.example', 'Ada', 'Ministre', 'admin', $2)`, agent.ID, tx.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `insert into citizen (id, subject, email, created_at, last_seen_at) values ($1, 'c', 'jeanne@example.org', $2, $2)`, tenants.NewID(), tx.Now())
		return err
	})
	for i := range count {
		var done requests.Submitted
		w.do(func(ctx context.Context, tx *tenants.Tx) (err error) {
			done, err = requests.Submit(ctx, tx, requests.Submission{
				ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb,
				Applicant: requests.Applicant{GivenName: "Jeanne", FamilyName: "D'Été\\\n=1+1", Email: "jeanne@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"},
				Answers:   forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit « fort » ; très"), "message": forms.Text(fmt.Sprintf("Le n° %d : \\ \" é 🏛\n", i))},
			})
			return err
		})
		w.codes[done.Request.Number] = done.TrackingCode
		stored, err := w.store.Put(w.t.Context(), w.Tenant, files.Upload{Name: "plan.txt.pdf", Body: strings.NewReader(fmt.Sprintf("%%PDF-1.4\n%d", i))})
		if err != nil {
			w.t.Fatal(err)
		}
		w.do(func(ctx context.Context, tx *tenants.Tx) error {
			if _, err := files.AttachToRequest(ctx, tx, done.Request.ID, "", stored, true); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `insert into message (id, request_id, incoming, author_id, author_name, body, created_at) values ($1, $2, true, '', 'Jeanne', $3, $4)`, tenants.NewID(), done.Request.ID, "Et alors ?\t\\N", tx.Now())
			return err
		})
	}
}

func (w *town) export(o archive.Options) ([]byte, archive.Made) {
	w.t.Helper()
	var b bytes.Buffer
	made, err := archive.Source{DB: w.DB, Files: w.store, Version: func(context.Context, tenants.Tenant) (int, error) { return w.version, nil }, Codes: requests.Codes}.Export(w.t.Context(), w.Tenant, &b, o)
	if err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes(), made
}

func open(t *testing.T, packed []byte) *archive.Opened {
	t.Helper()
	o, err := archive.Open(t.Context(), bytes.NewReader(packed), t.TempDir(), archive.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// contents unpacks an archive as anybody would.
func contents(t *testing.T, packed []byte) (names []string, files map[string]string) {
	t.Helper()
	plain, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	files = map[string]string{}
	for in := tar.NewReader(plain); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return names, files
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		names, files[h.Name] = append(names, h.Name), string(body)
	}
}

func TestArchiveIsReadableWithoutUs(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.live(3)
	packed, made := w.export(archive.Options{Passphrase: "une phrase secrète"})
	names, read := contents(t, packed)
	if names[0] != "README.txt" || names[len(names)-1] != "manifest.json" {
		t.Errorf("the order is %v", names)
	}
	if !strings.Contains(read["README.txt"], "CASTANET-TOLOSAN") || !strings.Contains(read["README.txt"], "visa") {
		t.Error("the README does not say what it is")
	}
	if !strings.Contains(read["requests.csv"], "26-000001") || !strings.Contains(read["requests.csv"], `D'Été`) || strings.Contains(read["requests.csv"], ";=") {
		t.Errorf("the spreadsheet is %s", read["requests.csv"])
	}
	if n := strings.Count(read["tables/request.jsonl"], "\n"); n != 3 || made.Manifest.Rows("request") != 3 {
		t.Errorf("%d requests, the manifest says %d", n, made.Manifest.Rows("request"))
	}
	if made.Manifest.Documents.Present != 3 || made.Manifest.Documents.Missing != 0 {
		t.Errorf("documents: %+v", made.Manifest.Documents)
	}
	for _, secret := range []string{"tables/session.jsonl", "tables/api_token.jsonl"} {
		if _, there := read[secret]; there {
			t.Errorf("%s is in the archive", secret)
		}
	}
	if strings.Contains(read["tables/agent.jsonl"], `"subject"`) {
		t.Error("the accounts' names are in the archive")
	}
	for _, code := range w.codes {
		for name, text := range read {
			if name != "tables/receipt.jsonl" && name != "tables/notification.jsonl" && strings.Contains(text, code) {
				t.Errorf("a tracking code stands in %s", name)
			}
		}
	}
}

// A commune that comes back, here in another deployment, is the same row by row.
func TestTheSameCommuneComesBack(t *testing.T) {
	t.Parallel()
	from, to := newTown(t), newTown(t)
	from.live(5)
	packed, made := from.export(archive.Options{Passphrase: "une phrase secrète"})
	opened := open(t, packed)
	target := to.Tenant
	for range 2 { // a second time ends the same
		if err := archive.Load(t.Context(), to.Pool, target, opened); err != nil {
			t.Fatal(err)
		}
		if n, err := opened.Documents(t.Context(), to.store, target); err != nil || n != 5 {
			t.Fatalf("%d documents: %v", n, err)
		}
	}
	_, again := to.export(archive.Options{})
	for i, table := range made.Manifest.Tables {
		if other := again.Manifest.Tables[i]; other.SHA256 != table.SHA256 || other.Rows != table.Rows {
			t.Errorf("%s: %d rows %s, then %d rows %s", table.Name, table.Rows, table.SHA256, other.Rows, other.SHA256)
		}
	}
	if again.Manifest.Documents != made.Manifest.Documents {
		t.Errorf("documents %+v, then %+v", made.Manifest.Documents, again.Manifest.Documents)
	}
	for number, code := range from.codes {
		to.do(func(ctx context.Context, tx *tenants.Tx) error {
			r, err := requests.GetByTracking(ctx, tx, number, code)
			if err != nil {
				t.Errorf("the code of %s no longer works: %v", number, err)
				return nil
			}
			if got, err := requests.TrackingCode(ctx, tx.As(requests.GuestOf(r)), number); err != nil || got != "" && got != code {
				t.Errorf("the code of %s is told as %q: %v", number, got, err)
			}
			return nil
		})
	}
	// The next number follows, without a gap.
	to.do(func(ctx context.Context, tx *tenants.Tx) error {
		done, err := requests.Submit(ctx, tx, requests.Submission{ProcedureSlug: "courrier-maire", Channel: requests.ChannelWeb,
			Applicant: requests.Applicant{GivenName: "Jean", FamilyName: "Dupont", Email: "jean@example.org", PostalAddress: "3 rue des Lilas\n31320 Castanet-Tolosan"},
			Answers:   forms.Answers{"nature": forms.Text("reclamation"), "sujet": forms.Text("Bruit"), "message": forms.Text("Encore le même bruit, rue des Lilas.")}})
		if err == nil && done.Request.Number != "26-000006" {
			t.Errorf("the next number is %s", done.Request.Number)
		}
		return err
	})
}

func TestCodesComeAlongUnderAPassphrase(t *testing.T) {
	t.Parallel()
	from, to := newTown(t), newTown(t)
	from.live(2)
	packed, _ := from.export(archive.Options{Passphrase: "une phrase secrète"})
	opened := open(t, packed)
	if _, err := opened.Codes("une autre"); !fault.Is(err, "passphrase") {
		t.Errorf("a wrong passphrase: %v", err)
	}
	codes, err := opened.Codes("une phrase secrète")
	if err != nil || len(codes) != 2 {
		t.Fatalf("%d codes: %v", len(codes), err)
	}
	if err := archive.Load(t.Context(), to.Pool, to.Other, opened); err != nil { // another key derives its codes
		t.Fatal(err)
	}
	to.Write(t, to.Other, system, func(ctx context.Context, tx *tenants.Tx) error {
		n, err := requests.KeepCodes(ctx, tx, func(id tenants.ID) string { return codes[id] })
		if err == nil && n != 2 {
			t.Errorf("%d codes kept", n)
		}
		return err
	})
	to.Write(t, to.Other, system, func(ctx context.Context, tx *tenants.Tx) error {
		for number, code := range from.codes {
			r, err := requests.GetByTracking(ctx, tx, number, code)
			if err != nil {
				return err
			}
			if got, err := requests.TrackingCode(ctx, tx.As(requests.GuestOf(r)), number); err != nil || got != code {
				t.Errorf("the code of %s is told as %q: %v", number, got, err)
			}
		}
		return nil
	})
}

func TestADocumentThatIsGoneIsReported(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.live(2)
	w.do(func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `update document set blob_key = $1 where id = (select id from document order by id limit 1)`, w.Tenant.Schema+"/2026/019aaaaa-0000-7000-8000-000000000000")
		return err
	})
	packed, made := w.export(archive.Options{})
	if d := made.Manifest.Documents; d.Present != 1 || d.Missing != 1 {
		t.Errorf("documents: %+v", d)
	}
	open(t, packed)
}

// repack changes the files of an archive, with honest checksums of zstd and tar.
func repack(t *testing.T, packed []byte, change func(names []string, read map[string]string) []string) []byte {
	t.Helper()
	names, read := contents(t, packed)
	names = change(names, read)
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	out := tar.NewWriter(z)
	for _, name := range names {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(read[name])), Mode: 0o600}
		if target, link := strings.CutPrefix(read[name], "link:"); link {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, target, 0
		}
		if err := out.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(out, read[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(out.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBadArchivesAreRefused(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.live(2)
	packed, _ := w.export(archive.Options{})
	edit := func(name, old, replacement string) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			return repack(t, packed, func(names []string, read map[string]string) []string {
				if !strings.Contains(read[name], old) {
					t.Fatalf("%s holds no %q", name, old)
				}
				read[name] = strings.Replace(read[name], old, replacement, 1)
				return names
			})
		}
	}
	add := func(name, text string) func(*testing.T) []byte {
		return func(t *testing.T) []byte {
			return repack(t, packed, func(names []string, read map[string]string) []string {
				read[name] = text
				return append([]string{name}, slices.DeleteFunc(names, func(n string) bool { return n == name })...)
			})
		}
	}
	given := func(b []byte) func(*testing.T) []byte { return func(*testing.T) []byte { return b } }
	for _, c := range []struct {
		name, code string
		make       func(*testing.T) []byte
	}{
		{"nothing", "archive_unreadable", given(nil)},
		{"no archive", "archive_unreadable", given([]byte("PK\x03\x04 something else entirely"))},
		{"cut in the middle", "archive_cut", given(packed[:len(packed)/2])},
		{"cut at the end", "archive_cut", given(packed[:len(packed)-9])},
		{"without a manifest", "archive_cut", func(t *testing.T) []byte {
			return repack(t, packed, func(names []string, _ map[string]string) []string { return names[:len(names)-1] })
		}},
		{"a row changed", "archive_altered", edit("tables/request.jsonl", "26-000001", "26-000009")},
		{"a row taken away", "archive_altered", edit("tables/message.jsonl", "\n", "")},
		{"a checksum changed", "archive_altered", edit("manifest.json", `"sha256": "`, `"sha256": "00`)},
		{"a count changed", "archive_altered", edit("manifest.json", `"rows": 2`, `"rows": 3`)},
		{"a file that nothing speaks of", "archive_altered", add("tables/more.jsonl", "{}\n")},
		{"a path upwards", "archive_unsafe", add("../../etc/passwd", "x")},
		{"an absolute path", "archive_unsafe", add("/etc/passwd", "x")},
		{"a path upwards within documents", "archive_unsafe", add("documents/2026/../../../x", "x")},
		{"a link", "archive_unsafe", add("requests.csv", "link:/etc/passwd")},
		{"a later format", "archive_later", edit("manifest.json", `"format": 1`, `"format": 2`)},
		{"a later schema", "archive_later", edit("manifest.json", `"schema_version": `, `"schema_version": 9`)},
		{"a bomb", "archive_too_large", add("requests.csv", strings.Repeat("0", 300<<20))},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			_, err := archive.Open(t.Context(), bytes.NewReader(c.make(t)), folder, archive.DefaultLimits)
			if !fault.Is(err, c.code) {
				t.Errorf("got %v, want %s", err, c.code)
			}
			if left := ls(t, folder); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func ls(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// An archive whose own checksums agree, and whose rows do not fit together, changes
// nothing where it is loaded.
func TestALyingArchiveLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	from, to := newTown(t), newTown(t)
	from.live(2)
	to.live(1)
	packed, made := from.export(archive.Options{})
	_, before := to.export(archive.Options{})
	var old, forged archive.Table
	for _, table := range made.Manifest.Tables {
		if table.Name == "message" {
			old = table
		}
	}
	lying := repack(t, packed, func(names []string, read map[string]string) []string {
		text := read[old.Path]
		at := strings.Index(text, `"request_id":"`) + len(`"request_id":"`)
		text = text[:at] + string(tenants.NewID()) + text[at+36:]
		sum := sha256.Sum256([]byte(text))
		forged.SHA256 = hex.EncodeToString(sum[:])
		read[old.Path] = text
		read["manifest.json"] = strings.Replace(read["manifest.json"], old.SHA256, forged.SHA256, 1)
		return names
	})
	opened := open(t, lying)
	if err := archive.Load(t.Context(), to.Pool, to.Tenant, opened); !fault.Is(err, "archive_altered") {
		t.Errorf("got %v", err)
	}
	_, after := to.export(archive.Options{})
	for i := range before.Manifest.Tables {
		if before.Manifest.Tables[i].SHA256 != after.Manifest.Tables[i].SHA256 {
			t.Errorf("%s changed", before.Manifest.Tables[i].Name)
		}
	}
}

// An archive of the first version of the tables becomes one of this version.
func TestAnOlderArchiveIsMigrated(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.live(1)
	schema := pgx.Identifier{w.Tenant.Schema}.Sanitize()
	if _, err := w.Pool.Exec(t.Context(), `drop schema `+schema+` cascade; create schema `+schema+`; grant usage on schema `+schema+` to `+schema+`; set search_path = `+schema+`; `+migrations.Tenant[:1].Script(0, w.Tenant.Schema)+`; reset search_path`); err != nil {
		t.Fatal(err)
	}
	w.do(func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, `insert into citizen (id, subject, email, created_at, last_seen_at) values ($1, 'c', 'jeanne@example.org', $2, $2)`, tenants.NewID(), tx.Now())
		return err
	})
	w.version = 1
	packed, _ := w.export(archive.Options{})
	to := newTown(t)
	if err := archive.Load(t.Context(), to.Pool, to.Tenant, open(t, packed)); err != nil {
		t.Fatal(err)
	}
	to.do(func(ctx context.Context, tx *tenants.Tx) error {
		n, err := tenants.One[int64](ctx, tx, `select count(*) from citizen where subject = 'archive:' || id`)
		if err == nil && n != 1 {
			t.Errorf("%d citizens", n)
		}
		_, err2 := tx.Exec(ctx, `update request set tracking_sealed = null`) // a column of this version, and the right to it
		return errors.Join(err, err2)
	})
}

// harmless are the columns that look like secrets and are none: hashes that tell
// nothing, of what a commune must keep.
var harmless = []string{
	"document.sha256", "issued_document.sha256", "draft.token_hash", "receipt.sha256", "request.payload_hash", "request.tracking_hash", "request.idempotency_key", "document.blob_key",
	"decision.subject", "document_request.subject", "hearing.subject", "letter.subject", "notification.subject", "prepared_decision.subject", "reasons_request.subject", "receipt.subject", // of letters and mails
	"request.source", "sending_source.source", "sending_source.content", // keyed hashes and a hash of answers: they open nothing
	"brand_image.hash", "brand_image.body", // the town's logo, which everybody sees
}

// Whoever adds a column that may hold a secret says here that it holds none, or
// withholds it in tables.go.
func TestNoSecretLeaves(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	_, made := w.export(archive.Options{})
	suspicious := regexp.MustCompile(`secret|token|password|passphrase|sealed|hash|key|subject$|provider`)
	for _, table := range made.Manifest.Tables {
		for _, c := range table.Columns {
			name := table.Name + "." + c.Name
			if (c.Type == "bytea" || suspicious.MatchString(c.Name)) && !slices.Contains(harmless, name) {
				t.Errorf("%s may hold a secret: withhold it in tables.go, or say here that it is harmless", name)
			}
		}
	}
}
