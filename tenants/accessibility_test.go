package tenants_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants"
)

// law.md §6: 100 → totalement; 50 → partiellement; 49.9 or no audit → non conforme.
func TestTheAccessibilityMentionFollowsTheAudit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rate, day, want string }{
		{"100", "2026-10-05", "totalement conforme"}, {"100,0 %", "2026-10-05", "totalement conforme"},
		{"99.9", "2026-10-05", "partiellement conforme"}, {"50", "2026-10-05", "partiellement conforme"},
		{"49,9", "2026-10-05", "non conforme"}, {"0", "2026-10-05", "non conforme"},
		{"", "", "non conforme"}, {"", "2026-10-05", "non conforme"}, {"100", "", "non conforme"},
		{"101", "2026-10-05", "non conforme"}, {"beaucoup", "2026-10-05", "non conforme"}, {"NaN", "2026-10-05", "non conforme"},
	} {
		s := tenants.Settings{AccessibilityRate: c.rate, AccessibilityAuditedOn: c.day}
		if got := s.AccessibilityLevel(); got != c.want {
			t.Errorf("%q of %q: %s, want %s", c.rate, c.day, got, c.want)
		}
	}
}
