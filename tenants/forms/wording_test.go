package forms_test

import (
	"testing"

	"github.com/parvis-gru/parvis/tenants/forms"
)

// TestLimitsAndMessagesSayTheSame reads, for each constraint, what the page tells before an answer and
// what it tells after a wrong one.
func TestLimitsAndMessagesSayTheSame(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field          string
		wrong          forms.Value
		limit, message string
	}{
		{`"kind":"number","min":3`, forms.Number(2), "À partir de 3", "Saisissez un nombre à partir de 3"},
		{`"kind":"number","max":1500,"unit":"€"`, forms.Number(1501), "Jusqu’à 1 500 €", "Saisissez un nombre jusqu’à 1 500 €"},
		{`"kind":"number","min":-2.5,"max":2,"decimals":1`, forms.Number(-3), "Entre −2,5 et 2", "Saisissez un nombre entre −2,5 et 2"},
		{`"kind":"number"`, forms.Number(1e16), "", "Saisissez un nombre jusqu’à 1 000 000 000 000 000"},
		{`"kind":"number"`, forms.Text("x"), "", "Saisissez un nombre en chiffres, par exemple 12"},
		{`"kind":"number","decimals":1`, forms.Text("x"), "", "Saisissez un nombre en chiffres, par exemple 12,5"},
		{`"kind":"number","max":3`, forms.Text("x"), "Jusqu’à 3", "Saisissez un nombre en chiffres, par exemple 3"},
		{`"kind":"date","min_days":1,"max_days":10`, forms.Text("2026-12-02"), "Entre le 22 novembre 2026 et le 1er décembre 2026", "Indiquez une date entre le 22 novembre 2026 et le 1er décembre 2026"},
		{`"kind":"date","min_days":0,"max_days":0`, forms.Text("2026-11-22"), "Égale au 21 novembre 2026", "Indiquez une date égale au 21 novembre 2026"},
		{`"kind":"text","min_length":3`, forms.Text("ab"), "3 caractères au moins", "Écrivez au moins 3 caractères"},
		{`"kind":"text","min_length":3,"max_length":10`, forms.Text("ab"), "De 3 à 10 caractères", "Écrivez au moins 3 caractères"},
		{`"kind":"longtext"`, forms.Value{}, "4 000 caractères au plus", "Renseignez « Question »"},
		{`"kind":"text","pattern":"[0-9]+"`, forms.Text("x"), "", "Vérifiez « Question » : la réponse n’a pas la forme attendue"},
		{`"kind":"text","min_length":3,"message":"Saisissez votre code"`, forms.Text("ab"), "3 caractères au moins", "Saisissez votre code"},
		{`"kind":"file","max_files":2`, forms.Text("x"), "2 documents au plus", "Répondez de nouveau à « Question »"},
	} {
		d := one(t, field(`"id":"a",`+c.field))
		a := forms.Answers{"a": c.wrong}
		errs := d.Validate(a, today, forms.Options{})
		if len(errs) != 1 || plain(errs[0].Message) != c.message {
			t.Errorf("%s: got %q, want %q", c.field, told(errs), c.message)
		}
		_, f := view(t, d, "e", forms.ViewInput{Answers: a, Errors: errs})
		if got := plain(f["a"].Limit); got != c.limit {
			t.Errorf("%s: got limit %q, want %q", c.field, got, c.limit)
		}
	}
}

func TestCheckKnowsWhatAnAnswerCanBe(t *testing.T) {
	t.Parallel()
	fields := field(`"id":"n","kind":"number","min":1,"max":9`) + "," + field(`"id":"d","kind":"date"`) + "," +
		field(`"id":"x","kind":"text"`) + "," + field(`"id":"b","kind":"declaration","declaration":"Je déclare"`) + "," +
		field(`"id":"l","kind":"choices","choices":[{"value":"u","label":"U"}]`) + ","
	for cond, want := range map[string]string{
		`{"field":"n","equals":3}`: "", `{"field":"n","equals":10}`: "unreachable", `{"field":"n","equals":1.5}`: "unreachable",
		`{"field":"n","equals":"3"}`: "unreachable", `{"field":"n","gt":3}`: "", `{"field":"n","lt":"3"}`: "unreachable",
		`{"field":"d","gt":"2026-12-31"}`: "", `{"field":"d","gt":"31/12/2026"}`: "unreachable", `{"field":"d","equals":"2026-02-30"}`: "unreachable",
		`{"field":"x","in":["a","b"]}`: "", `{"field":"x","equals":3}`: "unreachable", `{"field":"x","gt":3}`: "operator",
		`{"field":"b","equals":true}`: "", `{"field":"b","equals":false}`: "unreachable", `{"field":"b","in":[true]}`: "operator",
		`{"field":"l","contains":"u"}`: "", `{"field":"l","contains":"v"}`: "unreachable", `{"field":"l","equals":"u"}`: "operator",
		`{"field":"l","filled":true}`: "",
	} {
		problems := one(t, fields+field(`"id":"z","kind":"text","if":`+cond)).Check()
		switch {
		case want == "" && len(problems) > 0, want != "" && (len(problems) != 1 || problems[0].Code != want):
			t.Errorf("%s: got %v, want %q", cond, problems, want)
		}
	}
}
