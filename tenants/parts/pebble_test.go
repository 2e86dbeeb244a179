package parts_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/parts"
)

func TestPebbleStartsWithItsDNS(t *testing.T) {
	t.Parallel()
	p, err := parts.StartPebble(t.Context(), parts.PebbleOptions{DataDir: t.TempDir(), HTTPPort: 1, TLSPort: 2, Progress: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	root, err := p.Root(t.Context())
	if err != nil || !root.IsCA {
		t.Errorf("the root is %v (%v)", root, err)
	}
	if err := p.SetDNS(t.Context(), "add-a", map[string]any{"host": "a.example.fr.", "addresses": []string{"127.0.0.1"}}); err != nil {
		t.Error(err)
	}
	if err := p.SetDNS(t.Context(), "add-a", map[string]any{}); err == nil {
		t.Error("what the DNS server refuses is no error")
	}
}
