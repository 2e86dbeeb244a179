package requests_test

import (
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/requests"
)

// R7 of law.md at its boundaries: a request received on 2026-12-01, the notice, its limit, and
// the day on which the last paper was sent; the last day that this gives.
func TestAnIncompleteFileAtItsBoundaries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s                       requests.Submission
		notice, limit, complete string
		late                    bool
		want                    string
	}{
		"F1, acceptance from the last paper":   {stall("2027-06-20"), "2026-12-08", "2026-12-23", "2026-12-18", false, "2027-02-18"},
		"acceptance, papers after the limit":   {stall("2027-06-20"), "2026-12-08", "2026-12-23", "2027-01-31", false, "2027-03-31"},
		"acceptance, notice on the very day":   {stall("2027-06-20"), "2026-12-01", "2026-12-15", "2026-12-01", false, "2027-02-01"},
		"acceptance, notice on the last day":   {stall("2027-06-20"), "2027-02-01", "2027-02-15", "2027-02-15", false, "2027-04-15"},
		"F2, notice on the day after":          {stall("2027-06-20"), "2027-02-02", "2027-02-15", "", true, ""},
		"F3, never completed":                  {stall("2027-06-20"), "2026-12-08", "2026-12-23", "", false, ""},
		"F4, rejection suspended for ten days": {letter(), "2026-12-08", "2026-12-23", "2026-12-18", false, "2027-02-11"},
		"F5, rejection, nothing came":          {letter(), "2026-12-08", "2026-12-23", "", false, "2027-02-16"},
		"rejection, papers on the limit":       {letter(), "2026-12-08", "2026-12-23", "2026-12-23", false, "2027-02-16"},
		"rejection, papers the day after":      {letter(), "2026-12-08", "2026-12-23", "2026-12-24", false, "2027-02-16"},
		"rejection, papers on the very day":    {letter(), "2026-12-08", "2026-12-23", "2026-12-08", false, "2027-02-01"},
		"rejection, notice on the last day":    {letter(), "2027-02-01", "2027-02-02", "", false, "2027-02-02"},
		"rejection, notice on the day after":   {letter(), "2027-02-02", "2027-02-15", "", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.on("2026-12-01")
			r := w.submit(c.s).Request
			w.on(c.notice)
			if err := w.notice(r.Number, c.limit, insurance, opinion); c.late != fault.Is(err, "silence_acquired") || !c.late && err != nil {
				t.Fatalf("the notice: %v", err)
			}
			if c.late {
				return
			}
			if c.complete != "" {
				w.on(c.complete)
				if err := w.upload(requests.GuestOf(r), r.Number, w.get(r.Number).DocumentRequests[0].Items[0].ID); err != nil {
					t.Fatal(err)
				}
			}
			d := w.get(r.Number)
			if got := d.SilenceLastDay.String(); got != c.want || d.Waiting != (c.complete == "") {
				t.Errorf("last day %q, waiting %v; want %q", got, d.Waiting, c.want)
			}
		})
	}
}

func TestAMixedNoticeSaysWhichPieceNoTimeDependsOn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(letter()).Request.Number
	if err := w.notice(number, "2026-12-23", insurance, opinion); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(w.get(number).DocumentRequests[0].Letter) {
		if marked := strings.Contains(line, "pas indispensable"); strings.HasPrefix(line, "- ") && marked != strings.HasPrefix(line, "- Avis") {
			t.Errorf("the letter lists %q", line)
		}
	}
}

// Nothing decides an incomplete request for acceptance (F3): after the limit its agents are told to.
func TestAfterTheLimitARefusalOrAClosureIsProposed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	number := w.submit(stall("2027-06-20")).Request.Number
	if err := w.ask(number, "2026-12-23"); err != nil {
		t.Fatal(err)
	}
	proposed := func() bool {
		return strings.Contains(strings.Join(w.get(number).Warnings, "\n"), "ne sont pas venues au 23 décembre 2026")
	}
	w.on("2026-12-23")
	w.watch()
	if proposed() || len(w.alerts(number)) != 0 {
		t.Errorf("on the last day: %v, %v", w.get(number).Warnings, w.alerts(number))
	}
	w.on("2026-12-24")
	w.watch()
	if !proposed() || len(w.alerts(number)) != 1 || w.alerts(number)[0] != "limit" {
		t.Errorf("the day after: %v, %v", w.get(number).Warnings, w.alerts(number))
	}
}
