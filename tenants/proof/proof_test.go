package proof_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parvis-gru/parvis/tenants"
	"github.com/parvis-gru/parvis/tenants/catalogue"
	"github.com/parvis-gru/parvis/tenants/forms"
	"github.com/parvis-gru/parvis/tenants/proof"
)

// with gives a sound procedure whose form has these questions, as JSON without what every
// question needs.
func with(t testing.TB, fields string, edits ...func(*catalogue.Procedure)) *catalogue.Procedure {
	t.Helper()
	m, ok := catalogue.Model("parrainage-civil")
	if !ok {
		t.Fatal("the model is gone")
	}
	p, err := m.Copy()
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte("["+fields+"]"), &list); err != nil {
		t.Fatalf("%v: %s", err, fields)
	}
	for _, f := range list {
		for key, value := range map[string]any{"label": "Question " + fmt.Sprint(f["id"]), "purpose": "Traiter la demande", "legal_basis": "CGCT, article L.2122-1"} {
			if f[key] == nil {
				f[key] = value
			}
		}
	}
	text, err := json.Marshal(map[string]any{
		"version": 1, "recipients": []string{"La mairie"}, "retention": "1 an",
		"steps": []any{map[string]any{"id": "etape", "title": "La demande", "sections": []any{map[string]any{"id": "rubrique", "fields": list}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Form, err = forms.Parse(text); err != nil {
		t.Fatal(err)
	}
	p.Bring, p.ToVerify, p.Event, p.Nature = nil, nil, nil, nil
	for o, l := range p.Letters {
		l.Body = slices.DeleteFunc(slices.Clone(l.Body), func(s string) bool { return strings.Contains(s, "reponse.") })
		p.Letters[o] = l
	}
	for _, edit := range edits {
		edit(p)
	}
	if p, err = p.Copy(); err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	who  = `{"id":"qui","kind":"choice","choices":[{"value":"a","label":"Une association"},{"value":"b","label":"Une personne"}]}`
	age  = `{"id":"age","kind":"number","min":0,"max":120}`
	born = `{"id":"ne","kind":"date","max_days":0}`
)

// What a form asks is judged by what people can answer.
func TestFormsAreProved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, fields string
		want         string // codes of findings; with ! what blocks
		paths        float64
	}{
		{"one path", age, "", 1},
		{"two paths", who + `,{"id":"nom","kind":"text","if":{"field":"qui","equals":"a"}}`, "", 2},
		{"both sides of a bound", age + `,{"id":"x","kind":"text","if":{"field":"age","lt":18}},{"id":"y","kind":"text","if":{"field":"age","ge":65}}`, "", 3},
		{"beyond the limits", age + `,{"id":"x","kind":"text","if":{"field":"age","gt":120}}`, "unreachable!", 1},
		{"against itself", who + `,{"id":"x","kind":"text","if":{"and":[{"field":"qui","equals":"a"},{"field":"qui","equals":"b"}]}}`, "unreachable!", 1},
		{"hidden by another", who + `,{"id":"x","kind":"text","if":{"field":"qui","equals":"a"}},{"id":"y","kind":"text","if":{"and":[{"field":"x","filled":true},{"field":"qui","equals":"b"}]}}`, "unreachable!", 2},
		{"always", age + `,{"id":"x","kind":"text","if":{"field":"age","ge":0}}`, "always", 1},
		{"a test that never holds", who + `,` + age + `,{"id":"x","kind":"text","if":{"or":[{"field":"qui","equals":"a"},{"field":"age","gt":120}]}}`, "never", 2},
		{"an age", born + `,{"id":"x","kind":"text","if":{"field":"ne","as":"age","lt":18}}`, "", 2},
		{"nobody is born tomorrow", born + `,{"id":"x","kind":"text","if":{"field":"ne","as":"days","gt":0}}`, "unreachable!", 1},
		{"days between two dates", `{"id":"du","kind":"date","min_days":1},{"id":"au","kind":"date","after":"du"},{"id":"x","kind":"text","if":{"field":"au","as":"days","at":"du","ge":30}}`, "", 2},
		{"never before", `{"id":"du","kind":"date"},{"id":"au","kind":"date","after":"du"},{"id":"x","kind":"text","if":{"field":"au","as":"days","at":"du","lt":0}}`, "unreachable!", 1},
		{"a stop that says where", `{"id":"qui","kind":"choice","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"}],"stop":{"if":{"field":"qui","equals":"b"},"message":"Voyez le site.","label":"Le site","url":"https://exemple.fr"}},` + age, "", 2},
		{"a stop without a way", `{"id":"qui","kind":"choice","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"}],"stop":{"if":{"field":"qui","equals":"b"},"message":"Non."}}`, "stop_no_way", 2},
		{"everybody stops", `{"id":"age","kind":"number","min":0,"stop":{"if":{"field":"age","ge":0},"message":"Non.","label":"x","url":"https://exemple.fr"}}`, "all_stop! all_stop!", 1},
		{"behind a stop", `{"id":"qui","kind":"choice","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"}],"stop":{"if":{"field":"qui","equals":"b"},"message":"Voyez ailleurs.","label":"Le site","url":"https://exemple.fr"}},{"id":"x","kind":"text","if":{"field":"qui","equals":"b"}}`, "unreachable!", 2},
		{"no date fits", who + `,{"id":"du","kind":"date","min_days":10,"if":{"field":"qui","equals":"a"}},{"id":"au","kind":"date","max_days":5,"after":"du"}`, "no_end!", 2},
		{"choices", `{"id":"z","kind":"choices","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"},{"value":"c","label":"C"}]},{"id":"x","kind":"text","if":{"field":"z","contains":"a"}},{"id":"y","kind":"text","if":{"field":"z","contains":"b"}}`, "", 4},
		{"nothing to choose", `{"id":"z","kind":"choice","choices":[{"value":"a","label":"A"}]}`, "one_choice", 1},
		{"an expression", `{"id":"z","kind":"text","pattern":"[A-Z]{2}-[0-9]{3}-[A-Z]{2}","help":"AA-123-BB"},{"id":"x","kind":"text","if":{"field":"z","equals":"AB-111-CD"}}`, "", 2},
		{"a computed value", `{"id":"n","kind":"number","min":0,"max":100},{"id":"prix","kind":"computed","compute":{"mul":[{"field":"n"},{"value":3}]}},{"id":"x","kind":"text","if":{"field":"prix","gt":100}}`, "", 2},
		{"a computed value that is never met", `{"id":"n","kind":"number","min":0,"max":10},{"id":"prix","kind":"computed","compute":{"mul":[{"field":"n"},{"value":3}]}},{"id":"x","kind":"text","if":{"field":"prix","gt":100}}`, "uncertain", 1},
		{"who applies", `{"id":"x","kind":"text","if":{"field":"@applicant","equals":"organisation"}}`, "", 2},
		{"a day that is over", `{"id":"x","kind":"text","if":{"field":"@today","lt":"2020-01-01"}}`, "unreachable!", 1},
		{"a day to come", `{"id":"x","kind":"text","if":{"field":"@today","ge":"2027-01-01"}}`, "", 2},
		{"optional answers", `{"id":"a","kind":"text","optional":true},{"id":"x","kind":"text","if":{"field":"a","filled":true}}`, "", 2},
		{"identity card", `{"id":"a","kind":"text","label":"Numéro de votre carte d’identité"}`, "forbidden!", 1},
		{"certified copy", `{"id":"a","kind":"file","label":"Copie certifiée conforme du diplôme"}`, "forbidden!", 1},
		{"proof of residence", `{"id":"a","kind":"file","label":"Justificatif de domicile"}`, "forbidden!", 1},
		{"proof of residence by a text", `{"id":"a","kind":"file","label":"Justificatif de domicile","legal_basis":"CRPA, article R.113-8"}`, "", 1},
		{"what the tax office knows", `{"id":"a","kind":"file","label":"Avis d’imposition"}`, "forbidden!", 1},
		{"health", `{"id":"a","kind":"text","label":"Maladie de l’enfant"}`, "forbidden!", 1},
		{"health with its text", `{"id":"a","kind":"text","label":"Maladie de l’enfant","sensitivity":"article9"}`, "", 1},
		{"markup", `{"id":"a","kind":"text","help":"<b>x</b>"}`, "html!", 1},
		{"shouting", `{"id":"a","kind":"text","label":"VOTRE ADRESSE POSTALE"}`, "shouting", 1},
		{"no purpose", `{"id":"a","kind":"text","purpose":""}`, "purpose!", 0},
		{"independent conditions", many(30), "", 1 << 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := proof.Prove(proof.Input{Procedure: with(t, c.fields), Today: today})
			var got []string
			for _, f := range r.Findings {
				code := f.Code
				if f.Blocks {
					code += "!"
				}
				if got = append(got, code); f.Place == "" || !strings.ContainsAny(f.Text[len(f.Text)-1:], ".»") {
					t.Errorf("%+v does not say where and what", f)
				}
			}
			if strings.Join(got, " ") != c.want || r.Total != c.paths {
				t.Errorf("%v and %v paths; want %q and %v", got, r.Total, c.want, c.paths)
				for _, f := range r.Findings {
					t.Logf("%+v", f)
				}
				for _, p := range r.Paths {
					t.Logf("%+v", p)
				}
			}
		})
	}
}

// many are choices, each with a question of its own.
func many(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`{"id":"c%d","kind":"choice","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"}]},{"id":"q%d","kind":"text","if":{"field":"c%d","equals":"a"}}`, i, i, i))
	}
	return strings.Join(out, ",")
}

