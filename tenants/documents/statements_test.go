package documents_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/pgtest"
)

func TestStatementsPrepare(t *testing.T) {
	t.Parallel()
	pgtest.PrepareAll(t)
}
