package main

import (
	"context"
	"strings"
)

// cells adds a second cell to a production site, and finds the next commune in it.
func (s *site) cells() {
	s.t.Helper()
	const second = databaseName + "_2"
	if err := s.pg.CreateOwner(context.Background(), databaseName, "database-s3cret", second); err != nil {
		s.t.Fatal(err)
	}
	address := s.pg.RoleDSN(databaseName, "database-s3cret", second) + "\n"
	for _, wrong := range []struct{ input, name string }{{"", "cell-2"}, {"postgres://nobody@127.0.0.1:1/x\n", "cell-2"}, {address, "Cell 2"}, {address, "cell-1"}} {
		out, err := parvisWith(s.t, wrong.input, s.environment, "cell", "add", wrong.name)
		if err == nil || !strings.HasPrefix(out, "parvis: ") || strings.Count(out, "\n") != 1 || strings.Contains(out, "s3cret") {
			s.t.Errorf("cell add %s < %q: %v: %s", wrong.name, wrong.input, err, out)
		}
	}
	if out, err := parvisWith(s.t, address, s.environment, "cell", "add", "--spares", "2", "cell-2"); err != nil {
		s.t.Fatalf("cell add: %v: %s", err, out)
	}
	must(s.t, s.environment, "cell", "limit", "--spares", "2", "cell-1")
	must(s.t, s.environment, "tenant", "create", "--insee", "31446")
	list := must(s.t, s.environment, "cell", "list")
	for _, want := range []string{"cell-1  1 ", "cell-2  1 "} {
		if !strings.Contains(strings.Join(strings.Fields(list), " "), strings.Join(strings.Fields(want), " ")) {
			s.t.Errorf("the second commune is not in the second cell: %s", list)
		}
	}
	if out := must(s.t, s.environment, "cell", "drain", "cell-2"); !strings.Contains(out, "draining") {
		s.t.Errorf("drain: %s", out)
	}
	if out := must(s.t, s.environment, "migrate", "--status"); !strings.Contains(out, "2 communes in 2 cells, 0 of them behind") {
		s.t.Errorf("status: %s", out)
	}
}
