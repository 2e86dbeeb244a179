package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"time"

	"github.com/parvis-gru/parvis/tenants/fault"
)

// Limits of what a browser may send, in bytes.
const (
	MaxForm   = 512 << 10 // a form without files
	MaxUpload = 64 << 20  // a form with files, all together
)

// uploadTime is how long a slow connection may take to send its files.
const uploadTime = 5 * time.Minute

// tokenField is the name of the hidden input that every form carries.
const tokenField = "_csrf"

// Form reads a posted form and checks its token. It is the only door to a form's
// values, so that no handler can forget the check. Faults: TooLarge
// "form_too_large", Invalid "form_unreadable", Forbidden "form_expired". With the
// last one the values are given all the same: show the form again, so that nothing
// typed is lost, and do nothing else with them.
func (u *UI) Form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, fault.New(fault.Invalid, "form_unreadable")
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
	if err := r.ParseForm(); err != nil {
		return nil, readFault(err, "form_too_large")
	}
	form := r.PostForm
	token := form.Get(tokenField)
	form.Del(tokenField)
	if !u.tokenValid(r, token) {
		return form, fault.New(fault.Forbidden, "form_expired")
	}
	return form, nil
}

func readFault(err error, tooLarge string) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.Wrap(fault.TooLarge, tooLarge, err)
	}
	return fault.New(fault.Invalid, "form_unreadable")
}

// Part is one file of a form, as it streams in. Filename is what the browser says:
// never trust it.
type Part struct {
	Name, Filename string
	Before         url.Values // the form's values that stand before the file
	io.Reader
}

// Upload reads a form with files as a stream: each file is handed to take while it
// arrives, and never held. The token must stand before the first file, as the
// "csrf" component at the head of the form makes it. A file that take refuses does
// not stop the others: all values are read, and its error (the first one) is
// returned with them, so that the rest of a draft is kept. Faults are those of
// Form, and TooLarge "upload_too_large".
func (u *UI) Upload(w http.ResponseWriter, r *http.Request, take func(Part) error) (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && kind == "application/x-www-form-urlencoded" { // no file input on the page
		return u.Form(w, r)
	}
	most, limit := int64(MaxUpload), uploadTime
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok && x.large > 0 {
		most, limit = x.large, x.until
	}
	_ = http.NewResponseController(w).SetReadDeadline(u.config.Now().Add(limit)) // where the server has deadlines
	r.Body = http.MaxBytesReader(w, r.Body, most)
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, fault.New(fault.Invalid, "form_unreadable")
	}
	in := upload{ui: u, request: r, take: take, form: url.Values{}, room: MaxForm}
	for {
		p, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return in.form, readFault(err, "upload_too_large")
		}
		if err := in.part(p); err != nil {
			return in.form, err
		}
	}
	if !in.trusted {
		return in.form, fault.New(fault.Forbidden, "form_expired")
	}
	return in.form, in.refused
}

// Larger lets a form with files be as large as it says, in bytes, and take as long, for
// the few pages that take in more than papers. The request that it gives takes the place
// of the other; end lets go of it.
func (u *UI) Larger(w http.ResponseWriter, r *http.Request, most int64, limit time.Duration) (larger *http.Request, end func()) {
	ctx, end := context.WithTimeout(context.WithoutCancel(r.Context()), limit+writeTime)
	larger = r.WithContext(ctx)
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.large, x.until, larger.Body = most, limit, x.body
	}
	deadlines := http.NewResponseController(w)
	_ = deadlines.SetWriteDeadline(u.config.Now().Add(limit + writeTime)) // where the server has deadlines
	return larger, end
}

// upload is one form with files while it is read.
type upload struct {
	ui      *UI
	request *http.Request
	take    func(Part) error
	form    url.Values
	room    int64 // bytes of plain values still allowed
	trusted bool
	refused error // the first fault of take
}

func (in *upload) part(p *multipart.Part) error {
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil {
		return fault.New(fault.Invalid, "form_unreadable")
	}
	filename, isFile := params["filename"]
	if isFile {
		if filename == "" || !in.trusted { // nothing chosen, or nobody's form: read past it
			_, err = io.Copy(io.Discard, p)
		} else if refused := in.take(Part{Name: p.FormName(), Filename: filename, Before: in.form, Reader: p}); refused != nil {
			if in.refused == nil {
				in.refused = refused
			}
			_, err = io.Copy(io.Discard, p)
		}
		if err != nil {
			return readFault(err, "upload_too_large")
		}
		return nil
	}
	value, err := io.ReadAll(io.LimitReader(p, in.room+1))
	if err != nil {
		return readFault(err, "upload_too_large")
	}
	if in.room -= int64(len(value)); in.room < 0 {
		return fault.New(fault.TooLarge, "form_too_large")
	}
	if p.FormName() == tokenField {
		in.trusted = in.ui.tokenValid(in.request, string(value))
		return nil
	}
	in.form.Add(p.FormName(), string(value))
	return nil
}
