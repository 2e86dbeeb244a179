package files

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// The limits.
const (
	MaxSize     = 20 << 20 // bytes of one file
	MaxPerDraft = 20       // files of one draft
	sniffed     = 64 << 10 // bytes read to tell a type
)

// Store keeps the bytes of files in a bucket shared by all tenants, each under the
// name of its schema. It is safe for concurrent use.
type Store struct{ bucket *blob.Bucket }

// New makes a store on a bucket, which it does not close.
func New(bucket *blob.Bucket) *Store { return &Store{bucket: bucket} }

// Upload is a file as it comes in.
type Upload struct {
	Name  string    // as the sender named it: hostile until sanitised
	Body  io.Reader // read once, to its end or to the limit
	Field string    // the form's field, "" outside a form
	// Photo marks the photo of a street report: metadata (place, device, author)
	// is taken out, and only JPEG, PNG and WebP are accepted.
	Photo bool
}

// Stored is a file whose bytes are kept and which has no row yet.
type Stored struct {
	BlobKey   string
	Name      string // sanitised; its extension agrees with the type
	MediaType string // sniffed
	Size      int64  // bytes
	SHA256    []byte // of the bytes kept
}

// Put keeps the bytes of an upload, outside any transaction. Refusals are the
// faults "file_empty", "file_type_refused", "file_macros" (office files) and
// "photo_type_refused" (Invalid), and "file_too_large" (TooLarge); nothing is then
// kept. A bucket that does not answer is fault.Unavailable "storage_away".
func (s *Store) Put(ctx context.Context, t tenants.Tenant, u Upload) (Stored, error) {
	if !t.Whole() {
		return Stored{}, errMixed
	}
	head := bufio.NewReaderSize(u.Body, sniffed)
	start, err := head.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return Stored{}, fault.Wrap(fault.Invalid, "file_unreadable", err)
	}
	if len(start) == 0 {
		return Stored{}, fault.New(fault.Invalid, "file_empty")
	}
	kind, ok := sniff(start, u.Name)
	if !ok {
		return Stored{}, fault.New(fault.Invalid, "file_type_refused")
	}
	body := io.Reader(head)
	if u.Photo {
		if body, err = withoutMetadata(kind.mediaType, head); err != nil {
			return Stored{}, err
		}
	}
	stored := Stored{BlobKey: newKey(t), Name: SafeName(u.Name, kind.mediaType), MediaType: kind.mediaType}
	if err := s.write(ctx, &stored, body); err != nil {
		return Stored{}, err
	}
	if kind.archive {
		if err := s.refuseMacros(ctx, stored); err != nil {
			return Stored{}, errors.Join(err, s.Discard(ctx, stored))
		}
	}
	return stored, nil
}

// write streams the body into the bucket; a write that is given up leaves nothing.
func (s *Store) write(ctx context.Context, stored *Stored, body io.Reader) error {
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(writing, stored.BlobKey, &blob.WriterOptions{
		ContentType: "application/octet-stream", DisableContentTypeDetection: true,
	})
	if err != nil {
		return fault.Wrap(fault.Unavailable, "storage_away", err)
	}
	hash := sha256.New()
	source := &readError{r: io.LimitReader(body, MaxSize+1)}
	stored.Size, err = io.Copy(io.MultiWriter(w, hash), source)
	if err != nil || stored.Size > MaxSize {
		cancel() // before Close: the object is then never made
		closed := w.Close()
		switch {
		case err == nil:
			return fault.New(fault.TooLarge, "file_too_large")
		case source.err != nil:
			return fault.Wrap(fault.Invalid, "file_unreadable", source.err)
		default:
			return fault.Wrap(fault.Unavailable, "storage_away", errors.Join(err, closed))
		}
	}
	if err := w.Close(); err != nil {
		return fault.Wrap(fault.Unavailable, "storage_away", err)
	}
	stored.SHA256 = hash.Sum(nil)
	return nil
}

// errMixed is for a value that a fault of ours put together from two tenants.
var errMixed = fault.New(fault.Internal, "tenant_mixed")

// readError remembers that it was the sender's side that failed.
type readError struct {
	r   io.Reader
	err error
}

func (r *readError) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// newKey places a file under its tenant's schema and the year it came in.
func newKey(t tenants.Tenant) string {
	id := tenants.NewID()
	year := "0"
	if u, err := uuid.Parse(string(id)); err == nil {
		seconds, _ := u.Time().UnixTime()
		year = strconv.Itoa(time.Unix(seconds, 0).UTC().Year())
	}
	return t.Schema + "/" + year + "/" + string(id)
}

// Open reads a document's bytes. A document of another tenant, or whose bytes are
// gone, is fault.NotFound "document_unknown".
func (s *Store) Open(ctx context.Context, t tenants.Tenant, d Document) (io.ReadCloser, error) {
	if !ownKey(t, d.BlobKey) {
		return nil, fault.New(fault.NotFound, "document_unknown")
	}
	r, err := s.bucket.NewReader(ctx, d.BlobKey, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fault.Wrap(fault.NotFound, "document_unknown", err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "storage_away", err)
	}
	return r, nil
}

// Discard removes the bytes of a file whose transaction failed.
func (s *Store) Discard(ctx context.Context, stored Stored) error {
	err := s.bucket.Delete(context.WithoutCancel(ctx), stored.BlobKey)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// ownKey tells whether a key is a plain one below the tenant's own name, in whatever
// bucket: some take ".." for a way up.
func ownKey(t tenants.Tenant, key string) bool {
	rest, own := strings.CutPrefix(key, t.Schema+"/")
	return own && t.Whole() && rest != "" && path.Clean(key) == key
}

// blobAt reads a stored file at any place, for the index at an archive's end. It
// gives no more than left bytes: an office file has some dozens of parts, and an
// index of half a million would fill the memory.
type blobAt struct {
	ctx    context.Context //nolint:containedctx // one call's reader: io.ReaderAt has no context
	bucket *blob.Bucket
	key    string
	left   int64
}

// maxIndex is how much of an archive is read to know its parts, in bytes.
const maxIndex = 1 << 20

var errIndex = errors.New("files: the archive's index is too long")

// ReadAt fills p from the file's byte off on.
func (b *blobAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errIndex
	}
	r, err := b.bucket.NewRangeReader(b.ctx, b.key, off, int64(len(p)), nil)
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, errors.Join(err, r.Close())
}

// readAll reads a photo, which has to be in memory to be taken apart.
func readAll(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "file_unreadable", err)
	}
	if n > MaxSize {
		return nil, fault.New(fault.TooLarge, "file_too_large")
	}
	return b.Bytes(), nil
}
