package requests_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/fault"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/requests"
)

func (w *town) list(a tenants.Actor, f requests.Filter) requests.Page {
	w.t.Helper()
	var page requests.Page
	w.must(a, func(ctx context.Context, tx *tenants.Tx) (err error) {
		page, err = requests.List(ctx, tx, f)
		return err
	})
	return page
}

func numbers(p requests.Page) []string {
	out := make([]string, len(p.Items))
	for i, r := range p.Items {
		out[i] = r.Number
	}
	return out
}

func TestTheListGoesByDueDatePageByPage(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var all []requests.Row
	for i := range 23 {
		w.on(fmt.Sprintf("2026-11-%02d", 1+i%5))
		s := letter()
		if i%3 == 0 {
			s = certificate()
		}
		w.submit(s)
	}
	w.on("2026-11-06")
	for view, want := range map[requests.View]int{"": 23, requests.ViewOpen: 23, requests.ViewAll: 23, requests.ViewMine: 0, requests.ViewWaiting: 0, requests.ViewClosed: 0, requests.ViewLate: 0} {
		f := requests.Filter{View: view, Limit: 4}
		all = nil
		for {
			p := w.list(w.admin, f)
			all = append(all, p.Items...)
			if p.Total != want || p.More || len(p.Items) > 4 {
				t.Errorf("%s: total %d, more %v, %d items", view, p.Total, p.More, len(p.Items))
			}
			if p.Next == "" {
				break
			}
			f.Cursor = p.Next
		}
		seen := map[string]bool{}
		for _, r := range all {
			seen[r.Number] = true
		}
		sorted := slices.IsSortedFunc(all, func(a, b requests.Row) int {
			if view == requests.ViewAll {
				return strings.Compare(b.Number, a.Number)
			}
			return a.DueOn.Compare(b.DueOn)
		})
		if len(seen) != want || len(all) != want || !sorted {
			t.Errorf("%s: %d rows, %d of them different, sorted %v", view, len(all), len(seen), sorted)
		}
	}
}

func TestTheListIsFilteredAndSearched(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on("2026-12-01")
	first := w.submit(letter()).Request
	odd := letter()
	odd.Channel, odd.Applicant = requests.ChannelCounter, requests.Applicant{GivenName: "Éléonore", FamilyName: "d’Œuvre", OnBehalfOf: "Maître O’Neil"}
	second := w.submit(odd, w.front).Request
	third := w.submit(stall("2027-06-20")).Request
	if err := w.ask(third.Number, "2026-12-23"); err != nil {
		t.Fatal(err)
	}
	fourth := w.submit(letter()).Request
	if err := w.decide(fourth.Number, requests.DecisionInput{Outcome: catalogue.OutcomeAnswer, Reasons: "Oui."}); err != nil {
		t.Fatal(err)
	}
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := requests.Take(ctx, tx, first.Number, first.Version)
		return err
	})
	w.on("2026-12-24")
	for name, c := range map[string]struct {
		f    requests.Filter
		want []requests.Request
	}{
		"todo":               {requests.Filter{}, []requests.Request{first, second}},
		"waiting":            {requests.Filter{View: requests.ViewWaiting}, []requests.Request{third}},
		"waiting, by state":  {requests.Filter{State: requests.StateWaiting}, []requests.Request{third}},
		"late":               {requests.Filter{View: requests.ViewLate}, []requests.Request{third}},
		"closed":             {requests.Filter{View: requests.ViewClosed}, []requests.Request{fourth}},
		"closed, by state":   {requests.Filter{State: requests.StateAnswered}, []requests.Request{fourth}},
		"in review":          {requests.Filter{State: requests.StateReview}, []requests.Request{first}},
		"by service":         {requests.Filter{Service: second.ServiceID, State: requests.StateReceived}, []requests.Request{second}},
		"by agent":           {requests.Filter{Agent: w.instructor.ID}, []requests.Request{first}},
		"by procedure":       {requests.Filter{View: requests.ViewOpen, Procedure: "buvette-temporaire"}, []requests.Request{third}},
		"by channel":         {requests.Filter{Channel: requests.ChannelCounter}, []requests.Request{second}},
		"due before":         {requests.Filter{View: requests.ViewOpen, DueBefore: date(t, "2026-12-24")}, []requests.Request{third}},
		"number":             {requests.Filter{View: requests.ViewAll, Q: "n° 26-2"}, []requests.Request{second}},
		"name without marks": {requests.Filter{View: requests.ViewAll, Q: "eleonore oeuvre"}, []requests.Request{second}},
		"beginning of words": {requests.Filter{View: requests.ViewAll, Q: "ÉLÉO neil"}, []requests.Request{second}},
		"procedure":          {requests.Filter{View: requests.ViewAll, Q: "buvette"}, []requests.Request{third}},
		"nobody":             {requests.Filter{View: requests.ViewAll, Q: "zorglub"}, nil},
		"syntax":             {requests.Filter{View: requests.ViewAll, Q: "' | ! & :* \\ ("}, nil},
		"a number of nobody": {requests.Filter{View: requests.ViewAll, Q: "26-999999"}, nil},
	} {
		p := w.list(w.admin, c.f)
		var want []string
		for _, r := range c.want {
			want = append(want, r.Number)
		}
		got := numbers(p)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || p.Total != len(want) {
			t.Errorf("%s: %v (%d), want %v", name, got, p.Total, want)
		}
	}
	if p := w.list(w.instructor, requests.Filter{View: requests.ViewMine}); !slices.Equal(numbers(p), []string{first.Number}) {
		t.Errorf("mine: %v", numbers(p))
	}
	if r := w.list(w.admin, requests.Filter{Q: second.Number}).Items[0]; r.ApplicantName != "Éléonore d’Œuvre" || r.ServiceName == "" || r.Silence != "rejection" {
		t.Errorf("row %+v", r)
	}
	w.must(w.instructor, func(ctx context.Context, tx *tenants.Tx) error {
		counts, err := requests.ListCounts(ctx, tx)
		if want := (requests.Counts{Todo: 2, Mine: 1, Waiting: 1, Late: 1}); err == nil && (counts != want || counts.Open() != want.Todo+want.Waiting) {
			t.Errorf("counts %+v", counts)
		}
		return err
	})
}

