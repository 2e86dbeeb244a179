package calendar_test

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/calendar"
	"github.com/parvis-gru/parvis/tenants/fault"
)

// row is one case of a table of testdata, by the French headings of its columns.
type row struct {
	t      testing.TB
	values map[string]string
}

// eachCase runs every line of a table as a test named by its first column.
func eachCase(t *testing.T, file string, check func(t *testing.T, r row)) {
	t.Helper()
	for _, values := range readCases(t, file) {
		t.Run(values[""], func(t *testing.T) {
			t.Parallel()
			check(t, row{t: t, values: values})
		})
	}
}

func readCases(t testing.TB, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := csv.NewReader(f)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) < 2 {
		t.Fatalf("%s holds no case", file)
	}
	cases := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		values := map[string]string{"": line[0]}
		for i, heading := range lines[0] {
			values[heading] = line[i]
		}
		cases = append(cases, values)
	}
	return cases
}

func (r row) text(column string) string {
	r.t.Helper()
	v, ok := r.values[column]
	if !ok {
		r.t.Fatalf("no column %s", column)
	}
	return v
}

func (r row) date(column string) calendar.Date {
	r.t.Helper()
	return mustDate(r.t, r.text(column))
}

func (r row) number(column string) int {
	r.t.Helper()
	s := r.text(column)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// territory reads the columns insee and, where there is one, temple.
func (r row) territory() calendar.Territory {
	r.t.Helper()
	t, err := calendar.TerritoryOf(r.text("insee"))
	if err != nil {
		r.t.Fatal(err)
	}
	return t.WithTemple(r.values["temple"] == "oui")
}

// wantFault checks an error against the column erreur: "code", "code field" or
// "code field field-code"; empty, there must be none. It says whether one was due.
func (r row) wantFault(err error) bool {
	r.t.Helper()
	want := strings.Fields(r.text("erreur"))
	if len(want) == 0 {
		if err != nil {
			r.t.Fatalf("error %v, want none", err)
		}
		return false
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != want[0] {
		r.t.Fatalf("error %v, want %s", err, want[0])
	}
	if len(want) > 1 && (len(f.Fields) != 1 || f.Fields[0].Path != want[1]) {
		r.t.Fatalf("fields %v, want %s", f.Fields, want[1])
	}
	if len(want) > 2 && f.Fields[0].Code != want[2] {
		r.t.Fatalf("field code %s, want %s", f.Fields[0].Code, want[2])
	}
	return true
}

func mustDate(t testing.TB, s string) calendar.Date {
	t.Helper()
	if s == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatalf("date %q: %v", s, err)
	}
	return d
}

func same(t testing.TB, what string, got, want calendar.Date) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
