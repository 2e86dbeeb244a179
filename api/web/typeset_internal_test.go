package web

import "testing"

func TestTemplatesAreTypesetTheFrenchWay(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`<p>Besoin d’aide ? Appelez : <a href="/a ? b">ici</a></p>`: "<p>Besoin d’aide\u00a0? Appelez\u00a0: <a href=\"/a ? b\">ici</a></p>",
		`<p>Voyez « {{.A}} ».</p>`:                                  "<p>Voyez «\u00a0{{.A}}\u00a0».</p>",
		`<b>{{.A}}</b> : {{if eq .B " : "}}oui{{end}} ;`:            "<b>{{.A}}</b>\u00a0: {{if eq .B \" : \"}}oui{{end}}\u00a0;",
		`« Lu » ? (« Vu »), « Su »`:                                 "«\u00a0Lu\u00a0»\u00a0? («\u00a0Vu\u00a0»), «\u00a0Su\u00a0»",
		`<style>a : b ; c</style><script>a ? b : c</script>`:        `<style>a : b ; c</style><script>a ? b : c</script>`,
		"déjà\u00a0: bien, 14:30, a/b?c=d":                          "déjà\u00a0: bien, 14:30, a/b?c=d",
	} {
		if got := typeset(source); got != want {
			t.Errorf("%q\n got %q\nwant %q", source, got, want)
		}
		if again := typeset(typeset(source)); again != want {
			t.Errorf("%q twice: %q", source, again)
		}
	}
}
