package parts

import "testing"

func TestNodeVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{"v20.19.2\n": 20, "v18.19.0": 18, "24": 24, "": 0, "nonsense": 0} {
		if got := majorOf(version); got != want {
			t.Errorf("majorOf(%q) = %d, want %d", version, got, want)
		}
	}
}
