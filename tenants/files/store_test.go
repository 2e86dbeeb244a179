package files_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/files"
)

var (
	castanet = tenants.Tenant{ID: 1, Schema: "t_1", INSEE: "31113"}
	labege   = tenants.Tenant{ID: 10, Schema: "t_10", INSEE: "31254"}
)

func newStore(t *testing.T) (*files.Store, *blob.Bucket) {
	t.Helper()
	bucket, err := fileblob.OpenBucket(t.TempDir(), &fileblob.Options{NoTempDir: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bucket.Close(); err != nil {
			t.Error(err)
		}
	})
	return files.New(bucket), bucket
}

func keys(t *testing.T, bucket *blob.Bucket) []string {
	t.Helper()
	var found []string
	it := bucket.List(nil)
	for {
		o, err := it.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, o.Key)
	}
}

func office(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range parts {
		part, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		content := "<?xml version=\"1.0\"?>"
		if name == "mimetype" {
			content = "application/vnd.oasis.opendocument.text"
		}
		if _, err := part.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// manyParts are more parts than any office file has.
func manyParts() []string {
	parts := []string{"[Content_Types].xml", "_rels/.rels", "word/document.xml"}
	for i := range 25_000 {
		parts = append(parts, "word/"+strconv.Itoa(i))
	}
	return parts
}

const pdf = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"

func TestPutKeepsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body      string
		name      string
		mediaType string
		stored    string
	}{
		"pdf":                     {pdf, "Assurance 2026.pdf", "application/pdf", "Assurance 2026.pdf"},
		"pdf that says it is exe": {pdf, "facture.pdf.exe", "application/pdf", "facture.pdf.pdf"},
		"jpeg":                    {"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9", "trou.JPEG", "image/jpeg", "trou.jpeg"},
		"text":                    {"Bonjour à tous", "note", "text/plain", "note.txt"},
		"table":                   {"nom;age\nA;3\n", "liste.csv", "text/csv", "liste.csv"},
		"word":                    {string(office(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml")), "statuts.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "statuts.docx"},
		"open document":           {string(office(t, "mimetype", "content.xml")), "budget.odt", "application/vnd.oasis.opendocument.text", "budget.odt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := newStore(t)
			got, err := store.Put(t.Context(), castanet, files.Upload{Name: c.name, Body: strings.NewReader(c.body)})
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(c.body))
			if got.MediaType != c.mediaType || got.Name != c.stored || got.Size != int64(len(c.body)) || !bytes.Equal(got.SHA256, sum[:]) {
				t.Fatalf("stored %+v", got)
			}
			if !strings.HasPrefix(got.BlobKey, "t_1/20") {
				t.Errorf("key %q is not the tenant's", got.BlobKey)
			}
			r, err := store.Open(t.Context(), castanet, files.Document{BlobKey: got.BlobKey})
			if err != nil {
				t.Fatal(err)
			}
			back, err := io.ReadAll(r)
			if err != nil || r.Close() != nil || string(back) != c.body {
				t.Errorf("read back %d bytes, %v", len(back), err)
			}
		})
	}
}

// slow gives a body that never ends, to see that the limit stops it.
type endless struct{ head io.Reader }

