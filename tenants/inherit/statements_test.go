package inherit_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestStatements(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}