func TestInstructorsSeeTheirServicesAlone(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	seen, hidden := w.submit(letter()).Request, w.submit(stall("2027-06-20")).Request
	if seen.ServiceID == hidden.ServiceID {
		t.Fatal("the two procedures have one service: the test says nothing")
	}
	limited := w.instructor
	limited.Services = []tenants.ID{seen.ServiceID}
	for _, view := range []requests.View{requests.ViewTodo, requests.ViewOpen, requests.ViewAll} {
		if got := numbers(w.list(limited, requests.Filter{View: view})); !slices.Equal(got, []string{seen.Number}) {
			t.Errorf("%s: %v", view, got)
		}
	}
	if got := w.list(limited, requests.Filter{Q: hidden.Number}); got.Total != 0 || len(got.Items) != 0 {
		t.Errorf("by its number: %v", numbers(got))
	}
	w.must(limited, func(ctx context.Context, tx *tenants.Tx) error {
		counts, err := requests.ListCounts(ctx, tx)
		if want := (requests.Counts{Todo: 1}); err == nil && (counts != want || counts.Open() != want.Todo+want.Waiting) {
			t.Errorf("counts %+v", counts)
		}
		return err
	})
}

func TestFiltersAndCursorsThatSayNothing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for range 3 {
		w.submit(letter())
	}
	next := w.list(w.admin, requests.Filter{Limit: 1}).Next
	for name, c := range map[string]struct {
		f    requests.Filter
		code string
	}{
		"view":                     {requests.Filter{View: "x"}, "filter_invalid"},
		"state":                    {requests.Filter{State: "x"}, "filter_invalid"},
		"service":                  {requests.Filter{Service: "'; drop table request"}, "filter_invalid"},
		"limit":                    {requests.Filter{Limit: 101}, "filter_invalid"},
		"negative limit":           {requests.Filter{Limit: -1}, "filter_invalid"},
		"cursor":                   {requests.Filter{Cursor: "x"}, "cursor_invalid"},
		"cursor of another view":   {requests.Filter{View: requests.ViewClosed, Cursor: next}, "cursor_invalid"},
		"cursor without end":       {requests.Filter{Cursor: strings.Repeat("a", 1000)}, "cursor_invalid"},
		"cursor with another date": {requests.Filter{Cursor: "eyJ2IjoidG9kbyIsImQiOiIyMDI2LTAyLTMxIiwiaSI6IjAxOTBhYmNkLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJ9"}, "cursor_invalid"},
	} {
		err := w.as(w.admin, func(ctx context.Context, tx *tenants.Tx) error { _, err := requests.List(ctx, tx, c.f); return err })
		if !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fill gives a commune many requests, as the bench does: half open, spread over
// services, states and due dates.
const fill = `insert into request (id, number, procedure_id, version_id, procedure_slug, title, kind, channel, state, service_id, agent_id, given_name, family_name, answers,
		tracking_hash, payload_hash, received_at, received_on, first_received_on, silence_effect, silence_months, silence_last_day, due_on, waiting, closed_on, closed_at, search)
	select gen_random_uuid(), '25-' || lpad(i::text, 6, '0'), p.id, p.version_id, p.slug, 'Titre ' || p.slug, 'request', 'web',
		(array['received', 'in_review', 'waiting_documents', 'accepted', 'refused', 'answered'])[1 + (i / 13) % 6], p.service_id, null, 'Prénom' || i % 500, 'Nom' || i % 7000, '{}',
		'\x00', '\x00', $1::timestamptz - i * interval '1 minute', $2::date - i % 300, $2::date - i % 300, 'rejection', 2, $2::date + 60 - i % 120, case when i % 11 = 0 then null else $2::date + 60 - i % 120 end, (i / 13) % 6 = 2,
		case when (i / 13) % 6 > 2 then $2::date - i % 200 end, case when (i / 13) % 6 > 2 then $1::timestamptz end, 'prenom' || i % 500 || ' nom' || i % 7000 || ' titre ' || p.slug
	from generate_series(1, $3::int) i join (select id, version_id, slug, service_id, row_number() over (order by slug) - 1 as n, count(*) over () as all_of_them from procedure) p on p.n = i % p.all_of_them`

func (w *town) fill(count int) {
	w.t.Helper()
	w.must(system, func(ctx context.Context, tx *tenants.Tx) error {
		_, err := tx.Exec(ctx, fill, tx.Now(), tx.Today(), count)
		return err
	})
	if _, err := w.Pool.Exec(w.t.Context(), `analyze `+w.Tenant.Schema+`.request`); err != nil {
		w.t.Fatal(err)
	}
}

func TestCountsStopAtTheCap(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.fill(4000)
	p := w.list(w.admin, requests.Filter{})
	if p.Total != requests.CountCap || !p.More || len(p.Items) != 20 || p.Next == "" {
		t.Errorf("total %d, more %v, %d items", p.Total, p.More, len(p.Items))
	}
	if p := w.list(w.admin, requests.Filter{State: requests.StateReview, Procedure: "terrasse"}); p.Total >= requests.CountCap || p.More {
		t.Errorf("total %d, more %v", p.Total, p.More)
	}
}

func TestASearchIsReadPageByPage(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.fill(1600)
	// One, some, more than are counted, and more than are put in order by us.
	for words, count := range map[string]string{
		"prenom7 nom1507": `select count(*) from request where search ~ '\mprenom7' and search ~ '\mnom1507'`,
		"prenom7":         `select count(*) from request where search ~ '\mprenom7'`,
		"nom1":            `select count(*) from request where search ~ '\mnom1'`,
		"titre":           `select count(*) from request`,
	} {
		var finds int
		w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
			finds, err = tenants.One[int](ctx, tx, count)
			return err
		})
		var all []tenants.ID
		for f := (requests.Filter{View: requests.ViewAll, Q: words, Limit: 30}); ; {
			p := w.list(w.admin, f)
			if p.Total != min(finds, requests.CountCap) || p.More != (finds > requests.CountCap) {
				t.Fatalf("%s: total %d, more %v", words, p.Total, p.More)
			}
			for _, r := range p.Items {
				all = append(all, r.ID)
			}
			if f.Cursor = p.Next; p.Next == "" {
				break
			}
			if len(p.Items) != f.Limit {
				t.Fatalf("%s: a page of %d goes on", words, len(p.Items))
			}
		}
		if len(all) != finds || finds == 0 || !slices.IsSortedFunc(all, func(a, b tenants.ID) int { return strings.Compare(string(b), string(a)) }) {
			t.Errorf("%s: %d finds, want %d, the latest first", words, len(all), finds)
		}
		if len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Errorf("%s: a find is shown twice", words)
		}
	}
}