func (e *endless) Read(p []byte) (int, error) {
	if n, err := e.head.Read(p); err == nil {
		return n, nil
	}
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

type broken struct{ head io.Reader }

func (b *broken) Read(p []byte) (int, error) {
	if n, err := b.head.Read(p); err == nil {
		return n, nil
	}
	return 0, errors.New("connection reset")
}

func TestPutRefusesAndKeepsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		upload files.Upload
		kind   fault.Kind
		code   string
	}{
		"empty":             {files.Upload{Name: "vide.pdf", Body: strings.NewReader("")}, fault.Invalid, "file_empty"},
		"page":              {files.Upload{Name: "photo.png", Body: strings.NewReader("<!DOCTYPE html><script>alert(1)</script>")}, fault.Invalid, "file_type_refused"},
		"drawing":           {files.Upload{Name: "plan.txt", Body: strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)}, fault.Invalid, "file_type_refused"},
		"program":           {files.Upload{Name: "cv.pdf", Body: strings.NewReader("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")}, fault.Invalid, "file_type_refused"},
		"archive":           {files.Upload{Name: "dossier.docx", Body: bytes.NewReader(office(t, "virus.exe"))}, fault.Invalid, "file_type_refused"},
		"macros":            {files.Upload{Name: "budget.docx", Body: bytes.NewReader(office(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml", "word/vbaProject.bin"))}, fault.Invalid, "file_macros"},
		"half a million":    {files.Upload{Name: "dossier.docx", Body: bytes.NewReader(office(t, manyParts()...))}, fault.Invalid, "file_type_refused"},
		"too large":         {files.Upload{Name: "film.pdf", Body: &endless{strings.NewReader(pdf)}}, fault.TooLarge, "file_too_large"},
		"sender goes away":  {files.Upload{Name: "long.pdf", Body: &broken{strings.NewReader(pdf + strings.Repeat("x", 100_000))}}, fault.Invalid, "file_unreadable"},
		"photo that is pdf": {files.Upload{Name: "trou.jpg", Photo: true, Body: strings.NewReader(pdf)}, fault.Invalid, "photo_type_refused"},
		"photo cut off":     {files.Upload{Name: "trou.jpg", Photo: true, Body: strings.NewReader("\xff\xd8\xff\xe1\x40\x00Exif")}, fault.Invalid, "photo_unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, bucket := newStore(t)
			_, err := store.Put(t.Context(), castanet, c.upload)
			if f := fault.Of(err); f == nil || f.Kind != c.kind || f.Code != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if left := keys(t, bucket); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestExactlyTheLimitIsAccepted(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	body := pdf + strings.Repeat(" ", files.MaxSize-len(pdf))
	got, err := store.Put(t.Context(), castanet, files.Upload{Name: "plan.pdf", Body: strings.NewReader(body)})
	if err != nil || got.Size != files.MaxSize {
		t.Fatalf("size %d, %v", got.Size, err)
	}
}

func TestOneTenantCannotOpenAnothersFile(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	got, err := store.Put(t.Context(), labege, files.Upload{Name: "a.pdf", Body: strings.NewReader(pdf)})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{got.BlobKey, "t_1/../" + got.BlobKey, "t_1/", ""} {
		if _, err := store.Open(t.Context(), castanet, files.Document{BlobKey: key}); !fault.Is(err, "document_unknown") {
			t.Errorf("key %q: %v", key, err)
		}
	}
	for _, key := range []string{"../t_10/x", "..", "a/../../t_10/x", "/x", ""} {
		if err := store.Restore(t.Context(), castanet, key, strings.NewReader(pdf)); !fault.Is(err, "document_unknown") {
			t.Errorf("a file is put back at %q: %v", key, err)
		}
	}
	mixed := castanet // a fault of ours: one's key with the other's name
	mixed.Schema = labege.Schema
	if _, err := store.Open(t.Context(), mixed, files.Document{BlobKey: got.BlobKey}); !fault.Is(err, "document_unknown") {
		t.Errorf("a mixed tenant opens a file: %v", err)
	}
	if _, err := store.Put(t.Context(), mixed, files.Upload{Name: "a.pdf", Body: strings.NewReader(pdf)}); !fault.Is(err, "tenant_mixed") {
		t.Errorf("a mixed tenant keeps a file: %v", err)
	}
	if err := store.Erase(t.Context(), mixed); !fault.Is(err, "tenant_mixed") {
		t.Errorf("a mixed tenant erases files: %v", err)
	}
	if err := store.Restore(t.Context(), mixed, "2026/x", strings.NewReader(pdf)); !fault.Is(err, "document_unknown") {
		t.Errorf("a mixed tenant puts a file back: %v", err)
	}
}

func TestDiscardIsRepeatable(t *testing.T) {
	t.Parallel()
	store, bucket := newStore(t)
	got, err := store.Put(t.Context(), castanet, files.Upload{Name: "a.pdf", Body: strings.NewReader(pdf)})
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // the request was given up: the bytes go all the same
	for range 2 {
		if err := store.Discard(gone, got); err != nil {
			t.Fatal(err)
		}
	}
	if left := keys(t, bucket); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
