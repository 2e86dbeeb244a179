package requests

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/codes"
)

func TestReadNumber(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"26-000123": "26-000123", "26-123": "26-000123", "n° 26 - 000123": "26-000123", "26000123": "26-000123", "N°26\u00a0000\u202f123": "26-000123",
		"26-1234567": "26-1234567", "": "", "26-": "", "26-0": "", "2026-000123": "", "26-12a": "", "ab-000123": "", "26-" + strings.Repeat("1", 40): "", "-": "", "２６-１": "",
	} {
		if got := ReadNumber(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func FuzzWhatPeopleType(f *testing.F) {
	for _, seed := range []string{"26-000123", "n° 26", "AAAA-BBBB-CCCC", "o0il", "' & | ! :*", "Éléonore d’Œuvre", "\x00\xff", strings.Repeat("é ", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if n := ReadNumber(typed); n != "" && ReadNumber(n) != n {
			t.Fatalf("number %q is not stable", n)
		}
		for _, r := range searchQuery(typed) {
			if strings.ContainsRune(`\!()<>"`, r) || r == 0 {
				t.Fatalf("the search holds %q", r)
			}
		}
		if strings.Count(searchQuery(typed), "'")%2 != 0 {
			t.Fatal("the search’s quotes do not close")
		}
		for _, body := range []string{cleanText(typed), clean(typed, true), clean(typed, false)} {
			if strings.ContainsAny(body, "\x00\r\u202e\u200b") || strings.TrimSpace(body) != body {
				t.Fatalf("not clean: %q", body)
			}
		}
		if cleanText(cleanText(typed)) != cleanText(typed) {
			t.Fatal("cleaning is not stable")
		}
		if c, err := readCursor(typed, ViewTodo); err == nil && typed != "" {
			if again, err := readCursor(c.String(), ViewTodo); err != nil || *again != *c {
				t.Fatal("a cursor that is not its own")
			}
		}
	})
}

func TestTrackingCodesAreTheRequestsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	key, other := []byte("one commune's key"), []byte("another commune's key")
	for range 1000 {
		id := tenants.NewID()
		code := trackingLettersOf(key, id)
		if len(code) != trackingLetters || seen[code] || code != trackingLettersOf(key, id) || code == trackingLettersOf(other, id) {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
		hash := trackingHash(id, code)
		if !sameCode(id, hash, strings.ToLower(codes.Grouped(code, 4))) || sameCode(tenants.NewID(), hash, code) || sameCode(id, hash, "") {
			t.Fatal("the hash does not tell")
		}
	}
}
