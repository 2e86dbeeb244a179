package web_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/api/web"
)

// FuzzRequest sends what a browser never would: whatever the headers and the body,
// the answer is a refusal, never a panic or a fault of ours.
func FuzzRequest(f *testing.F) {
	f.Add("br, gzip;q=0.5", "parvis-form=x; parvis-flash=aaa.bbb", "application/x-www-form-urlencoded", []byte("_csrf=x&a=b"))
	f.Add("gzip;q=,,;", "parvis-flash=.", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\nv\r\n--x--\r\n"))
	f.Add("\"", "=;=", "multipart/form-data; boundary=", []byte("--\r\nContent-Disposition: ;filename"))
	ui, err := web.New(web.Config{Key: make([]byte, 32), Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	handler := ui.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ui.Frame(w, r, web.Site{}, "")
		_, err := ui.Upload(w, r, func(p web.Part) error {
			_, err := io.Copy(io.Discard, p)
			return err
		})
		if err == nil {
			t := "a form without a token was accepted"
			panic(t)
		}
		ui.Fail(w, r, web.Site{}, err)
	}))
	f.Fuzz(func(t *testing.T, encoding, cookie, kind string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header.Set("Accept-Encoding", encoding)
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code < 400 || w.Code >= 500 {
			t.Errorf("status %d; want a refusal", w.Code)
		}
	})
}
