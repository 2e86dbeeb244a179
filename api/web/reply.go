package web

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Redirect answers a POST with 303 to a page of the same host. What is no local
// path leads home: no form can be made to send people elsewhere.
func Redirect(w http.ResponseWriter, r *http.Request, path string) {
	if !LocalPath(path) {
		path = "/"
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
}

// LocalPath says whether an address is a path of this host, as a "come back to"
// parameter must be.
func LocalPath(path string) bool {
	u, err := url.Parse(path)
	return err == nil && u.Scheme == "" && u.Host == "" && u.Opaque == "" && strings.HasPrefix(path, "/") &&
		!strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}

// JSON sends a value that nobody caches. The pages' own small needs; package v1
// has its own.
func (u *UI) JSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fault.Wrap(fault.Internal, "internal", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	writeBody(w, r, status, body)
	return nil
}

// Attachment writes the headers of a file to be saved, never shown: a file that
// somebody sent us must not run on the commune's own host. A size below 0 is
// unknown.
func Attachment(w http.ResponseWriter, name, mediaType string, size int64) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", disposition(name))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	if size >= 0 {
		h.Set("Content-Length", strconv.FormatInt(size, 10))
	}
}

// disposition names the file in RFC 6266's way, without what could leave a folder.
func disposition(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); v != "" {
		return v
	}
	return "attachment"
}

// CSV begins a spreadsheet to be saved: UTF-8 with the mark that spreadsheet
// programs need to see that it is. Write it with encoding/csv and Comma ';'.
func CSV(w http.ResponseWriter, name string) (io.Writer, error) {
	Attachment(w, name, "text/csv; charset=utf-8", -1)
	_, err := w.Write([]byte("\xef\xbb\xbf"))
	return w, err
}
