package files

import (
	"archive/zip"
	"context"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gabriel-vasile/mimetype"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// accepted is a type that may be sent, with the extensions it may bear; the first
// is given where the name has none of them.
type accepted struct {
	mediaType  string
	extensions []string
	archive    bool // a zip of parts, which may hold macros
}

const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"
	typeText = "text/plain"
	typeCSV  = "text/csv"
)

var allowList = []accepted{
	{mediaType: "application/pdf", extensions: []string{".pdf"}},
	{mediaType: typeJPEG, extensions: []string{".jpg", ".jpeg"}},
	{mediaType: typePNG, extensions: []string{".png"}},
	{mediaType: typeWebP, extensions: []string{".webp"}},
	{mediaType: "image/heic", extensions: []string{".heic", ".heif"}},
	{mediaType: "application/vnd.oasis.opendocument.text", extensions: []string{".odt"}, archive: true},
	{mediaType: "application/vnd.oasis.opendocument.spreadsheet", extensions: []string{".ods"}, archive: true},
	{mediaType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", extensions: []string{".docx"}, archive: true},
	{mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", extensions: []string{".xlsx"}, archive: true},
	{mediaType: typeText, extensions: []string{".txt"}},
	{mediaType: typeCSV, extensions: []string{".csv"}},
}

// Allowed gives the media types that may be sent, for the pages' hints and the
// inputs' accept attribute.
func Allowed() []string {
	types := make([]string, len(allowList))
	for i, a := range allowList {
		types[i] = a.mediaType
	}
	return types
}

func acceptedType(mediaType string) (accepted, bool) {
	i := slices.IndexFunc(allowList, func(a accepted) bool { return a.mediaType == mediaType })
	if i < 0 {
		return accepted{}, false
	}
	return allowList[i], true
}

// moreBytes lets the detection see further than its default, which misses office
// files whose telling part stands late.
var moreBytes = sync.OnceFunc(func() { mimetype.SetLimit(sniffed) })

// sniff tells the type of a file by its first bytes. The name only helps to tell a
// table from a plain text, which are the same bytes to a machine.
func sniff(start []byte, name string) (accepted, bool) {
	moreBytes()
	found, _, _ := strings.Cut(mimetype.Detect(start).String(), ";")
	switch {
	case found == "image/heif":
		found = "image/heic"
	case found == typeText && strings.EqualFold(path.Ext(name), ".csv"):
		found = typeCSV
	case found == typeCSV && !strings.EqualFold(path.Ext(name), ".csv"):
		found = typeText
	}
	return acceptedType(found)
}

// refuseMacros looks at the index of an office file: parts that hold a program are
// refused, and so is what is no archive after all.
func (s *Store) refuseMacros(ctx context.Context, stored Stored) error {
	archive, err := zip.NewReader(&blobAt{ctx: ctx, bucket: s.bucket, key: stored.BlobKey, left: maxIndex}, stored.Size)
	if err != nil {
		return fault.New(fault.Invalid, "file_type_refused")
	}
	for _, f := range archive.File {
		name := strings.ToLower(f.Name)
		if strings.HasSuffix(name, "vbaproject.bin") || strings.HasPrefix(name, "basic/") || strings.HasPrefix(name, "scripts/") {
			return fault.New(fault.Invalid, "file_macros")
		}
	}
	return nil
}
