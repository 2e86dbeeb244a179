package catalogue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/parvis-gru/parvis/tenants"
)

// Seed is what every new commune begins with: the [Starter], installed. Its version
// changes with any of its models.
func Seed() tenants.Seed {
	sum := sha256.New()
	for _, p := range Starter() {
		sum.Write([]byte(p.Slug + " " + p.Checksum() + "\n"))
	}
	return tenants.Seed{
		Fill:    func(ctx context.Context, tx *tenants.Tx) error { return Install(ctx, tx) },
		Version: hex.EncodeToString(sum.Sum(nil)),
	}
}
