package requests_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// table reads a CSV of testdata under its heading; # begins a comment.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comment = '#'
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

var everybody = map[string]requests.Who{
	"owner": requests.Owner, "front": requests.Front, "instructor": requests.Instructor, "admin": requests.Admin, "system": requests.System, "consulted": requests.Consulted, "stranger": 0,
}

var everyKind = []requests.Kind{requests.KindRequest, requests.KindDeclaration, requests.KindReport, requests.KindInformation}

// Every state, every action, every kind and everybody, against the table that a
// jurist can read.
func TestTheLifecycleIsTheTable(t *testing.T) {
	t.Parallel()
	type step struct{ from, action, kind string }
	type end struct{ to, who string }
	want := map[step]end{}
	for _, row := range table(t, "lifecycle.csv") {
		for _, kind := range strings.Fields(row["kinds"]) {
			s := step{row["from"], row["action"], kind}
			if _, twice := want[s]; twice {
				t.Errorf("%v stands twice", s)
			}
			want[s] = end{row["to"], row["who"]}
		}
	}
	seen := 0
	for _, from := range requests.States() {
		for _, action := range requests.Actions() {
			for _, kind := range everyKind {
				e, possible := want[step{string(from), string(action), string(kind)}]
				for name, who := range everybody {
					to, err := requests.Next(from, kind, action, who)
					switch {
					case !possible:
						if !fault.Is(err, "action_not_possible") || to != "" {
							t.Errorf("%s %s %s by %s: %q, %v", from, action, kind, name, to, err)
						}
					case !slices.Contains(strings.Fields(e.who), name):
						if !fault.Is(err, "not_allowed") || to != "" {
							t.Errorf("%s %s %s by %s was let through: %q, %v", from, action, kind, name, to, err)
						}
					default:
						seen++
						if err != nil || string(to) != e.to {
							t.Errorf("%s %s %s by %s: %q, %v, want %s", from, action, kind, name, to, err, e.to)
						}
					}
				}
			}
		}
	}
	if len(requests.Transitions()) != len(want) || seen == 0 {
		t.Errorf("%d transitions, the table has %d", len(requests.Transitions()), len(want))
	}
}

func TestEveryStateHasAFrenchName(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range requests.States() {
		if s.Label() == "" || names[s.Label()] {
			t.Errorf("%s is called %q", s, s.Label())
		}
		names[s.Label()] = true
	}
}
