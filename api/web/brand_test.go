package web_test

import (
	"encoding/json"
	"image"
	_ "image/png" // what icons are
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestASiteWithoutALogoHasEveryPicture: tabs, home screens and splash screens show the
// placeholder, each under an address that can be kept for ever.
func TestASiteWithoutALogoHasEveryPicture(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(styleHandler(newUI(t, slog.New(slog.DiscardHandler))))
	t.Cleanup(server.Close)
	get := func(path string) *http.Response {
		res, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	links, colours := headOf(t, get("/").Body)
	if colours != 2 {
		t.Errorf("the page says %d colours for the telephone's own bars; want a light and a dark one", colours)
	}
	var manifest struct {
		Icons []struct{ Src, Sizes, Type, Purpose string }
	}
	if err := json.NewDecoder(get(links["manifest"]).Body).Decode(&manifest); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]string{links["icon"]: "any", links["apple-touch-icon"]: "180x180"}
	maskable := false
	for _, i := range manifest.Icons {
		wanted[i.Src] = i.Sizes
		maskable = maskable || i.Purpose == "maskable"
	}
	if !maskable || len(wanted) != 5 {
		t.Errorf("the icons are %v", wanted)
	}
	for address, size := range wanted {
		res := get(address)
		if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") ||
			!strings.Contains(res.Header.Get("Content-Security-Policy"), "sandbox") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", address, res.StatusCode, res.Header)
		}
		if size == "any" {
			if got := res.Header.Get("Content-Type"); got != "image/svg+xml" {
				t.Errorf("%s is %q", address, got)
			}
			continue
		}
		c, _, err := image.DecodeConfig(res.Body)
		if err != nil || strings.Split(size, "x")[0] != strings.Split(size, "x")[1] || res.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %v", address, err)
		} else if want := size; want != strconv.Itoa(c.Width)+"x"+strconv.Itoa(c.Height) {
			t.Errorf("%s is %d × %d, said to be %s", address, c.Width, c.Height, want)
		}
	}
	if res := get("/favicon.ico"); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/png" {
		t.Errorf("/favicon.ico: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	for _, bad := range []string{"/marque/", "/marque/x", "/marque/masque-512.png", "/marque/passwd-abc.png", "/marque/..-abc.png"} {
		if res := get(bad); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", bad, res.StatusCode)
		}
	}
}

// headOf gives the links of a page by their rel, and counts its theme colours.
func headOf(t *testing.T, body io.Reader) (links map[string]string, colours int) {
	t.Helper()
	page, err := html.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	links = map[string]string{}
	for n := range page.Descendants() {
		of := map[string]string{}
		for _, a := range n.Attr {
			of[a.Key] = a.Val
		}
		if n.Data == "link" {
			links[of["rel"]] = of["href"]
		}
		if n.Data == "meta" && of["name"] == "theme-color" && strings.HasPrefix(of["content"], "#") && of["media"] != "" {
			colours++
		}
	}
	return links, colours
}
