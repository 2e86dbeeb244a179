package codes

import (
	"strings"
	"testing"
)

func TestReadIsKind(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"7kq2-m9xr-4tb1": "7KQ2M9XR4TB1", "7KQ2 M9XR\u00a04TB1": "7KQ2M9XR4TB1", "oIl2-M9XR-4TB1": "0112M9XR4TB1",
		"7KQ2-M9XR-4TBU": "", "7KQ2": "", "": "", strings.Repeat(" ", 100): "", "7KQ2-M9XR-4TB１": "",
	} {
		if got := Read(typed, 12); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := Grouped(Letters([]byte{0xff, 0, 0xff, 0, 0xff}, 8), 4); got != "ZW0F-Y07Z" {
		t.Errorf("letters %q", got)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"AAAA-BBBB-CCCC", "o0il", "\x00\xff", strings.Repeat("é ", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code := Read(typed, 12)
		if code != "" && (len(code) != 12 || strings.Trim(code, alphabet) != "" || Read(strings.ToLower(Grouped(code, 4)), 12) != code) {
			t.Fatalf("code %q", code)
		}
	})
}
