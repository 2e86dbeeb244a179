package files_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/parvis-gru/parvis/tenants/files"
)

func TestSafeName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"Été à la plage.pdf", "Été à la plage.pdf"},
		{"../../etc/passwd", "passwd.pdf"},
		{`C:\Users\moi\Bureau\assurance.pdf`, "assurance.pdf"},
		{"photo\u202Efdp.exe", "photofdp.pdf"},
		{"a\x00b\r\nc.pdf", "ab c.pdf"},
		{"CON.pdf", "document_CON.pdf"},
		{"con .txt.pdf", "document_con .txt.pdf"},
		{"...", "document.pdf"},
		{"", "document.pdf"},
		{".htaccess", "htaccess.pdf"},
		{"facture", "facture.pdf"},
		{"facture n. 12", "facture n. 12.pdf"},
		{"<script>\"x\".pdf", "_script__x_.pdf"},
		{"ACTE.PDF", "ACTE.pdf"},
		{strings.Repeat("é", 400) + ".pdf", strings.Repeat("é", 100) + ".pdf"},
		{"\xff\xfe", "document.pdf"},
	} {
		if got := files.SafeName(c.name, "application/pdf"); got != c.want {
			t.Errorf("SafeName(%q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	for _, seed := range []string{"a.pdf", "../x", "nul", "\u202e.exe", strings.Repeat("a.", 300), "a\u2028b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := files.SafeName(name, "image/jpeg")
		if !utf8.ValidString(got) || got == "" || strings.ContainsAny(got, `/\<>:"|?*`) || strings.HasPrefix(got, ".") {
			t.Fatalf("%q is not safe", got)
		}
		if n := utf8.RuneCountInString(got); n > 125 {
			t.Fatalf("%d characters", n)
		}
		if !strings.HasSuffix(got, ".jpg") && !strings.HasSuffix(got, ".jpeg") {
			t.Fatalf("%q does not say what it is", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
		if again := files.SafeName(got, "image/jpeg"); again != got {
			t.Fatalf("not stable: %q then %q", got, again)
		}
	})
}