func BenchmarkList(b *testing.B) {
	w := newTown(b)
	w.fill(100_000)
	var service tenants.ID
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		service, err = tenants.One[tenants.ID](ctx, tx, `select service_id from procedure where slug = 'terrasse'`)
		return err
	})
	limited := w.instructor
	limited.Services = []tenants.ID{service}
	several := limited
	w.must(w.admin, func(ctx context.Context, tx *tenants.Tx) (err error) {
		several.Services, err = tenants.All[tenants.ID](ctx, tx, `select id from service order by name limit 3`)
		return err
	})
	for name, c := range map[string]struct {
		a tenants.Actor
		f requests.Filter
	}{
		"todo": {w.admin, requests.Filter{}}, "service_and_state": {w.admin, requests.Filter{Service: service, State: requests.StateReview}},
		"instructor": {limited, requests.Filter{}}, "instructor_of_several": {several, requests.Filter{}}, "closed_service_state": {w.admin, requests.Filter{View: requests.ViewClosed, Service: service, State: requests.StateAccepted}},
		"name": {w.admin, requests.Filter{View: requests.ViewAll, Q: "prenom12 nom512"}}, "common_word": {w.admin, requests.Filter{View: requests.ViewAll, Q: "terrasse"}},
		"number": {w.admin, requests.Filter{View: requests.ViewAll, Q: "25-004242"}}, "waiting_procedure": {w.admin, requests.Filter{View: requests.ViewWaiting, Procedure: "terrasse"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w.must(c.a, func(ctx context.Context, tx *tenants.Tx) error {
					if _, err := requests.List(ctx, tx, c.f); err != nil {
						return err
					}
					_, err := requests.ListCounts(ctx, tx)
					return err
				})
			}
		})
	}
}

func BenchmarkSubmit(b *testing.B) {
	w := newTown(b)
	b.SetParallelism(8) // 16 clients on two processors
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s := letter()
			s.IdempotencyKey = string(tenants.NewID())
			s.Answers = forms.Answers{"nature": forms.Text("question"), "sujet": forms.Text("Bruit"), "message": forms.Text("Bonjour, à quelle heure ouvre la mairie ?")}
			if err := w.DB.Write(b.Context(), w.Tenant, tenants.Guest(), func(tx *tenants.Tx) error {
				_, err := requests.Submit(b.Context(), tx, s)
				return err
			}); err != nil {
				b.Error(err)
			}
		}
	})
}
