package communes

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func TestUnpackRefusesWhatIsBroken(t *testing.T) {
	t.Parallel()
	const epci, commune = "E\t243100633\tCA\tCA du Sicoval\n", "C\t31113\tCastanet-Tolosan\t213101132\t31320\t15317\t243100633\t31\t76\n"
	if a, err := unpack(zip(t, "# head\n"+epci+commune)); err != nil || len(a.lines) != 1 {
		t.Fatalf("the whole text: %v", err)
	}
	for name, gz := range map[string][]byte{
		"not gzip":       []byte(commune),
		"cut short":      zip(t, epci+commune)[:40],
		"no last end":    zip(t, epci+strings.TrimSuffix(commune, "\n")),
		"unknown line":   zip(t, "X\n"),
		"unknown EPCI":   zip(t, commune),
		"short EPCI":     zip(t, "E\t243100633\n"),
		"short commune":  zip(t, "C\t31113\n"),
		"long commune":   zip(t, epci+strings.Replace(commune, "\n", "\tmore\n", 1)),
		"bad population": zip(t, epci+strings.Replace(commune, "15317", "many", 1)),
	} {
		if _, err := unpack(gz); err == nil {
			t.Errorf("%s: unpacked without an error", name)
		}
	}
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func BenchmarkUnpack(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unpack(packed); err != nil {
			b.Fatal(err)
		}
	}
}