// What the receipt lacks blocks a procedure that is open, and warns of one that is closed.
func TestMentionsAreLookedFor(t *testing.T) {
	t.Parallel()
	for _, open := range []bool{true, false} {
		r := proof.Prove(proof.Input{Procedure: with(t, age), Today: today, Settings: &tenants.Settings{}, Open: open})
		if n := len(r.Findings); n == 0 || r.Blocked() != open || r.Findings[0].Code != proof.CodeMention {
			t.Errorf("open %v: %+v", open, r.Findings)
		}
	}
}

// The proof of a form whose every question hangs on those before it stays within its bounds, and
// says that it is not sure.
func TestTheWorstFormIsBounded(t *testing.T) {
	t.Parallel()
	fields := []string{}
	var all []string
	for i := range 40 {
		fields = append(fields, fmt.Sprintf(`{"id":"c%d","kind":"choice","choices":[{"value":"a","label":"A"},{"value":"b","label":"B"}]}`, i))
		all = append(all, fmt.Sprintf(`{"field":"c%d","equals":"a"}`, i))
	}
	for i := range 40 {
		fields = append(fields, fmt.Sprintf(`{"id":"q%d","kind":"text","if":{"or":[{"and":[%s]},{"not":{"or":[%s]}}]}}`, i, strings.Join(all[:20], ","), strings.Join(all[20:], ",")))
	}
	began := time.Now()
	r := proof.Prove(proof.Input{Procedure: with(t, strings.Join(fields, ",")), Today: today})
	if r.Blocked() || r.Exact {
		t.Errorf("sure of what it cannot know: exact %v, %+v", r.Exact, r.Findings)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

// FuzzProve gives it whatever can be read as a form.
func FuzzProve(f *testing.F) {
	for _, m := range catalogue.Models()[:3] {
		text, err := json.Marshal(m.Form)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version":1,"steps":[{"id":"a","title":"A","sections":[{"id":"s","repeat":{"max":3,"item":"x"},"if":{"field":"@identity","ge":2},"fields":[{"id":"b","kind":"number","label":"B"},{"id":"c","kind":"text","label":"C","if":{"field":"b","gt":2}}]}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		form, err := forms.Parse(text)
		if err != nil {
			return
		}
		p := with(t, age)
		p.Form = form
		r := proof.Prove(proof.Input{Procedure: p, Today: today})
		if len(r.Paths) > proof.MaxPaths {
			t.Errorf("%d paths", len(r.Paths))
		}
	})
}
