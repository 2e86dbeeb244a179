package web_test

import (
	"testing"

	"github.com/parvis-gru/parvis/api/web"
)

func TestLetterKeepsWordsAndLosesTheRest(t *testing.T) {
	t.Parallel()
	const mail = `<html><head><style>p{}</style></head><body><div class="head">Mairie</div><div class="card"><h1>Accusé</h1>
<p style="x" onclick="y">Bonjour <b>Léa</b> &lt;script&gt;</p><script>alert(1)</script><ul><li>Un</li></ul>
<p><a href="http://a.test/donnees-personnelles?x=1">Données</a> <a href="/suivi">Suivi</a> <a href="//evil.test/">Ailleurs</a> <a href="javascript:alert(1)">Code</a> <a href="mailto:m@a.test">Écrire</a></p><p><a class="button" href="http://a.test/suivi">Suivre</a></p><p>Le code y est demandé.</p></div></body></html>`
	got := string(web.Letter(mail, "a.test"))
	want := "\n<p>Bonjour Léa &lt;script&gt;</p><ul><li>Un</li></ul>\n" +
		`<p><a href="/donnees-personnelles?x=1">Données</a> <a href="/suivi">Suivi</a> Ailleurs Code <a href="mailto:m@a.test">Écrire</a></p>`
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
